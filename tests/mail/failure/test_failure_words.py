"""Words against codes: what is our fault is never held against an address, and what is gone counts under any code."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.bounces.policy import COUNTS, Evidence, reason_to_suppress
from mail.failure.failure_words import Saying, saying_of
from mail.failure.status_codes import BounceClass, class_of, status_of
from mail.reply import Phase, Reply, Verdict, verdict
from tests.drawn import examples
from tests.mail.failure.failure_texts import CLOSED, NO_SUCH_MAILBOX, SENDER_FAULTS

EVERY_FAULT = [text for texts in SENDER_FAULTS.values() for text in texts]
ABOUT_A_MAILBOX = ("5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.0", "5.2.1", "5.2.2", "5.1.351")
SILENT = ("", "5.0.0", "5.1.0", "5.3.0", "5.4.1", "5.4.4", "5.5.0")
NOT_FOR_GOOD = [
    "Mailbox full",
    "The email account that you tried to reach is over quota",
    "user is over quota",
    "Quota exceeded (mailbox for user is full)",
    "Brevlådan är full",
    "Das Postfach ist voll",
    "Boîte pleine",
    "El buzón está lleno",
    "Casella piena",
    "mailbox temporarily unavailable, try again later",
    "User temporarily disabled",
    "Kontot är tillfälligt avstängt",
    "Recipient address rejected: unverified address: connect to mx.a.test[192.0.2.1]: Connection timed out",
    "mail for a.test loops back to myself",
    "too many hops",
    "Connection refused",
    "Internal error",
    "local configuration error",
    "user lookup failure: database is away",
    "unknown user, or the directory is down: temporary lookup failure",
]


def under(codes: tuple[str, ...], texts: list[str]) -> Iterator[tuple[str, str]]:
    return ((code, f"550 {code} {text}") for text in texts for code in codes)


def kind_of(said: str) -> BounceClass:
    return class_of(status_of("", said), said)


def at_rcpt(said: str) -> Verdict:
    return verdict(Reply(phase=Phase.RCPT, code=int(said[:3]), text=said[4:]))


def test_the_collection_is_as_large_as_it_was_asked_for() -> None:
    assert len(set(EVERY_FAULT)) >= 120
    assert len(SENDER_FAULTS) >= 15
    assert len(set(NO_SUCH_MAILBOX)) >= 60


def test_a_senders_fault_in_words_is_never_held_against_the_address_whatever_the_code() -> None:
    for _, said in under((*ABOUT_A_MAILBOX, *SILENT), EVERY_FAULT):
        status = status_of("", said)
        kind = kind_of(said)
        assert kind is BounceClass.SENDER_FAULT, said
        assert at_rcpt(said) is not Verdict.FAILED, said
        assert reason_to_suppress([[Evidence(kind=kind, status=status, own_relay=True)]] * 12) is None


def test_no_such_mailbox_counts_under_every_code_and_is_hard_unless_the_code_contradicts() -> None:
    for code, said in under((*SILENT, "5.1.1", "5.2.1", "5.1.351"), NO_SUCH_MAILBOX):
        assert kind_of(said) is BounceClass.HARD, (code, said)
        assert at_rcpt(said) is Verdict.FAILED, said
    for text in NO_SUCH_MAILBOX:
        for code in ("5.7.0", "5.7.1"):
            said = f"550 {code} {text}"
            if "#5.1.1" not in text:  # two codes that contradict each other
                assert kind_of(said) is BounceClass.SOFT, said
                assert at_rcpt(said) is Verdict.FAILED, said


def test_only_a_code_about_the_mailbox_lets_once_be_enough() -> None:
    for status, enough in (("5.1.1", 1), ("5.2.1", 1), ("5.0.0", 2), ("5.4.1", 2), ("5.1.351", 2)):
        evidence = [Evidence(kind=BounceClass.HARD, status=status, own_relay=True)]
        assert reason_to_suppress([evidence] * enough)
        assert not reason_to_suppress([evidence] * (enough - 1))


def test_what_is_not_for_good_is_never_hard_whatever_the_code() -> None:
    for code, said in under((*ABOUT_A_MAILBOX, *SILENT), NOT_FOR_GOOD):
        assert kind_of(said) is not BounceClass.HARD, (code, said)


@pytest.mark.parametrize(
    "said",
    [
        "450 5.1.1 user unknown",
        "550 5.1.1 user unknown 4.2.2",
        "550 5.1.1 user unknown 5.2.2",
        "552 5.2.2 user unknown",
        "550 5.7.1 user unknown",
        "550 4.1.1 user unknown",
    ],
)
def test_codes_that_contradict_each_other_or_the_words_are_never_hard(said: str) -> None:
    assert kind_of(said) is BounceClass.SOFT


@pytest.mark.parametrize("said", CLOSED)
def test_a_persons_closed_account_is_not_our_fault(said: str) -> None:
    assert kind_of(said) in COUNTS
    assert at_rcpt(said) is Verdict.FAILED


@pytest.mark.parametrize(
    "said",
    [
        "550 5.2.1 Your account has been suspended for spam",
        "550 5.2.1 account suspended: outgoing mail blocked, contact the abuse desk",
        "550 5.1.1 Your IP has been blocked by the user's provider",
        "550 5.2.1 messages from your server to this mailbox are blocked",
    ],
)
def test_our_own_closed_account_is_not_the_recipients(said: str) -> None:
    assert kind_of(said) is BounceClass.SENDER_FAULT


@pytest.mark.parametrize(
    "said",
    [
        "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [mx.a.test]",
        "550 5.4.1 All recipient addresses rejected : Access denied",
    ],
)
def test_exchange_onlines_block_at_the_edge_counts_and_is_never_hard(said: str) -> None:
    assert kind_of(said) in {BounceClass.SOFT, BounceClass.SENDER_FAULT}


def test_upper_case_and_line_breaks_change_nothing() -> None:
    for said in (*EVERY_FAULT, *NO_SUCH_MAILBOX, *NOT_FOR_GOOD):
        assert saying_of(said.upper()) is saying_of(said)
        assert saying_of(said.replace(" ", "\r\n ")) is saying_of(said)


def test_links_hosts_and_addresses_are_no_words() -> None:
    for around in ("spam.antivirus.test", "https://a.test/policy/blocked", "<blocked.spam@a.test>"):
        assert saying_of(f"host {around} said: user unknown") is Saying.GONE


@settings(max_examples=examples(50))
@given(st.text(max_size=1500), st.sampled_from(["", "5.1.1", "5.7.1", "4.2.2", "x"]))
def test_any_words_have_a_class(text: str, status: str) -> None:
    assert class_of(status, text) in {BounceClass.SENDER_FAULT, BounceClass.HARD, BounceClass.SOFT}


@pytest.mark.parametrize(
    "piece", ["your ", "user a ", "message ", "sender not ", "a.", "@", "<", "mailbox size ", "quota ", "550 "]
)
def test_no_words_take_long_to_read(piece: str) -> None:
    began = time.process_time()
    saying_of(piece * 1000)
    assert time.process_time() - began < 0.5
