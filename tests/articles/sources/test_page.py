from collections.abc import Callable
from datetime import date

import pytest

from articles.article import BulletList, Contact, DateSource, Image, Paragraph, Quote, Related, Speaker
from articles.sources.reading import Parsed

Accepted = Callable[..., Parsed]
LEAD = "Bussarna går oftare från måndag. Det har regionstyrelsen beslutat."
BODY = "Turerna blir fler på kvällar och helger i hela länet, och priset är oförändrat."


def page(*blocks: str) -> str:
    return "\n\n".join(blocks)


def test_a_page_with_a_date_line_gives_title_date_and_lead(accepted: Accepted, joint_statement: str) -> None:
    draft = accepted(joint_statement).draft
    assert draft.title == "Region Lingonmark och Region Tranhult bygger gemensam ambulanshangar"
    assert draft.published is not None
    assert draft.published.value == date(2026, 3, 12)
    assert draft.published.source is DateSource.TEXT
    assert draft.published.raw == "12 mars 2026"
    assert draft.lead.startswith("Region Lingonmark och Region Tranhult ska dela")
    assert draft.language == "sv"


def test_quotes_without_marks_keep_their_speakers(accepted: Accepted, joint_statement: str) -> None:
    blocks = accepted(joint_statement).draft.sections[0].blocks
    quotes = [block for block in blocks if isinstance(block, Quote)]
    siv = Speaker(name="Siv Almroth", role="regionstyrelsens ordförande i Lingonmark", party="C")
    assert [quote.speakers for quote in quotes] == [
        (siv, Speaker(name="Bengt-Ove Kvist", role="regionstyrelsens ordförande i Tranhult", party="S")),
        (siv,),
        (Speaker(name="Maj Tallberg"), Speaker(name="Per Lövås")),
    ]


def test_a_paragraph_that_announces_a_quote_stands_right_before_it(accepted: Accepted, joint_statement: str) -> None:
    blocks = accepted(joint_statement).draft.sections[0].blocks
    announcing = next(block for block in blocks if isinstance(block, Paragraph) and block.text.endswith(":"))
    assert isinstance(blocks[blocks.index(announcing) + 1], Quote)


def test_a_name_printed_twice_is_one_contact_and_a_hidden_address_is_none(
    accepted: Accepted, joint_statement: str
) -> None:
    assert accepted(joint_statement).draft.contacts == (
        Contact(name="Siv Almroth", role="Regionstyrelsens ordförande", party="C", phones=("070-174 06 11",)),
        Contact(name="Per Lövås", role="Regiondirektör", phones=("0980-319 20", "070-174 06 12")),
    )


def test_related_news_keep_their_own_dates_and_a_cut_teaser_says_so(accepted: Accepted, joint_statement: str) -> None:
    first, second = accepted(joint_statement).draft.related
    assert first == Related(
        title="Ny färja till Yttre Tranö",
        day=date(2026, 7, 2),
        teaser="Färjan tar dubbelt så många bilar som den gamla och börjar gå i augusti.",
    )
    assert (second.day, second.truncated) == (date(2026, 6, 30), True)


def test_several_decisions_become_sections_with_anchors_and_topics_of_their_own(
    accepted: Accepted, decisions: str
) -> None:
    draft = accepted(decisions).draft
    assert [(section.heading, section.anchor, section.topics) for section in draft.sections] == [
        ("", "", ()),
        ("Biljettpriset på bussarna sänks", "biljettpriset-pa-bussarna-sanks", ("kollektivtrafik",)),
        ("Sju orter får ny laddplats", "sju-orter-far-ny-laddplats", ("kollektivtrafik",)),
        ("Här finns handlingarna", "har-finns-handlingarna", ()),
    ]
    assert draft.topics == ("vard", "kollektivtrafik")


