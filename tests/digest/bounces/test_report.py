"""Messages that come back: each is what its file's name says, and none of any bytes does harm."""

import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.bounces.mime import MOST_BYTES, read_message
from digest.bounces.report import Report, read_bounce
from digest.keys import Key
from digest.verp import Returned, ReturnPaths
from mail.failure.status_codes import BounceClass
from tests.keys import KEY

SAMPLES = sorted(((Path(__file__).parents[3] / "tests/digest") / "bounces").glob("*.eml"))
LETTER = Returned(edition=7, subscription=4711)  # type: ignore[arg-type]
SENDER = ReturnPaths(KEY, "studs@example.org").sender(ReturnPaths(KEY, "studs@example.org").tag(7, 4711))
FORGED = b"studs+7.4711-00000000000000@example.org"


def said(path: Path) -> BounceClass:
    return BounceClass(path.name.partition(".")[0])


def report(path: Path, recipient: str = "") -> Report:
    return read_bounce(KEY, path.read_bytes(), recipient)


def sample(name: str) -> bytes:
    return ((Path(__file__).parents[3] / "tests/digest") / "bounces" / f"{name}.eml").read_bytes()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_what_its_file_name_says(path: Path) -> None:
    assert report(path).kind is said(path)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_names_its_letter_and_no_address(path: Path) -> None:
    found = report(path)
    assert found.letter == LETTER
    assert "@" not in found.diagnostic


def test_there_are_at_least_sixty_samples_of_all_classes() -> None:
    assert len(SAMPLES) >= 60
    assert {said(path) for path in SAMPLES} == set(BounceClass)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_forged_sender_is_nobodys_letter(path: Path) -> None:
    raw = path.read_bytes().replace(SENDER.encode(), FORGED).replace(SENDER.partition("+")[2][:21].encode(), b"x")
    assert read_bounce(KEY, raw).letter is None


def test_another_installations_secret_knows_none_of_the_letters() -> None:
    assert {read_bounce(Key(b"x" * 32), path.read_bytes()).letter for path in SAMPLES} == {None}


def test_the_recipient_that_the_pipe_names_counts_before_the_head() -> None:
    other = ReturnPaths(KEY, "studs@example.org")
    recipient = other.sender(other.tag(8, 1))
    found = read_bounce(KEY, sample("hard.postfix.5.1.1"), recipient)
    assert found.letter == Returned(edition=8, subscription=1)  # type: ignore[arg-type]


def test_a_mailbox_of_another_name_still_knows_the_letter() -> None:
    raw = sample("hard.postfix.5.1.1").replace(b"Delivered-To: studs+", b"Delivered-To: catch-all+")
    assert read_bounce(KEY, raw.replace(b"@example.org\nReceived", b"@internal.test\nReceived")).letter == LETTER


def test_a_bounce_of_our_own_letter_is_not_read_as_the_letter_that_it_returns() -> None:
    """The letter itself speaks of policy, spam and 550 5.1.1: what is returned is no diagnosis."""
    assert (
        report((Path(__file__).parents[3] / "tests/digest") / "bounces" / "soft.qmail.tried-too-long.eml").status
        == "4.4.1"
    )
    assert (
        report((Path(__file__).parents[3] / "tests/digest") / "bounces" / "hard.postfix.crlf-full-letter.eml").kind
        is BounceClass.HARD
    )


def test_the_same_message_has_one_mark_by_whatever_way_it_comes() -> None:
    raw = sample("hard.postfix.5.1.1")
    by_imap = b"Received: from a.test\nX-Original-To: studs@example.org\n" + raw
    assert read_bounce(KEY, raw).mark == read_bounce(KEY, by_imap).mark
    nameless = b"".join(line for line in raw.splitlines(keepends=True) if not line.startswith(b"Message-ID"))
    assert read_bounce(KEY, nameless).mark == read_bounce(KEY, b"Received: from a.test\n" + nameless).mark


