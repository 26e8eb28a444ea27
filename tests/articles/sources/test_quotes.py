import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.article import Paragraph, Quote, Speaker
from articles.sources.names import mentions
from articles.sources.quotes import Memory, signed, spoken


def people(*texts: str) -> list[tuple[Speaker, ...]]:
    """The speakers of each paragraph in turn, none for one that is no quote."""
    memory = Memory()
    blocks = [spoken(text, memory) for text in texts]
    assert [block.text for block in blocks] == list(texts)
    return [block.speakers if isinstance(block, Quote) else () for block in blocks]


SIV = Speaker(name="Siv Almroth", role="regionrådet", party="C")


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("Det blir bra, säger regionrådet Siv Almroth (C).", [SIV]),
        ("– Det blir bra, säger Siv Almroth (C), regionråd. Vi börjar nu.", [("Siv Almroth", "regionråd", "C")]),
        ("”Det blir bra”, säger Siv Almroth.", [("Siv Almroth", "", "")]),
        ("— Blir det bra? undrar ingen, menar Bo von Askvik.", [("Bo von Askvik", "", "")]),
        ("Det blir bra, säger Siv Almroth (C) och fortsätter till nästa möte.", [("Siv Almroth", "", "C")]),
        ("Bra, säger Siv Almroth efter mötet med Bo Askvik.", [("Siv Almroth", "", "")]),
        ("Bra, säger ordföranden i Tranhult Bo Askvik (S).", [("Bo Askvik", "ordföranden i Tranhult", "S")]),
        ("Bra, säger Regiondirektör Maj Tallberg.", [("Maj Tallberg", "Regiondirektör", "")]),
        (
            "Bra, säger Siv Almroth (C), ordförande i hälso- och sjukvårdsnämnden, och Bo Askvik (KD), vice.",
            [("Siv Almroth", "ordförande i hälso- och sjukvårdsnämnden", "C"), ("Bo Askvik", "vice", "KD")],
        ),
        (
            "Bra, säger Siv Almroth (C), Bo Askvik (S) och Eva Grankulla (XYZ).",
            [("Siv Almroth", "", "C"), ("Bo Askvik", "", "S"), ("Eva Grankulla", "", "XYZ")],
        ),
    ],
)
def test_an_attribution_names_its_speakers(text: str, speakers: list[Speaker | tuple[str, str, str]]) -> None:
    expected = tuple(
        one if isinstance(one, Speaker) else Speaker(name=one[0], role=one[1], party=one[2]) for one in speakers
    )
    assert people(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "Läkaren Siv Almroth säger att det går bra.",
        "Enligt planen ”Hela länet” ska alla få plats.",
        "Det går bra, säger man på Region Lingonmark.",
        "Det går bra, säger de båda.",
        "Det går bra, säger hon.",
        "Bra, säger Siv Almroth och hennes kollega.",
        "Bra, säger Siv Almroth. Regionen har sedan dess köpt en buss.",
        "– Det går bra.",
    ],
)
def test_doubt_leaves_a_plain_paragraph(text: str) -> None:
    assert people(text) == [()]


def test_both_are_the_two_just_named() -> None:
    both = (Speaker(name="Maj Tallberg"), Speaker(name="Per Lövås"))
    assert people("Med var Maj Tallberg och Per Lövås.", "Vi är glada, säger de båda i ett uttalande.")[1] == both


def test_both_are_nobody_when_three_were_named_apart() -> None:
    named = "Med var Maj Tallberg (M), Per Lövås (S) samt, efter lunch, chefen Bo Askvik."
    assert people(named, "Vi är glada, säger de båda.")[1] == ()


def test_a_pronoun_means_the_one_quoted_before_until_somebody_else_is_named() -> None:
    quoted = "Bra, säger regionrådet Siv Almroth (C)."
    assert people(quoted, "– Vi börjar nu, säger hon.")[1] == (SIV,)
    assert people(quoted, "Det tycker också Eva Grankulla.", "– Vi börjar nu, säger hon.")[2] == ()


def test_role_and_party_come_from_what_the_text_said_before() -> None:
    assert people("Bra, säger regionrådet Siv Almroth (C).", "Mer sen, säger Siv Almroth.")[1] == (SIV,)
    assert people("Bra, säger regionrådet Siv Almroth (C).", "Mer sen, säger Almroth.")[1] == (SIV,)


def test_a_dash_after_an_announced_name_is_that_persons_quote() -> None:
    said = people("Siv Almroth (C), regionråd:", "– Det blir bra.")
    assert said[1] == (Speaker(name="Siv Almroth", role="regionråd", party="C"),)


@pytest.mark.parametrize("text", ["Region Lingonmark", "i Norra Lingonby", "Lex Maria", "Nu kommer Bussen", "VD SKR"])
def test_places_and_organisations_are_no_people(text: str) -> None:
    assert mentions(text) == ()


def test_a_signature_gives_name_role_and_party() -> None:
    assert signed("Siv Almroth, regionråd (C)") == (Speaker(name="Siv Almroth", role="regionråd", party="C"),)


@given(text=st.text(alphabet=" ,.–-”():ÅabcSivE\n", max_size=80) | st.text(max_size=60))
def test_no_text_breaks_the_reading_of_quotes_and_none_loses_a_letter(text: str) -> None:
    for whole in (text, f"{text}, säger {text}"):
        block = spoken(whole, Memory())
        assert block.text == whole
        assert isinstance(block, Paragraph) or block.speakers
