"""Addresses at the door: what passes can be mailed, and what does not is never repeated."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mail.address import Address, AddressError, parse_address
from mail.headers import HeaderError, fit_address
from tests.drawn import examples

ODD = "qzx"
TEXTS = st.text(st.sampled_from("qzxåß@.-_+'\"<>() \t\r\n\0=?,;:[]☃א\u200d％"), max_size=40)
LONG = "q" * 60 + "@" + ".".join(["z" * 60] * 4) + ".test"


@given(TEXTS | st.text(max_size=30) | st.emails())
@example("")
@example("a")
@example("@")
def test_what_passes_the_door_can_stand_in_a_head_and_in_a_command(text: str) -> None:
    try:
        address = parse_address(text)
    except AddressError:
        return
    assert fit_address("To", address.text) == address.text
    assert address.text.isascii()
    assert address.key == address.text.lower()
    assert parse_address(address.text) == address


@given(st.text(st.sampled_from("qzxåß☃א\u200d％-"), min_size=3, max_size=70), TEXTS)
@example("qzx☃", "")
@example("q" * 70, "")
def test_a_message_repeats_no_part_of_the_address(label: str, rest: str) -> None:
    for text in (f"{label}@{rest}", f"{rest}@{label}.test", f"{label}{rest}", f"{ODD}@{label}.{label}.test"):
        why = refusal(text)
        assert label.lower() not in why.lower()
        assert ODD not in why


ATOMS = st.text(st.sampled_from("aZ0!#$%&'*+-/=?^_`{|}~."), max_size=12) | st.sampled_from(
    ["Postmaster", "a" * 64, "a" * 65]
)
DOMAINS = (
    st.text(st.sampled_from("aZ0-.x_å"), max_size=14)
    | st.sampled_from(
        ["Example.ORG", "kommun.test.", "xn--rksmrgs-5wao1o.test", "XN--A.test", "localhost", "example.invalid"]
    )
    | st.integers(0, 70).map(lambda number: f"{'b' * number}.{'c' * 60}.{'d' * 60}.{'e' * 60}.test")
)


def thorough(text: str) -> str | None:
    """What email-validator and the head of a letter make of an address, without any way around them."""
    try:
        found = validate_email(text.strip(), check_deliverability=False, test_environment=True, strict=True)
        return fit_address("To", found.ascii_email) if found.ascii_email else None
    except (EmailNotValidError, HeaderError):
        return None


@given(st.builds("{}@{}".format, ATOMS, DOMAINS) | TEXTS | st.emails())
@settings(max_examples=examples(500))
def test_the_short_way_for_plain_addresses_accepts_and_makes_just_what_the_long_one_does(text: str) -> None:
    try:
        assert parse_address(text).text == thorough(text)
    except AddressError:
        assert thorough(text) is None


def refusal(text: str) -> str:
    """Why an address is refused, or nothing."""
    try:
        parse_address(text)
    except AddressError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("  lasare@example.org ", "lasare@example.org"),
        ("Lasare@EXAMPLE.org", "Lasare@example.org"),
        ("lasare@räksmörgås.test", "lasare@xn--rksmrgs-5wao1o.test"),
        ("lasare@xn--rksmrgs-5wao1o.test", "lasare@xn--rksmrgs-5wao1o.test"),
        ("lasare+nyheter@example.org", "lasare+nyheter@example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
    ],
)
def test_an_address_is_brought_into_the_form_that_mail_servers_know(typed: str, text: str) -> None:
    assert parse_address(typed) == Address(text)


def test_the_same_mailbox_has_the_same_key_however_it_was_typed() -> None:
    typed = ("Lasare@Räksmörgås.test", "lasare@RÄKSMÖRGÅS.test", "LASARE@xn--rksmrgs-5wao1o.TEST")
    assert {parse_address(each).key for each in typed} == {"lasare@xn--rksmrgs-5wao1o.test"}


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "must have an @-sign"),
        ("   ", "must have an @-sign"),
        ("a", "must have an @-sign"),
        ("läsare@example.org", "SMTPUTF8"),
        ("lasare@example.org\r\nBcc: annan@example.org", "invalid characters"),
        ("lasare\n@example.org", "invalid characters"),
        ('"en lasare"@example.org', "Quoting"),
        ("Läsare <lasare@example.org>", "display name"),
        ("lasare@[127.0.0.1]", "IP address"),
        ("lasare@example", "period"),
        ("l" * 65 + "@example.org", "too long before the @-sign"),
        (LONG, "too long"),
        ("=?utf-8?q?x?=@example.org", "stand in a letter's head"),
    ],
)
def test_an_address_that_cannot_be_mailed_is_refused_with_the_reason(typed: str, why: str) -> None:
    with pytest.raises(AddressError) as refused:
        parse_address(typed)
    assert why in str(refused.value)
    assert "…" not in str(refused.value)
    assert "example" not in str(refused.value)
