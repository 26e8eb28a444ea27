"""Header text is harmless whatever it was, and a finished head is exactly the intended one."""

import re
import unicodedata
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.graphemes import joins
from mail.headers import (
    HeaderError,
    checked_head,
    encoded_phrase,
    encoded_text,
    field,
    fit_address,
    header_text,
    shortened,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)


def read_back(name: str, value: str) -> str:
    return str(message_from_bytes(field(name, value) + b"\r\n", policy=policy.default)[name])


@given(ANY_TEXT)
def test_header_text_is_one_line_without_controls_or_encoded_words(text: str) -> None:
    clean = header_text(text)
    assert clean == header_text(clean)
    loose = {unicodedata.category(char) for at, char in enumerate(clean) if not joins(clean, at)}
    assert not loose & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert "=?" not in clean
    assert clean == " ".join(clean.split())


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Hej\r\nBcc: inj@x.test", "Hej Bcc: inj@x.test"),
        ("=?utf-8?q?Hej=0d=0aBcc=3a_inj=40x.test?=", "= ?utf-8?q?Hej=0d=0aBcc=3a_inj=40x.test?="),
        ("=\u200b?utf-8?q?x?=", "= ?utf-8?q?x?="),
        ("Va\u030ard", "Vård"),
        ("\u202eBaklänges\u2028och\x00 sönder\x07", "Baklänges och sönder"),
        ("\ud800ensam", "ensam"),
        ("Sjukvård 🚑 i länet", "Sjukvård 🚑 i länet"),
        ("Brandkåren 👩\u200d🚒 söker", "Brandkåren 👩\u200d🚒 söker"),
        ("dolt\u200dord \u200d🚑", "doltord 🚑"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_header_text_keeps_the_words_and_drops_what_could_be_more_than_words(text: str, clean: str) -> None:
    assert header_text(text) == clean


@given(ANY_TEXT)
def test_a_subject_reads_back_as_its_own_words(text: str) -> None:
    value = encoded_text("Subject", text)
    assert max(len(line) for line in f"Subject: {value}".split("\r\n")) <= 998
    assert read_back("Subject", value) == header_text(text)


@given(ANY_TEXT.filter(lambda text: bool(header_text(text))))
def test_a_display_name_stays_one_name_before_one_address(text: str) -> None:
    value = f"{encoded_phrase('From', text)} <nyheter@example.org>"
    header = message_from_bytes(field("From", value) + b"\r\n", policy=policy.default)["From"]
    assert [address.addr_spec for address in header.addresses] == ["nyheter@example.org"]
    # CPython's own parser of names puts a blank between two encoded words (RFC 2047 6.2: there is none).
    name, _, _ = str(make_header(decode_header(value))).rpartition(" <")
    unquoted = re.sub(r"\\(.)", r"\1", name[1:-1]) if value.startswith('"') else name
    assert unquoted == shortened(header_text(text), 120)


@given(st.text(st.sampled_from("abc åäö,–"), max_size=60).map(header_text), st.integers(5, 40))
def test_a_shortened_text_fits_and_ends_after_a_word(text: str, limit: int) -> None:
    short = shortened(text, limit)
    assert len(short) <= limit
    if short != text:
        assert short.endswith("…")
        assert text.startswith(short[:-1])
        assert not header_text(text[:limit]).count(" ") or text[len(short) - 1] in " ,–"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "anna@",
        "@example.org",
        "anna@example.org\r\nBcc: x@y.test",
        "anna@example.org\n",
        "anna berg@example.org",
        "<anna@example.org>",
        "anna@example.org>",
        "ånna@example.org",
        "anna@räksmörgås.test",
        "a@b@example.org",
        '"a b"@example.org',
        ".anna@example.org",
        "anna..berg@example.org",
        "anna@example..org",
        "anna@-example.org",
        "=?utf-8?q?x?=@example.org",
        "a" * 250 + "@example.org",
    ],
)
def test_an_address_that_could_be_more_than_an_address_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(HeaderError) as raised:
        fit_address("To", address)
    assert raised.value.header == "To"
    assert not address or address not in str(raised.value)


def test_an_ordinary_address_is_left_as_it_is() -> None:
    assert fit_address("To", "Anna.O'Berg+nyheter@post.example.org") == "Anna.O'Berg+nyheter@post.example.org"


@pytest.mark.parametrize("value", ["a\r\nBcc: x", "a\nb", "a\rb", "å", "a\r\n", "a\r\n\r\nb"])
def test_a_value_that_leaves_its_line_makes_no_field(value: str) -> None:
    with pytest.raises(HeaderError, match="Subject"):
        field("Subject", value)


@pytest.mark.parametrize(
    ("head", "wrong"),
    [
        (b"Subject: a\r\nBcc: b\r\nDate: c\r\n", "bcc"),
        (b"Subject: a\r\n", "date"),
        (b"Subject: a\r\nSubject: b\r\nDate: c\r\n", "subject"),
        (b"Subject: a\r\n\r\nDate: c\r\n", "date"),
        (b"Subject: a\r\nDate: c\r\nno header\r\n", "Subject"),
    ],
)
def test_a_head_with_other_than_the_intended_headers_is_refused_by_name(head: bytes, wrong: str) -> None:
    with pytest.raises(HeaderError) as raised:
        checked_head(head, ("Subject", "Date"))
    assert raised.value.header == wrong


def test_a_head_with_the_intended_headers_is_passed_on() -> None:
    head = b"Subject: a\r\n b\r\nDate: c\r\n"
    assert checked_head(head, ("Date", "Subject")) == head
