"""What relays say of their limits: each is known for what it is, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.limits.limit import Limit
from mail.limits.relay_limits import judged, limit_said, waiting_mends
from mail.reply import Phase, Reply, Verdict

C, S, P, Q = Limit.CONNECTIONS, Limit.SESSION, Limit.PACE, Limit.QUOTA
SAID = [
    (C, "connect", "421 4.7.0 mx.relay.test Error: too many connections from 192.0.2.1"),
    (C, "connect", "421 relay.test: Too many concurrent SMTP connections; please try again later."),
    (C, "connect", "421 Too many concurrent SMTP connections from this IP address; please try again later."),
    (C, "connect", "421 4.3.2 The maximum number of concurrent connections has exceeded a limit, closing channel"),
    (C, "connect", "421 4.3.2 Connection rate limit exceeded."),
    (C, "connect", "421 4.3.2 Too many open connections."),
    (C, "connect", "452 4.3.2 Too many SMTP sessions for this host"),
    (C, "connect", "554 5.7.1 too many connections from your address"),
    (C, "connect", "450 4.7.1 Trop de connexions"),
    (C, "connect", "421 no more today, thank you"),
    (C, "connect", "454 4.7.0 Too many login attempts, please try again later"),
    (C, "dot", "432 4.3.2 Concurrent connections limit exceeded. Visit https://example.org/concurrent_sending"),
    (C, "mail", "432 4.3.2 STOREDRV; concurrent connections limit exceeded"),
    (S, "mail", "421 too many messages in this connection"),
    (S, "mail", "421 4.7.0 Too many messages in this session"),
    (S, "rcpt", "452 4.5.3 Too many recipients"),
    (S, "rcpt", "421 4.7.0 closing transmission channel"),
    (S, "mail", "450 4.7.1 message limit per connection reached, open a new connection"),
    (S, "data", "451 4.7.1 max recipients per session"),
    (S, "dot", "421 4.4.2 enough"),
    (P, "mail", "450 4.7.1 Error: too much mail from 192.0.2.1"),
    (P, "rcpt", "450 4.7.1 Error: too many recipients from 192.0.2.1"),
    (P, "mail", "450 4.7.1 later"),
    (P, "mail", "451 4.3.0 later"),
    (P, "dot", "454 Throttling failure: Maximum sending rate exceeded."),
    (P, "dot", "451 4.7.0 rate limit: 30 messages per minute"),
    (P, "dot", "450 4.3.2 too fast, slow down"),
    (P, "rcpt", "451 4.7.500 Server busy. Please try again later"),
    (P, "mail", "452 4.4.5 you are sending too quickly"),
    (P, "data", "451 4.7.1 Ratelimit exceeded for this sender"),
    (Q, "dot", "454 Throttling failure: Daily message quota exceeded."),
    (Q, "mail", "450 4.7.1 you have exceeded your hourly limit of 300 messages"),
    (Q, "rcpt", "550 5.4.5 Daily user sending quota exceeded."),
    (Q, "rcpt", "550 5.7.0 limit of 500 messages per day reached"),
    (Q, "mail", "451 4.7.1 max 200 emails / hour"),
    (Q, "dot", "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException"),
    (Q, "rcpt", "452 4.7.0 hourly limit reached"),
    (Q, "dot", "552 quota for today is used up"),
    (Q, "rcpt", "550 you have reached today's limit"),
]
NO_LIMITS = [
    ("rcpt", "452 4.2.2 mailbox full, over quota"),
    ("rcpt", "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents delivery"),
    ("rcpt", "450 4.2.0 Recipient address rejected: Greylisted"),
    ("rcpt", "552 5.2.2 user is over quota"),
    ("rcpt", "550 5.1.1 no such user"),
    ("rcpt", "450 4.2.1 later"),
    ("rcpt", "450 4.2.1 this user has received too many messages today"),
    ("dot", "452 4.3.1 disk full"),
    ("data", "451 4.3.0 later"),
    ("dot", "421 4.7.28 an unusual rate of unsolicited mail from your IP address"),
    ("dot", "451 4.7.650 the mail server has been temporarily rate limited due to IP reputation"),
    ("mail", "552 5.3.4 message size exceeds the maximum message size"),
    ("connect", "454 4.7.0 Temporary authentication failure"),
    ("connect", "535 5.7.8 Authentication failed, too many attempts"),
    ("connect", "554 5.7.1 go away"),
    ("connect", "421 4.7.0 listed in a dnsbl: blocked"),
    ("mail", "550 5.7.1 relaying denied"),
    ("dot", "550 5.7.515 access denied, the sending domain does not meet the authentication level"),
    ("mail", "250 ok, quota and rate are fine"),
]


def reply(phase: str, said: str, carried: int = 5, others: int = 2) -> Reply:
    code, _, text = said.partition(" ")
    return Reply(phase=Phase(phase), code=int(code), text=text, carried=carried, others=others)


@pytest.mark.parametrize(("limit", "phase", "said"), SAID)
def test_a_limit_is_known_by_its_words(limit: Limit, phase: str, said: str) -> None:
    heard = reply(phase, said)
    assert limit_said(heard) is limit
    assert judged(heard) is (Verdict.PAUSE if limit is Q else Verdict.LIMITED)
    assert waiting_mends(heard)


@pytest.mark.parametrize(("phase", "said"), NO_LIMITS)
def test_what_is_about_a_mailbox_a_letter_or_our_name_is_no_limit(phase: str, said: str) -> None:
    assert limit_said(reply(phase, said)) is None


def test_a_connection_that_is_dropped_before_a_greeting_is_a_limit_when_others_are_open() -> None:
    dropped = Reply(phase=Phase.CONNECT, code=0, text="connection closed")
    assert judged(dropped) is Verdict.LOST
    assert limit_said(Reply(phase=Phase.CONNECT, code=0, others=1)) is Limit.CONNECTIONS
    assert limit_said(Reply(phase=Phase.CONNECT, code=0, others=1, lasting=True)) is None


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data", "dot"])
def test_a_connection_that_has_carried_nothing_is_not_used_up(phase: str) -> None:
    assert limit_said(reply(phase, "421 too many messages in this connection", carried=0)) is Limit.PACE


@given(st.sampled_from(Phase), st.integers(200, 599), st.text(max_size=80), st.integers(0, 5), st.integers(0, 5))
def test_no_answer_is_ever_held_against_an_address_because_of_a_limit(
    phase: Phase, code: int, text: str, carried: int, others: int
) -> None:
    heard = Reply(phase=phase, code=code, text=text, carried=carried, others=others)
    if limit_said(heard):
        assert judged(heard) in {Verdict.LIMITED, Verdict.PAUSE}
        assert code // 100 in {4, 5}
