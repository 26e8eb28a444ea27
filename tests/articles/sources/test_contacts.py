import pytest

from articles.article import Contact
from articles.sources.contacts import cards, is_card
from articles.sources.pieces import Piece, pieces
from articles.sources.plain import lines


def block(text: str) -> tuple[Piece, ...]:
    return pieces(lines(text))


@pytest.mark.parametrize(
    ("text", "contacts"),
    [
        (
            "Siv Almroth (C)\n\nregionråd\n\nTelefon: 070-174 06 11",
            [("Siv Almroth", "regionråd", "C", "070-174 06 11")],
        ),
        ("Siv Almroth, regionråd (C)\nTel: 070-174 06 11", [("Siv Almroth", "regionråd", "C", "070-174 06 11")]),
        ("Siv Almroth, regionråd, 070-174 06 11", [("Siv Almroth", "regionråd", "", "070-174 06 11")]),
        ("Presstjänsten\n\nMobil: 070-174 06 11", [("Presstjänsten", "", "", "070-174 06 11")]),
        (
            "Siv Almroth\n\nVerksamhetschef Akuten\n\nTelefon: 08-465 004 10\n\nBo Askvik\n\nTelefon: 08-465 004 11",
            [("Siv Almroth", "Verksamhetschef Akuten", "", "08-465 004 10"), ("Bo Askvik", "", "", "08-465 004 11")],
        ),
        (
            "Siv Almroth\nenhetschef\nRegion Lingonmark\n031-390 06 10",
            [("Siv Almroth", "enhetschef, Region Lingonmark", "", "031-390 06 10")],
        ),
    ],
)
def test_cards_in_many_forms(text: str, contacts: list[tuple[str, str, str, str]]) -> None:
    expected = [Contact(name=name, role=role, party=party, phones=(phone,)) for name, role, party, phone in contacts]
    assert list(cards(block(text)).contacts) == expected


def test_several_phones_are_parted_at_commas_and_kept_as_written() -> None:
    found = cards(block("Siv Almroth\n\n  • Telefon: 0980-319 20, 070-174 06 12 eller 08-465 004 10")).contacts[0]
    assert found.phones == ("0980-319 20", "070-174 06 12", "08-465 004 10")


def test_an_address_that_is_written_out_is_kept() -> None:
    found = cards(block("Siv Almroth\n\n  • E-post: siv.almroth@example.org\n  • Telefon: 0980-319 20")).contacts[0]
    assert (found.email, found.phones) == ("siv.almroth@example.org", ("0980-319 20",))


def test_two_people_with_the_same_role_stay_two() -> None:
    text = "Siv Almroth\n\nregionråd\n\nTelefon: 0980-319 20\n\nBo Askvik\n\nregionråd\n\nTelefon: 0980-319 20"
    assert [one.name for one in cards(block(text)).contacts] == ["Siv Almroth", "Bo Askvik"]


def test_a_sentence_among_the_cards_is_left_for_the_text() -> None:
    sentence = "Vi svarar på frågor om beslutet hela dagen och helst före klockan fyra."
    found = cards(block(f"Siv Almroth\n\nTelefon: 0980-319 20\n\n{sentence}"))
    assert [piece.text for piece in found.left] == [sentence]


def test_prose_under_a_contact_heading_is_no_card() -> None:
    assert not is_card(block("Vi svarar på frågor om beslutet hela dagen och helst före klockan fyra."))
    assert not is_card(())


def test_what_stands_for_an_address_without_being_one_is_dropped() -> None:
    found = cards(block("Siv Almroth\n\n  • E-post: Det här är en e-posta"))
    assert (found.contacts[0].email, found.left) == (None, ())