@given(st.binary(max_size=3000))
def test_no_bytes_raise_or_are_anybodys_letter(raw: bytes) -> None:
    assert read_bounce(KEY, raw).letter is None


_PIECES = st.sampled_from(
    [
        b"Content-Type: multipart/report; boundary=b\r\n",
        b"Content-Type: multipart/mixed; boundary*=utf-8''%E5\n",
        b"Content-Type: message/delivery-status\n",
        b"Content-Type: message/feedback-report\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Subject: =?utf-8?B?////?=\n",
        b"Subject: =?nowhere?q?=FF?=\n",
        b"Auto-Submitted: auto-replied\n",
        b"\n",
        b"\r\n\r\n",
        b"--b\n",
        b"--b--\n",
        b"Final-Recipient: rfc822; a@b.test\n",
        b"Action: failed\n",
        b"Status: 5.1.1\n",
        b"Diagnostic-Code: smtp; 550 5.7.1 x@y.test\n",
        b"Feedback-Type: abuse\n",
        b"\xff\xfe\x00",
        b"Hi. This is the qmail-send\n",
    ]
)


@given(st.lists(_PIECES | st.binary(max_size=20), max_size=40))
def test_no_mixture_of_what_reports_are_made_of_raises(pieces: list[bytes]) -> None:
    found = read_bounce(KEY, b"".join(pieces))
    assert isinstance(found.kind, BounceClass)
    assert "@" not in found.diagnostic


def test_no_sample_with_something_changed_raises() -> None:
    dice = random.Random(5)  # noqa: S311 - the same dice every time are wanted here
    for path in SAMPLES:
        raw = bytearray(path.read_bytes())
        for _ in range(20):
            at, size = dice.randrange(len(raw)), dice.choice([1, 1, 5, 80])
            changed = raw[:at] + dice.randbytes(dice.choice([0, 1, size])) + raw[at + size :]
            assert read_bounce(KEY, bytes(changed)).letter in {LETTER, None}


def nested(depth: int) -> bytes:
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level) for level in range(depth)
    )
    return b"From: a@b.test\n" + opened + b"Content-Type: message/delivery-status\n\nStatus: 5.1.1\n"


def test_a_message_a_thousand_parts_deep_is_read_as_far_as_is_good_for_us() -> None:
    assert read_bounce(KEY, nested(1000)).kind is BounceClass.UNKNOWN
    assert read_bounce(KEY, nested(3)).kind is BounceClass.HARD
    assert read_bounce(KEY, b"Content-Type: message/rfc822\n\n" * 1000).kind is BounceClass.UNKNOWN


def test_a_message_of_ten_thousand_parts_is_read_as_far_as_is_good_for_us() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 10_000
    assert len(list(read_message(raw).walk())) <= 50


@pytest.mark.parametrize(
    "raw",
    [
        b"-" * MOST_BYTES,
        b"Return-Path: <>\nFrom: mailer-daemon@a.test\nSubject: failure notice\n\n" + b"-" * MOST_BYTES,
        b"Return-Path: <>\nFrom: mailer-daemon@a.test\nSubject: failure notice\n\n" + b"5.1." * 250_000,
        b"To: " + b"a+b@c.test, " * 80_000,
        b"To: a+b@c.test\n" * 70_000,
        b"Subject: " + b"=?utf-8?q?" * 100_000,
        b"Content-Type: multipart/mixed; " + b'a="\\' * 200_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bb" * 250_000,
        b"A:\n " * 250_000,
        b"Content-Type: message/delivery-status\n\n" + b"Status: 5\n\n" * 90_000,
        b"Content-Type: message/delivery-status\n\nDiagnostic-Code: smtp;" + b" @" * 400_000,
    ],
    ids=lambda raw: repr(raw[:30]),
)
def test_a_megabyte_of_malice_takes_no_time(raw: bytes) -> None:
    started = time.process_time()
    read_bounce(KEY, raw)
    assert time.process_time() - started < 2
