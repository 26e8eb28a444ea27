"""How a list is written: guessed from what it holds, overruled by who knows better."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.lists.csv_dialect import SEPARATORS, ListError, guess_encoding, guess_form


def form(text: str, separator: str | None = None, **wanted: str) -> tuple[str, bool, dict[str, int]]:
    found = guess_form(text.split("\n"), separator, wanted)
    return found.separator, found.header is not None, dict(found.columns)


@pytest.mark.parametrize(
    "name", ["E-post", "Epost", "e-postadress", "E-MAIL", "email", "Mail", "mejl", "Adress", "address"]
)
def test_swedish_and_english_names_of_the_address_are_known(name: str) -> None:
    assert form(f"Namn;{name}\nAnna;a@example.org")[2]["address"] == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("address,topics\na@example.org,vard", (",", True, {"topics": 1, "address": 0})),
        ("E-post;Ämnen\na@example.org;vard, kultur", (";", True, {"topics": 1, "address": 0})),
        ("a\u0308mnen\tepost\nvard\ta@example.org", ("\t", True, {"topics": 0, "address": 1})),
        ("Adress|Epost|Samtycke\nStorgatan 1|a@example.org|ja", ("|", True, {"consent": 2, "address": 1})),
        ("a@example.org\nb@example.org", (",", False, {"address": 0})),
        ("Anna;a@example.org\nBo;b@example.org", (";", False, {"address": 1})),
        ("Kontakt;Namn\na@example.org;Anna", (";", True, {"address": 0})),
        ("address\n", (",", True, {"address": 0})),
        ('address,consent\na@example.org,";\n;"\n', (",", True, {"consent": 1, "address": 0})),
        (
            "address;consent\na@example.org;ja, tack, gärna\nb@example.org;ja, tack, ja",
            (";", True, {"consent": 1, "address": 0}),
        ),
        ("\n\n;;\nE-post;Namn\na@example.org;Anna", (";", True, {"address": 0})),
        ("sep=;\nE-post;Namn\na@example.org;Anna, Bo", (";", True, {"address": 0})),
        ('"sep=,"\nE-post,Namn\na@example.org,"x;y"', (",", True, {"address": 0})),
        ("\ufeffsep=\t\nE-post\tNamn\na@example.org\tAnna", ("\t", True, {"address": 0})),
        ("\ufeffE-post;\ufeffÄmnen\na@example.org;vard", (";", True, {"topics": 1, "address": 0})),
        ("Våra prenumeranter;;\n;;\nNamn;E-post;Ort\nAnna;a@example.org;X", (";", True, {"address": 1})),
        ("Uttag 2026-01-09, av Bo\n\nNamn;E-post\nAnna;a@example.org", (";", True, {"address": 1})),
        ("Uttag av;admin@example.org;\nNamn;E-post;Ort\nAnna;a@example.org;X", (";", True, {"address": 1})),
        ("Lista\nKontakt;Namn\na@example.org;Anna", (";", True, {"address": 0})),
        ("Anna <a@example.org>\nBo <b@example.org>", (",", False, {"address": 0})),
        ("mailto:a@example.org;Anna\nb@example.org;Bo", (";", False, {"address": 0})),
        ("a@example.org\nmail\nb@example.org", (",", False, {"address": 0})),
    ],
)
def test_separator_header_and_columns_are_guessed(text: str, expected: object) -> None:
    assert form(text) == expected


def test_a_column_is_named_by_the_operator_by_its_name_or_its_number() -> None:
    text = "Kontakt;Reserv;Samtycke\na@example.org;b@example.org;ja"
    assert form(text, address="reserv", consent="")[2] == {"address": 1}
    assert form(text, address="1")[2]["address"] == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        (",,\n,", "empty"),
        ("namn;ort\nAnna;Tallmo", "no column `address`"),
        ("epost,email\n,", "more than one column `address`"),
        ("a@example.org,b@example.org", "more than one column `address`"),
        ("address,topics,ämnen\na@example.org,,", "two columns for topics"),
        ('address,"topics\na@example.org,', "the first line cannot be read"),
    ],
)
def test_a_list_that_cannot_be_understood_is_refused_without_its_addresses(text: str, why: str) -> None:
    with pytest.raises(ListError) as refused:
        form(text)
    assert why in str(refused.value)
    assert "@" not in str(refused.value)


@pytest.mark.parametrize(("wanted", "why"), [({"adress": "1"}, "unknown"), ({"address": "Postadress"}, "no such")])
def test_a_column_that_is_not_there_is_refused(wanted: dict[str, str], why: str) -> None:
    with pytest.raises(ListError, match=why):
        form("E-post\na@example.org", **wanted)


@pytest.mark.parametrize(
    ("encoding", "guessed"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "windows-1252"),
        ("latin-1", "windows-1252"),
    ],
)
@pytest.mark.parametrize("separator", SEPARATORS.values())
def test_the_encoding_is_guessed_whatever_the_separator(encoding: str, guessed: str, separator: str) -> None:
    data = f"e-post{separator}ämnen\na@example.org{separator}vård\n".encode(encoding)
    assert guess_encoding(data, is_utf8="utf-8" in encoding) == guessed


@given(st.lists(st.text(st.sampled_from('a@.,;\t|" \0å=1'), max_size=20) | st.none(), max_size=10))
def test_any_lines_give_a_form_or_a_reason(lines: list[str | None]) -> None:
    why = ""
    try:
        assert guess_form(lines, None, {}).columns["address"] >= 0
    except ListError as error:
        why = str(error)
    assert "@" not in why


def test_what_stands_before_a_header_is_no_line_of_the_list() -> None:
    found = guess_form(["sep=;", "Uttag 2026", "", "E-post;Namn", "a@example.org;Anna"], None, {})
    assert (found.skipped, found.titles, found.header) == (3, ("Uttag 2026",), ("E-post", "Namn"))
    assert guess_form(["a@example.org", "mail", "b@example.org"], None, {}).skipped == 0
