"""No address in a log line, an alarm, or the record of a consent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.redaction import line_without_addresses, without_addresses


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("550 <lasare@example.org> unknown", "550 <…> unknown"),
        ("pärm 7, från anna@example.org", "pärm 7, från …"),
        ("address='anna@example.org' is no mailbox", "… is no mailbox"),
        ('file "o\'brien@example.org" is gone', "file … is gone"),
        ("brev+anna=example.org@news.test bounced", "… bounced"),
        ("Anna Ek<anna@example.org>", "Anna Ek<…>"),
        ("two lines,\nof bo@example.org", "two lines,\nof …"),
        ("nothing to hide, at 10 o'clock @ noon", "nothing to hide, at 10 o'clock @ noon"),
    ],
)
def test_a_word_with_an_address_is_taken_out_and_the_words_around_it_stay(text: str, redacted: str) -> None:
    assert without_addresses(text) == redacted


def test_what_another_machine_said_becomes_one_line_that_no_terminal_obeys() -> None:
    assert line_without_addresses("no\nbody\x1b[31m <bo@example.org>") == "no body [31m <…>"


@given(st.text(max_size=60), st.from_regex(r"\A[a-z0-9+='\"]{1,9}@[a-z]{1,9}\.test\Z"))
def test_no_address_is_left_in_any_text(text: str, address: str) -> None:
    for redact in (without_addresses, line_without_addresses):
        assert address not in redact(f"{text} {address} {text}")
