"""At whom a refusal points, by its words."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.failure.patterns import Pattern
from mail.failure.refusal_words import Blame, blame_of, normalised
from mail.reply import Phase, Reply, Verdict, verdict
from tests.mail.failure.refusal_texts import MAILBOX, OURS, UNSAID


def refused_at(phase: Phase, answer: str) -> Verdict:
    code, _, text = answer.partition(answer[3])
    return verdict(Reply(phase=phase, code=int(code), text=text))


@pytest.mark.parametrize("answer", OURS)
def test_words_about_our_right_to_send_never_blame_the_address(answer: str) -> None:
    assert blame_of(answer) is Blame.OURS
    for phase in (Phase.RCPT, Phase.DATA, Phase.DOT):
        assert refused_at(phase, answer) in {Verdict.BLAMED, Verdict.PAUSE}


@pytest.mark.parametrize("answer", MAILBOX)
def test_words_about_the_mailbox_fail_that_letter_alone(answer: str) -> None:
    assert blame_of(answer) is Blame.MAILBOX
    if answer.startswith("5"):
        assert refused_at(Phase.RCPT, answer) is Verdict.FAILED


@pytest.mark.parametrize("answer", UNSAID)
def test_words_that_say_neither_are_left_to_the_evidence(answer: str) -> None:
    assert blame_of(answer) is Blame.UNSAID


@pytest.mark.parametrize("answer", [*OURS, *MAILBOX, *UNSAID])
def test_upper_case_line_breaks_and_what_surrounds_it_change_nothing(answer: str) -> None:
    assert blame_of(answer.upper()) is blame_of(answer)
    assert blame_of(f"rcpt: {answer}".replace(" ", "\n ")) is blame_of(answer)


def test_a_full_mailbox_after_the_final_dot_fails_that_letter_alone_as_lmtp_says_it() -> None:
    said = "5.2.2 <lasare@a.test> Quota exceeded (mailbox for user is full)"
    assert verdict(Reply(phase=Phase.DOT, code=552, text=said)) is Verdict.FAILED
    assert verdict(Reply(phase=Phase.DOT, code=554, text="Transaction failed")) is Verdict.PAUSE


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("550 <anna@a.test>: rejected", "550 <bo.ek@b.example>: rejected"),
        ("550 rejected [192.0.2.7] id=1abcD-0007xY-2Z", "550 rejected [2001:db8::7] id=9zzzZ-0007xY-3A"),
        ("554 Transaction failed at 2026-03-05 09:00:01", "554 Transaction failed at 2026-03-06 10:20:31"),
        ("550 refused, see https://a.test/why?id=1", "550 refused, see https://b.test/why?id=2"),
        ("550 a.test refused", "550 mx7.b.example refused"),
        ("550 Refused (4F2kQz1abc)", "550 refused  (4F9kQz7xyz)"),
        ("rcpt: 550 …: rejected", "rcpt: 550 <…>: rejected"),
    ],
)
def test_what_differs_from_letter_to_letter_does_not_make_another_answer(one: str, another: str) -> None:
    assert normalised(one) == normalised(another) != ""


def test_answers_in_other_words_are_others() -> None:
    assert len({normalised(each) for each in UNSAID}) == len(UNSAID)


@given(st.text(max_size=2000), st.from_regex(r"\A[a-z0-9]{1,9}@[a-z]{1,9}\.test\Z"))
def test_any_text_has_a_blame_and_a_form_without_addresses(text: str, address: str) -> None:
    assert blame_of(text) in Blame
    assert address not in normalised(f"{text[:100]} {address}")


@pytest.mark.parametrize(
    "text", ["user " + "a " * 900, "relay " * 300, "account " * 250, "sender auth " * 170, "<" * 2000]
)
def test_no_text_takes_long_to_read(text: str) -> None:
    began = time.process_time()
    blame_of(text)
    normalised(text)
    assert time.process_time() - began < 0.5


def test_a_pattern_is_made_once_when_it_is_first_asked_and_finds_as_any_other() -> None:
    pattern = Pattern("a+|(?P<b>b)", re.IGNORECASE)
    assert "search" not in vars(pattern)
    assert [bool(pattern.search(text)) for text in ("xAx", "B", "c", "")] == [True, True, False, False]
    assert pattern.search is vars(pattern)["search"]
