"""A teaser is whole sentences of the lead or nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.letters.teaser import LIMIT, LONGEST, teaser

SENTENCES = st.sampled_from(
    [
        "Regionen öppnar en ny vårdcentral.",
        "Kostnaden är 9,3 procent lägre, bl.a. tack vare samarbete.",
        "Mötet börjar kl. 8 den 3 maj.",
        "Det gäller t.ex. Lingonby och Granvik m.fl. orter.",
        "Underskottet är 477 miljoner kronor (fjolåret 264 miljoner).",
        "Hur går det nu?",
        "Vi firar!",
        "Läs ”Plan 2030. Nära vård” redan i dag.",
        "Dr. A. Berg tog emot s.k. provsvar.",
    ],
)
LEADS = st.lists(SENTENCES, min_size=1, max_size=12)


@given(LEADS)
def test_it_is_a_row_of_the_leads_first_sentences(sentences: list[str]) -> None:
    shown = teaser(" ".join(sentences))
    assert shown in {" ".join(sentences[:count]) for count in range(1, len(sentences) + 1)}
    assert len(shown) <= LIMIT


@given(LEADS)
def test_it_shows_all_sentences_that_fit(sentences: list[str]) -> None:
    shown = len(teaser(" ".join(sentences)))
    rest = " ".join(sentences)[shown + 1 :]
    # Sentences that cannot be told apart stay together, hence the length of two.
    assert not rest or shown + 2 * max(len(sentence) for sentence in sentences) + 2 > LIMIT


@given(st.text(max_size=700))
def test_of_any_text_it_is_the_beginning_up_to_a_stop(lead: str) -> None:
    shown, text = teaser(lead), " ".join(lead.split())
    assert text.startswith(shown)
    assert len(shown) <= LONGEST
    assert not shown or re.search(r"[.!?][”\"’»)\]]*$", shown)


@given(LEADS)
def test_a_teaser_is_its_own_teaser(sentences: list[str]) -> None:
    shown = teaser(" ".join(sentences))
    assert teaser(shown) == shown


@pytest.mark.parametrize(
    "lead",
    [
        "",
        "Ingen punkt i slutet",
        "En vecka efte...",
        "Det inträffade. En vecka efte...",
        "Det inträffade. En vecka efter …",
        "De kommenterar överenskommelsen:",
        "Det gäller bl.a.",
        "Mötet börjar kl.",
        "Ett ord " + "och ett ord " * 40 + "till.",
    ],
)
def test_a_missing_or_truncated_lead_has_none(lead: str) -> None:
    assert teaser(lead) == ""


@pytest.mark.parametrize(
    ("lead", "shown"),
    [
        ("Beslutet togs i dag. Det gäller från", "Beslutet togs i dag."),
        ("Bussarna går oftare.\n\nMer i höst", "Bussarna går oftare."),
        ("Vi köper in bilar, cyklar m.m.", "Vi köper in bilar, cyklar m.m."),
        ("Mötet är kl. 8. Alla är välkomna till", "Mötet är kl. 8."),
        ("Det blev 2026. Nu går vi vidare med", "Det blev 2026."),
        ("1. Beslut om budget. 2. Beslut om", "1. Beslut om budget."),
    ],
)
def test_what_follows_the_last_whole_sentence_is_left_out(lead: str, shown: str) -> None:
    assert teaser(lead) == shown


def test_a_quotation_is_not_cut_off_from_its_speaker() -> None:
    quoted = "Vi är överens. Det är bra för länet, säger regionråd Anna Exempel. "
    assert teaser(quoted + "Mer kommer") == quoted.strip()
    assert teaser("Vi är överens. " + "Det är bra för länet. " * 25 + "Det säger Anna Exempel.") == ""


def test_a_long_first_sentence_is_shown_whole() -> None:
    sentence = "Regionen " + "och kommunerna " * 25 + "är överens."
    assert LIMIT < len(sentence) <= LONGEST
    assert teaser(sentence + " Mer kommer.") == sentence