def test_a_list_stands_behind_the_paragraph_that_announces_it(accepted: Accepted, decisions: str) -> None:
    announcing, listed = accepted(decisions).draft.sections[2].blocks
    assert isinstance(announcing, Paragraph)
    assert announcing.text.endswith(":")
    assert listed == BulletList(
        items=("Tranhult och Yttre Tranö", "Norra Lingonby", "Hult", "Almviken och byarna runt sjön.")
    )


def test_the_text_of_a_picture_above_the_headline_is_neither_title_nor_lead(accepted: Accepted, decisions: str) -> None:
    draft = accepted(decisions).draft
    assert draft.images == (Image(src=None, alt="Närbild på en grön dörr med Region Lingonmarks logotyp på."),)
    assert draft.title == "Ny plan för vården i glesbygden antagen"
    assert draft.lead.startswith("Regionfullmäktige antog idag")


def test_no_furniture_reaches_the_text(accepted: Accepted, decisions: str, joint_statement: str) -> None:
    text = accepted(decisions).draft.body_text + accepted(joint_statement).draft.body_text
    for furniture in ("Länk till", "Hittade du", "Nyheter och press", "Fler nyheter", "e-postadress", "Kontakt"):
        assert furniture not in text
    assert "Klicka här för att läsa handlingar" in text


def test_a_page_without_a_date_is_held_and_its_address_can_date_it(accepted: Accepted, decisions: str) -> None:
    undated = accepted(decisions)
    assert undated.draft.published is None
    assert undated.hold_reason == "no date: neither a date line nor the address has one; release it with one"
    dated = accepted(decisions, url="https://www.example.org/nyheter/2026-05-20-ny-plan.html")
    assert dated.hold_reason is None
    assert dated.draft.published is not None
    assert (dated.draft.published.value, dated.draft.published.source) == (date(2026, 5, 20), DateSource.URL)


def test_a_set_named_by_the_source_is_the_only_one_used(accepted: Accepted) -> None:
    text = page("21 januari 2026", "Bussarna går oftare", LEAD, BODY, "Lämna en synpunkt på sidan")
    assert "synpunkt" not in accepted(text, rules="optimizely").draft.body_text
    assert "synpunkt" in accepted(text, rules="sitevision").draft.body_text


@pytest.mark.parametrize("prompt", ["Hittade du informationen du sökte?", "Hjälpte informationen på sidan dig?"])
def test_a_closing_prompt_goes_in_old_and_new_words_cut_short_and_glued(accepted: Accepted, prompt: str) -> None:
    for ending in (f"\n\n{prompt}", f"\n\n{prompt[:-6]}", f" {prompt}", prompt):
        draft = accepted(page("21 januari 2026", "Bussarna går oftare", LEAD, BODY) + ending).draft
        assert draft.body_text == f"{LEAD}\n\n{BODY}"


def test_lines_below_the_foot_are_left_out_and_said(accepted: Accepted) -> None:
    foot = ("Hittade du informationen du sökte?", "Sidansvarig: Kansliet")
    outcome = accepted(page("21 januari 2026", "Bussarna går oftare", LEAD, BODY, *foot))
    assert outcome.draft.body_text == f"{LEAD}\n\n{BODY}"
    assert outcome.warnings == ("lines 11 to 11, below the page's foot, are left out",)


def test_running_text_below_a_prompt_is_kept(accepted: Accepted) -> None:
    text = page("21 januari 2026", "Bussarna går oftare", LEAD, "Hjälpte informationen dig?", BODY)
    assert accepted(text).draft.body_text == f"{LEAD}\n\n{BODY}"


@pytest.mark.parametrize("last", [BODY[:40], "Vi är överens om:", "Det har länge varit..."])
def test_a_text_that_breaks_off_is_held(accepted: Accepted, last: str) -> None:
    held = accepted(page("21 januari 2026", "Bussarna går oftare", LEAD, last)).hold_reason
    assert held is not None
    assert held.startswith("line 7: the text breaks off")


