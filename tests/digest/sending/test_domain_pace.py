"""When a receiving domain asks for a slower pace, and how its pace halves and comes back."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sending.domain_pace import asks_for_pace, slowed_at
from mail.limits.receiver_words import names_a_receiver
from mail.reply import Phase, Reply, Verdict, verdict
from tests.given import NOW

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
RECEIVERS = [
    "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address.",
    "421 4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your SPF domain",
    "450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend later.",
    "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages",
    "421 4.7.0 [TSS04] Messages from 192.0.2.7 temporarily deferred due to unexpected volume or user complaints",
    "421 4.7.0 [TS01] Messages from 192.0.2.7 temporarily deferred due to user complaints",
    "421 4.16.55 [TS02] Messages temporarily deferred due to excessive user complaints",
    "451 4.7.650 The mail server [192.0.2.7] has been temporarily rate limited due to IP reputation. (S775)",
    "451 4.7.651 The mail server [192.0.2.7] has been temporarily rate limited due to IP reputation.",
    "421 RP-001 (BAY0-MC1-F1) Unfortunately, some messages from 192.0.2.7 weren't sent.",
    "451 4.7.500 Server busy. Please try again later from [192.0.2.7]. (AS77712) AS(7777)",
    "421 4.7.1 Service refused, please try later. OFR_104 [104]",
    "450 too many connections, slow down. OFR_005 [005]",
    "421 4.7.1 Too many connections, slow down. LPN007_405",
    "451 4.7.1 [CS01] Message temporarily rejected",
]
WORDS = [
    "450 4.2.0 too many messages from you, try again later",
    "451 Temporarily throttled",
    "421 slow down, you are sending too fast",
    "450 Message rate exceeded for this domain",
    "421 Too many concurrent SMTP connections",
    "451 4.7.1 Client host rejected: please try again slower",
    "450 För många meddelanden, försök igen senare",
    "450 Zu viele Nachrichten",
    "421 Trop de connexions, veuillez ralentir",
]
OTHERS = [
    "450 4.2.0 Greylisted, see http://postgrey.test/help/a.test.html",
    "451 4.7.1 Greylisting in action, please come back later",
    "451 4.3.0 Temporary lookup failure",
    "452 4.2.2 The recipient's inbox is out of storage space",
    "421-4.7.26 Your email has been rate limited because it is unauthenticated. Gmail requires SPF or DKIM.",
    "421-4.7.27 Your email has been rate limited because SPF authentication didn't pass for this message.",
    "421-4.7.29 Your email has been rate limited because this message wasn't sent over a TLS connection.",
    "421-4.7.32 Your email has been rate limited because the From: header isn't aligned",
    "421-4.7.23 The sending IP address doesn't have a PTR record. The mail has been rate limited.",
    "421 4.3.2 Service shutting down",
]
OUR_NAME = [
    "550 5.7.515 Access denied, sending domain example.org does not meet the required authentication level.",
    "550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent. Please contact your provider (S3150).",
    "550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent. Their network is on our block list (S3140).",
    "550 5.7.25 The sending IP address doesn't have a PTR record set up.",
    "550 5.7.26 Your email has been blocked because the sender is unauthenticated.",
    "550 5.7.27 SPF authentication didn't pass for this message.",
    "550 5.7.29 This message wasn't sent over a TLS connection.",
    "550 5.7.30 DKIM authentication didn't pass for this message.",
    "550 5.7.31 The sending domain doesn't have a DMARC record",
    "550 5.7.32 The From: header isn't aligned with the authenticated domain",
    "550 5.7.508 Access denied, [2001:db8::7] has exceeded permitted limits within 2001:db8::/64 range",
    "550 5.7.509 Access denied, sending domain example.org does not pass DMARC verification.",
    "550 5.7.606 Access denied, banned sending IP [192.0.2.7]",
    "550 5.7.649 Access denied, banned sending IP [192.0.2.7]",
    "550 5.7.705 Access denied, tenant has exceeded threshold",
    "550 5.7.708 Access denied, traffic not accepted from this IP",
    "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains",
    "550 5.7.1 Our system has detected that this message is likely unsolicited mail.",
    "552 5.7.0 This message was blocked because its content presents a potential security issue.",
    "554 5.7.9 Message not accepted for policy reasons.",
    "550-5.7.350 Remote server returned message detected as spam",
    "550 5.7.23 The message was rejected because of Sender Policy Framework violation",
    "550 SC-001 (BAY004) Mail rejected by Outlook.com for policy reasons.",
]


def reply(answer: str, phase: Phase) -> Reply:
    return Reply(phase=phase, code=int(answer[:3]), text=answer[4:])


@pytest.mark.parametrize("phase", [Phase.RCPT, Phase.DATA, Phase.DOT])
@pytest.mark.parametrize("answer", [*RECEIVERS, *WORDS])
def test_a_domain_that_says_too_fast_asks_for_a_pace(answer: str, phase: Phase) -> None:
    assert asks_for_pace(reply(answer, phase))
    assert names_a_receiver(reply(answer, phase)) == (answer in RECEIVERS)
    assert verdict(reply(answer, phase)) not in {Verdict.FAILED, Verdict.SENT}


@pytest.mark.parametrize("answer", OTHERS)
def test_what_is_put_off_for_another_reason_asks_for_none(answer: str) -> None:
    for phase in (Phase.RCPT, Phase.DATA, Phase.DOT):
        assert not asks_for_pace(reply(answer, phase))


@pytest.mark.parametrize("answer", [*RECEIVERS, *WORDS])
def test_before_there_is_a_letter_it_is_the_relay_that_asks(answer: str) -> None:
    assert not asks_for_pace(reply(answer, Phase.CONNECT))
    assert not asks_for_pace(reply(answer, Phase.MAIL))


@pytest.mark.parametrize("phase", [Phase.RCPT, Phase.DATA, Phase.DOT])
@pytest.mark.parametrize("answer", OUR_NAME)
def test_what_gmail_and_outlook_refuse_for_our_name_is_held_against_no_address(answer: str, phase: Phase) -> None:
    assert verdict(reply(answer, phase)) is Verdict.BLAMED
    assert not asks_for_pace(reply(answer, phase))


@pytest.mark.parametrize("phase", [Phase.CONNECT, Phase.MAIL])
@pytest.mark.parametrize("answer", [*OUR_NAME, *RECEIVERS, *OTHERS])
def test_before_there_is_a_letter_such_an_answer_pauses(answer: str, phase: Phase) -> None:
    assert verdict(reply(answer, phase)) is Verdict.PAUSE


@pytest.mark.parametrize("phase", [Phase.RCPT, Phase.DATA, Phase.DOT])
@pytest.mark.parametrize("answer", [each for each in OTHERS if "4.7." in each and "reylist" not in each])
def test_a_policy_that_says_later_pauses_and_blames_nobody(answer: str, phase: Phase) -> None:
    assert verdict(reply(answer, phase)) is Verdict.PAUSE


def test_the_pace_halves_with_each_complaint_and_comes_back_while_none_comes() -> None:
    pace = slowed_at(NOW)
    assert pace.between(NOW) == 6 * SECOND
    again = pace.after_complaint(NOW + 30 * SECOND)
    assert 11 * SECOND < again.between(NOW + 30 * SECOND) <= 12 * SECOND
    assert again.between(NOW + 5 * MINUTE + 30 * SECOND) == again.every / 2
    assert again.is_over(NOW + 60 * MINUTE)
    assert not again.is_over(NOW + 10 * MINUTE)


def test_complaints_of_one_moment_count_as_one() -> None:
    assert slowed_at(NOW).after_complaint(NOW + 2 * SECOND) == slowed_at(NOW)


@given(st.lists(st.integers(0, 600), max_size=60))
def test_no_more_letters_go_than_the_pace_allows(waits: list[int]) -> None:
    pace, now, sent = slowed_at(NOW), NOW, 0
    for wait in waits:
        now += wait * SECOND
        while pace.is_ready(now) and sent < 10_000 and not pace.is_over(now):
            pace, sent = pace.after_letter(now), sent + 1
    if not pace.is_over(now):
        assert sent <= (now - NOW + MINUTE) / pace.between(now) + 2


@given(st.integers(1, 2000), st.integers(0, 3000))
def test_letters_are_put_off_one_after_the_other_and_half_an_hour_at_most(letters: int, seconds: int) -> None:
    pace, now = slowed_at(NOW), NOW + seconds * SECOND
    last = now
    for _ in range(letters):
        pace = pace.after_putting_off(now)
        assert now < pace.last <= now + 30 * MINUTE
        assert pace.last >= last
        last = pace.last


def test_a_clock_that_was_wrong_slows_nobody_for_long() -> None:
    ahead = slowed_at(NOW + timedelta(days=400))
    assert ahead.is_over(NOW)
