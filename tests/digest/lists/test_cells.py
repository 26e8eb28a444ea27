"""Cells as spreadsheets and mail programs write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.lists.cells import bare_address, without_networks
from digest.lists.membership import Membership, denies, said_by, smells
from mail.address import AddressError, parse_address
from tests.drawn import examples

WRITTEN = [
    "a@example.org",
    " a@example.org\t",
    "\u00a0a@example.org\u00a0",
    "\ufeffa@example.org",
    "a@exam\u200bple.org",
    "a@example.org\u200b",
    "a\u00ad@example.org",
    "\u202aa@example.org\u202c",
    "<a@example.org>",
    "Anna <a@example.org>",
    '"Andersson, Anna" <a@example.org>',
    "Anna Andersson <a@example.org>;",
    "'a@example.org' <a@example.org>",
    "a@example.org <a@example.org>",
    "a@example.org (Anna)",
    "(a@example.org)",
    "mailto:a@example.org",
    "MAILTO: a@example.org?subject=Hej",
    "Anna <mailto:a@example.org>",
    "SMTP:a@example.org",
    "a@example.org.",
    "a@example.org;",
    "a@example.org,",
    "a@example.org ; ",
    '"a@example.org"',
    "'a@example.org'",
    "“a@example.org”",
    "”a@example.org”",
    "»a@example.org«",
    "`a@example.org`",
    "[a@example.org]",
]


@pytest.mark.parametrize("cell", WRITTEN)
def test_an_address_is_read_as_it_is_meant(cell: str) -> None:
    assert bare_address(cell) == "a@example.org"


DOUBTFUL = [
    "a@example.org; b@example.org",
    "a@example.org, b@example.org",
    "a@example.org b@example.org",
    "Anna <a@example.org>, Bo <b@example.org>",
    "Anna <a@example.org> <b@example.org>",
    "b@example.org <a@example.org>",
    "Anna (b@example.org) <a@example.org>",
    '=HYPERLINK("mailto:a@example.org")',
    "Anna <a@example.org",
    "@example.org",
    "",
    "<>",
    "Anna",
]


@pytest.mark.parametrize("cell", DOUBTFUL)
def test_a_cell_that_may_mean_two_addresses_or_none_gives_none(cell: str) -> None:
    with pytest.raises(AddressError):
        parse_address(bare_address(cell))


@given(st.text(st.sampled_from("ab@.<>()'\"; :\u200b\u00a0,mailto"), max_size=30))
@settings(max_examples=examples(50))
def test_what_is_bare_stays_as_it_is_and_holds_nothing_new(cell: str) -> None:
    bare = bare_address(cell)
    assert bare_address(bare) == bare
    assert bare in cell.replace("\u200b", "")


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("2023-01-02 10:00:00", "2023-01-02 10:00:00"),
        ("2023-01-02T10:00:00+01:00", "2023-01-02T10:00:00+01:00"),
        ("kl. 10:00, version 1.2.3", "kl. 10:00, version 1.2.3"),
        ("192.0.2.1", "…"),
        ("från 192.0.2.1.", "från …."),
        ("192.0.2.1:443, 198.51.100.7", "…, …"),
        ("2001:db8::17", "…"),
        ("::1 och fe80::1%eth0", "… och …"),
        ("2001:DB8:0:0:0:0:0:17/64", "…"),
        ("::ffff:192.0.2.1", "…"),
    ],
)
def test_network_addresses_are_left_out_and_times_are_not(text: str, without: str) -> None:
    assert without_networks(text) == without


@pytest.mark.parametrize(
    "cell",
    ["", " ", "0", "0.0", "00", "false", "FALSE", "Nej", "no", "N", "-", "–", "n/a", "NULL", "None", "off", "aldrig",
     "0000-00-00", "0000-00-00 00:00:00", "0001-01-01", "0001-01-01T00:00:00Z",
     "1970-01-01 00:00:00", "\\N", "nein", "non", "ei", "✗", "☐"],
)  # fmt: skip
def test_a_denial_says_that_it_is_not_so(cell: str) -> None:
    assert denies(cell)


@pytest.mark.parametrize("cell", ["1", "ja", "x", "2024-01-01", "true", "on [B]", "Too many", "10", "✓"])
def test_whatever_is_no_denial_says_that_it_is_so(cell: str) -> None:
    assert not denies(cell)


@pytest.mark.parametrize(
    "word",
    ["Förnamn", "Kommun", "Household", "Extended name", "Telefon", "Christopher", "Ort", "Organisation", "Titel",
     "Created at", "Language", "Company", "Kundnummer", "E-post", "Ämnen", "Since", "Notes", "Lista", "Adress"],
)  # fmt: skip
def test_common_names_of_columns_smell_of_nothing(word: str) -> None:
    assert smells(word) is None


@given(st.text(max_size=20))
@settings(max_examples=examples(50))
def test_an_unknown_word_is_never_a_yes(word: str) -> None:
    assert said_by(f"qz{word}") is not Membership.SUBSCRIBED