def test_a_title_that_ends_like_a_sentence_is_asked_about(accepted: Accepted) -> None:
    held = accepted(page("21 januari 2026", "Nu går bussarna oftare.", LEAD, BODY)).hold_reason
    assert held is not None
    assert "is 'Nu går bussarna oftare.' the headline?" in held


def test_a_picture_without_a_text_of_its_own_is_no_picture(accepted: Accepted) -> None:
    outcome = accepted(page("Bilden saknar en alternativtext.", "Bussarna går oftare", "21 januari 2026", LEAD, BODY))
    assert outcome.draft.images == ()
    assert outcome.warnings == ("line 1: a picture has no text alternative; write one on the page",)


def test_a_mark_of_an_update_is_text_but_not_the_lead(accepted: Accepted) -> None:
    draft = accepted(page("UPPDATERAT KLOCKAN 12:23", "21 januari 2026", "Bussarna går oftare", LEAD, BODY)).draft
    assert draft.lead == LEAD
    assert draft.sections[0].text == f"UPPDATERAT KLOCKAN 12:23\n\n{BODY}"


def test_words_after_dashes_are_quotes_and_no_list(accepted: Accepted) -> None:
    said = ("– Det blir bra, säger Eva Grankulla (L).", "- Vi är glada, menar Bo Askvik.")
    blocks = accepted(page("21 januari 2026", "Bussarna går oftare", LEAD, *said)).draft.sections[0].blocks
    assert [type(block) for block in blocks] == [Quote, Quote]


def test_a_run_of_dashes_without_speakers_is_a_list(accepted: Accepted) -> None:
    text = page(
        "21 januari 2026", "Bussarna går oftare", LEAD, "Tre linjer får fler turer:", "- ettan\n- tvåan\n- trean"
    )
    assert accepted(text).draft.sections[0].blocks[1] == BulletList(items=("ettan", "tvåan", "trean"))


def test_headings_that_look_the_same_get_different_anchors(accepted: Accepted) -> None:
    text = page("21 januari 2026", "Nytt", LEAD, "Årets mål", BODY, "Arets mal", BODY, "(Ÿ)", BODY)
    assert [section.anchor for section in accepted(text).draft.sections] == ["", "arets-mal", "arets-mal-2", "y"]


def test_lines_broken_by_hand_are_one_paragraph(accepted: Accepted) -> None:
    broken = "Turerna blir fler på kvällar och helger i hela\nlänet, och priset är oförändrat för alla som\nreser ofta."
    draft = accepted(page("21 januari 2026", "Bussarna går oftare", LEAD, broken)).draft
    assert draft.sections[0].blocks == (Paragraph(text=broken.replace("\n", " ")),)


def test_a_page_without_blank_lines_is_read_line_by_line(accepted: Accepted) -> None:
    draft = accepted(f"21 januari 2026\nBussarna går oftare\n{LEAD}\nFler turer\n{BODY}").draft
    assert (draft.title, draft.lead) == ("Bussarna går oftare", LEAD)
    assert draft.sections[1].heading == "Fler turer"


def test_text_after_the_contacts_is_text_again(accepted: Accepted) -> None:
    cards = ("Kontakt", "Eva Grankulla", "Enhetschef", "Telefon: 0980-319 21")
    draft = accepted(page("21 januari 2026", "Nytt", LEAD, *cards, "Fakta om linjen", BODY)).draft
    assert [contact.name for contact in draft.contacts] == ["Eva Grankulla"]
    assert (draft.sections[1].heading, draft.sections[1].text) == ("Fakta om linjen", BODY)


def test_a_contact_heading_over_prose_is_a_section(accepted: Accepted) -> None:
    draft = accepted(page("21 januari 2026", "Nytt", LEAD, "Mer information", BODY)).draft
    assert draft.contacts == ()
    assert draft.sections[1].heading == "Mer information"
