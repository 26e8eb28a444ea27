"""Small in bytes, large when walked: what strangers, relays and other systems' lists hold is read in proportion."""

import io
from collections.abc import Callable
from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest import importing
from digest.bounce import read_bounce
from digest.letter_teaser import teaser
from digest.list_form import ListError, guess_form
from digest.list_records import LONGEST_LINE, lines_of, records
from digest.mime import MOST_BYTES
from digest.sending.relay_log import read_log
from mail import reply
from mail.refusal_words import blame_of, normalised
from mail.status_codes import codes_in
from tests.counting import grows_in_proportion
from tests.digest.relay import KEY

DAEMON = b"From: mailer-daemon@example.org\nReturn-Path: <>\nSubject: Undelivered\n"
MIXED = DAEMON + b"Content-Type: multipart/mixed; boundary=a\n\n"
REPORT = DAEMON + b"Content-Type: multipart/report; boundary=a\n\n--a\nContent-Type: message/"
GROWING: dict[str, tuple[bytes, bytes]] = {
    "boundaries": (MIXED, b"--a\n"),
    "almost boundaries": (MIXED, b"--a"),
    "boundaries that begin alike": (MIXED, b"--ab\n"),
    "parts in parts": (b"", b"Content-Type: multipart/mixed; boundary=a\n\n--a\n"),
    "letters in letters": (b"", b"Content-Type: message/rfc822\n\n"),
    "fields": (b"", b"Received: from a\n"),
    "folded fields": (b"Subject: a\n", b" a\n"),
    "encoded words": (b"Subject: ", b"=?utf-8?q?a?= "),
    "parameters": (b"Content-Type: multipart/mixed; ", b"a*0=b; "),
    "recipients": (REPORT + b"delivery-status\n\n", b"Action: failed\n\n"),
    "codes": (REPORT + b"delivery-status\n\na: b\n\nAction: failed\nDiagnostic-Code: smtp; 5.1.1", b".1"),
    "codes in words": (DAEMON + b"\n", b"5.1.1 "),
    "complaints": (REPORT + b"feedback-report\n\n", b"Feedback-Type: abuse\n"),
    "tags": (b"To: a\n\n", b"1.1-aaaaaaaaaaaaaaaa "),
    "blanks": (DAEMON + b"\n", b" "),
    "line ends": (DAEMON + b"\n", b"\r"),
}  # fmt: skip


@pytest.mark.parametrize("kind", GROWING)
def test_a_message_of_any_form_is_read_in_proportion_and_the_longest_in_seconds(kind: str) -> None:
    before, repeated = GROWING[kind]
    grows_in_proportion(lambda size: read_bounce(KEY, before + repeated * size), 300)
    in_seconds(lambda: read_bounce(KEY, before + repeated * (MOST_BYTES // len(repeated))))


def test_blank_lines_before_a_returned_letter_are_looked_through_once() -> None:
    start = process_time()
    read_bounce(KEY, DAEMON + b"\nHi. This is the program." + b"\n" * 20_000)
    assert process_time() - start < 1  # it took seven seconds when each line began a search through all others


def in_seconds(act: Callable[[], object]) -> None:
    start = process_time()
    act()
    assert process_time() - start < 20  # and needs less than one


PIECES = [b"--a\n", b"--a--\n", b"\n", b"Content-Type: ", b"multipart/mixed; boundary=a\n", b"a: b\n", b" "]


@settings(max_examples=20)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6))
def test_whatever_is_repeated_in_a_message_is_read_in_proportion(pieces: list[bytes]) -> None:
    grows_in_proportion(lambda size: read_bounce(KEY, MIXED + b"".join(pieces) * size), 60)


LINES = {
    "dots behind an @": "a@" + "." * 60_000 + " @",
    "wrapped over and over": "(" * 29_000 + "a@example.org" + ")" * 29_000,
    "an open quote": '"' * 60_001,
    "open quotes": '"a,' * 20_000,
    "separators": "," * 60_000,
    "accents on one letter": "a" + "\u0315\u0301" * 30_000,
    "one word": "a" * 60_000,
}


@pytest.mark.parametrize("kind", LINES)
def test_a_line_of_a_list_is_read_in_seconds_whatever_it_holds(kind: str) -> None:
    line = LINES[kind]
    assert len(line) < LONGEST_LINE

    def read() -> None:
        with suppress(ListError):
            guess_form([line] * 20, None, {})
        assert sum(record.lines for record in records(lines_of(io.StringIO(f"{line}\n" * 20)), ",")) == 20
        importing.without_addresses(line)

    in_seconds(read)


@pytest.mark.parametrize("line", ['"a', "a,b", '"a"', ",", '"a\n', "a@example.org"])
def test_twice_the_lines_of_a_list_take_at_most_about_twice_the_steps(line: str) -> None:
    grows_in_proportion(lambda size: list(records([line] * size, ",")), 300)


TEXTS = {
    "one word": "a" * 190_000,
    "words with stops": "a." * 95_000,
    "sentences": "Det är så. " * 17_000,
    "attributions": "Så är det, säger hon. " * 9_000,
    "codes": "5.1.1" + ".1" * 90_000,
    "process numbers": "a[1[1" * 30_000,
    "log fields": ": from= size=1 " * 12_000,
}


@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_of_any_form_is_looked_through_in_seconds(kind: str) -> None:
    text = TEXTS[kind]

    def read() -> None:
        teaser(text)
        codes_in(text)
        blame_of(text)
        normalised(text)
        reply.without_addresses(text + " a@example.org")
        importing.without_addresses(text)
        read_log([text], ["<brev.0123456789abcdef0123456789abcdef@example.org>"])

    in_seconds(read)


@given(st.text(alphabet="a@. <\n", max_size=12))
def test_no_address_is_left_in_a_text_by_either_rule(text: str) -> None:
    for without in (importing.without_addresses, reply.without_addresses):
        left = without(text)
        assert not any(before and after for word in left.replace("<", " ").split() for before, _, after in cut_at(word))


def cut_at(word: str) -> list[tuple[str, str, str]]:
    return [(word[:place], "@", word[place + 1 :]) for place, sign in enumerate(word) if sign == "@"]
