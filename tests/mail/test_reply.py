"""What a relay's reply makes of a delivery."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.reply import Phase, Reply, Verdict, verdict, wait_before_retry

CODES = st.integers(-1, 999)
PHASES = st.sampled_from(Phase)
TEXTS = st.sampled_from(["ok", "4.2.0 later", "5.1.1 nobody", "4.7.1 slow", "5.7.26 policy", ""])


@given(PHASES, CODES, TEXTS)
def test_a_letter_is_sent_exactly_when_its_dot_was_accepted(phase: Phase, code: int, text: str) -> None:
    judged = verdict(Reply(phase=phase, code=code, text=text))
    assert (judged is Verdict.SENT) == (phase is Phase.DOT and 200 <= code < 300)


@given(PHASES, CODES, TEXTS)
def test_a_letter_is_uncertain_exactly_when_its_dot_was_neither_accepted_nor_refused(
    phase: Phase, code: int, text: str
) -> None:
    judged = verdict(Reply(phase=phase, code=code, text=text))
    assert (judged is Verdict.UNCERTAIN) == (phase is Phase.DOT and code // 100 not in (2, 4, 5))


@given(PHASES, CODES, st.sampled_from(["4.7.1 slow down", "sorry\n5.7.1 policy", "[5.7.26] see", "#5.7.1", "5.7.0"]))
def test_a_policy_code_never_blames_the_address(phase: Phase, code: int, text: str) -> None:
    assert verdict(Reply(phase=phase, code=code, text=text)) not in (Verdict.FAILED, Verdict.DEFERRED)


@given(PHASES, CODES, TEXTS)
def test_a_refusal_of_one_letter_for_our_own_fault_is_held_against_its_domain_or_the_relay(
    phase: Phase, code: int, text: str
) -> None:
    blamed = verdict(Reply(phase=phase, code=code, text=text)) is Verdict.BLAMED
    of_a_letter = phase in (Phase.RCPT, Phase.DATA, Phase.DOT)
    about_us = text in ("4.7.1 slow", "5.7.26 policy")
    not_our_name = code not in (500, 502, 503, 504, 530, 535)
    assert blamed == (of_a_letter and 500 <= code < 600 and about_us and not_our_name)


@pytest.mark.parametrize("text", ["5.3.4 too big", "5.6.0 form", "5.1.8 bad sender", "blocked, see our list", "SPAM"])
def test_size_form_sender_and_reputation_are_our_fault_too(text: str) -> None:
    assert verdict(Reply(phase=Phase.RCPT, code=550, text=text)) is Verdict.BLAMED


@pytest.mark.parametrize(
    "text",
    [
        "Relay access denied",
        "4.1.8 <nyheter@example.org>: Sender address rejected: Domain not found",
        "Could not complete sender verify callout",
        "SMTP authentication is required, try again later",
    ],
)
def test_our_own_fault_that_is_said_for_now_is_no_mailboxs_either(text: str) -> None:
    assert verdict(Reply(phase=Phase.RCPT, code=450, text=text)) is Verdict.BLAMED


@given(PHASES, CODES, TEXTS)
def test_only_a_refused_recipient_fails_for_good_later_only_by_its_own_code(phase: Phase, code: int, text: str) -> None:
    if verdict(Reply(phase=phase, code=code, text=text)) is Verdict.FAILED:
        assert phase is Phase.RCPT or (phase in (Phase.DATA, Phase.DOT) and text == "5.1.1 nobody")
        assert 500 <= code < 600


@pytest.mark.parametrize("phase", [Phase.RCPT, Phase.DATA, Phase.DOT, Phase.MAIL, Phase.CONNECT])
@pytest.mark.parametrize("code", [421, 500, 502, 503, 504, 530, 535])
def test_a_closing_relay_or_a_missing_login_is_never_the_addresss_fault(phase: Phase, code: int) -> None:
    assert verdict(Reply(phase=phase, code=code, text="no")) is Verdict.PAUSE


def test_a_retry_waits_five_minutes_at_first_and_four_hours_at_last() -> None:
    waits = [wait_before_retry(attempt) for attempt in range(1, 7)]
    assert waits[:4] == [timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4)]
    assert waits[4:] == [timedelta(hours=4)] * 2


def test_a_lost_connection_says_in_which_phase() -> None:
    assert str(Reply(phase=Phase.RCPT, code=0, text="gone")).startswith("rcpt: ")
    assert str(Reply(phase=Phase.RCPT, code=550, text="5.1.1 nobody")) == "rcpt: 550 5.1.1 nobody"


def test_what_is_kept_of_a_reply_holds_no_address() -> None:
    said = "5.1.1 <lasare@example.org>: nobody; lasare@example.org unknown to admin@relay.test"
    assert str(Reply(phase=Phase.RCPT, code=550, text=said)) == "rcpt: 550 5.1.1 <…>: nobody; … unknown to …"


def test_what_is_kept_of_a_reply_cannot_play_with_a_terminal() -> None:
    said = "5.1.1 no\nbody\x1b[31m red\r\x00" + "x" * 10_000
    kept = str(Reply(phase=Phase.RCPT, code=550, text=said))
    assert kept.isprintable()
    assert len(kept) < 600
