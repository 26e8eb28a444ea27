"""Reply: a relay's answer, in which phase of RFC 5321 it came, and what it makes of a letter."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from mail.failure.refusal_words import Blame, blame_of
from mail.failure.status_codes import BounceClass, class_of, status_of
from mail.limits.limit import Limit
from mail.redaction import line_without_addresses


class Phase(StrEnum):
    """How far a transaction with a relay had come when it answered (RFC 5321, section 3.3).

    A relay that takes a letter whole, in one request, has two of them: CONNECT before the request, DOT after it.
    """

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


class Answer(StrEnum):
    """What a relay says of a letter, in whatever protocol."""

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"
    NONE = "no answer"
    """The connection was lost first, or what was said is none of the three."""


REFUSALS = (Answer.LATER, Answer.REFUSED)
_BY_CODE = {2: Answer.TAKEN, 4: Answer.LATER, 5: Answer.REFUSED}
"""RFC 5321, section 4.2.1: the first digit of a reply code."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A relay's answer: by `code` (RFC 5321), or `plainly` by a relay that speaks another protocol; with neither, none.

    A relay that speaks plainly also says at whom a refusal points (`blame`), and which `limit` it means, where it knows
    that; a code's words are read instead (`mail.failure`, `mail.limits`).

    Its circumstances are no part of what was said: `carried` is how many letters its connection had carried before,
    `others` how many other connections to this relay were open, and `lasting` marks a fault before any answer that no
    waiting mends, such as a certificate that nobody vouches for.
    """

    phase: Phase
    code: int = 0
    text: str = ""
    plainly: Answer | None = None
    blame: Blame | None = None
    limit: Limit | None = None
    carried: int = field(default=0, compare=False)
    others: int = field(default=0, compare=False)
    lasting: bool = field(default=False, compare=False)

    @property
    def answer(self) -> Answer:
        """What was said of the letter."""
        return self.plainly or _BY_CODE.get(self.code // 100, Answer.NONE)

    @property
    def is_missing(self) -> bool:
        """Whether the connection was lost before anything was said."""
        return self.code == 0 and self.answer is Answer.NONE

    def __str__(self) -> str:
        """One line of print to keep and show. Relays like to repeat the recipient's address: it is left out."""
        text = line_without_addresses(self.text[: 2 * _LONGEST])[:_LONGEST]
        return f"{self.phase}: {self.code} {text}" if self.code else f"{self.phase}: {self.answer}: {text}"


def is_kept_refusal(kept: str) -> bool:
    """Whether a reply, as it was kept, refused a letter for good."""
    return _KEPT_REFUSAL.match(kept) is not None


_LONGEST = 500
_KEPT_REFUSAL = re.compile(rf"(?:{'|'.join(Phase)}): (?:5|{Answer.REFUSED}: )")


class Verdict(StrEnum):
    """What a reply makes of the delivery, and of the edition."""

    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    LOST = "lost"
    """The connection was lost before the final dot: nothing was sent, and the letter is tried again, last."""
    BLAMED = "blamed"
    """Refused for our own fault, by the recipient's domain or by the relay: the letter is tried again later."""
    LIMITED = "limited"
    """The relay allows no more just now: the letter is tried again, last, and we do with less (`mail.limits`)."""
    SLOWED = "slowed"
    """Put off by the recipient's domain for its pace: that domain is slowed alone. Only evidence can tell."""
    PAUSE = "pause"
    """Our fault or the relay's, never the address's: the delivery stays planned and the edition pauses."""


_OURS = re.compile(r"^\W?[45]\.7\.\d{1,3}\b", re.MULTILINE)
"""Enhanced status codes about security and policy (RFC 3463, section 3.8): they judge us, not the address."""


def verdict(reply: Reply) -> Verdict:
    """Judge a reply: after the final dot, what is no clear yes or no is `uncertain`; before it nothing was sent."""
    if reply.phase is Phase.DOT and reply.answer not in REFUSALS:
        return Verdict.SENT if reply.answer is Answer.TAKEN else Verdict.UNCERTAIN
    if reply.is_missing:
        return Verdict.PAUSE if reply.lasting else Verdict.LOST
    if reply.code in _ABOUT_US or reply.phase not in _OF_A_LETTER:
        return Verdict.PAUSE
    return _refused(reply)


def _refused(reply: Reply) -> Verdict:
    """Judge a refusal of one letter."""
    never, blame = reply.answer is Answer.REFUSED, reply.blame or blame_of(reply.text)
    if never and (blame is Blame.OURS or (reply.blame is None and _names_our_fault(reply))):
        return Verdict.BLAMED
    if never and blame is Blame.MAILBOX:
        return Verdict.FAILED
    if _OURS.search(reply.text) and not _is_greylisting(reply):
        return Verdict.PAUSE
    if not never and blame is Blame.OURS and not _is_greylisting(reply):
        return Verdict.BLAMED
    if never and reply.phase is Phase.RCPT:
        return Verdict.FAILED
    return Verdict.DEFERRED if reply.answer is Answer.LATER else Verdict.PAUSE


def _names_our_fault(reply: Reply) -> bool:
    return class_of(status_of("", reply.text), reply.text) is BounceClass.SENDER_FAULT


def heals(reply: Reply) -> bool:
    """Whether a pause for this reply may end by itself: a relay that is away or busy comes back, a refusal stays."""
    away = reply.is_missing and reply.phase is not Phase.DOT and not reply.lasting
    return away or reply.answer is Answer.LATER


def asks_for_less(reply: Reply) -> bool:
    """Whether a relay may mean that it is sent to too fast (RFC 5321, 4.2.3), and not one mailbox or address."""
    return reply.code in _SLOWER and not _OF_A_MAILBOX.search(reply.text) and not _is_greylisting(reply)


def _is_greylisting(reply: Reply) -> bool:
    """Whether a letter is put off because its recipient has never heard of us: the next try is taken (RFC 6647)."""
    return reply.answer is Answer.LATER and _GREYLISTING.search(reply.text) is not None


_GREYLISTING = re.compile(r"gr[ae]y-?list", re.IGNORECASE)
_OF_A_LETTER = (Phase.RCPT, Phase.DATA, Phase.DOT)
"""What is refused there is one letter, and neither the connection nor its sender."""
_SLOWER = (421, 450, 451)
_OF_A_MAILBOX = re.compile(r"^\W?4\.[12]\.\d{1,3}\b", re.MULTILINE)
"""Enhanced status codes about an address or a mailbox (RFC 3463, sections 3.2 and 3.3)."""
_ABOUT_US = (421, 500, 502, 503, 504, 530, 535)
"""Closing, not understood, out of order, and not logged in: about the relay or us, never about the recipient (RFC 5321,
3.8 and 4.2.4; RFC 4954, 6)."""


_RETRIES = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))


def wait_before_retry(attempt: int) -> timedelta:
    """How long to wait after the `attempt`-th deferral, from 1: greylisting wants at least five minutes."""
    return _RETRIES[min(attempt, len(_RETRIES)) - 1]


LONGEST_WAIT = _RETRIES[-1]
"""A delivery that waits for longer than this waits for a clock that was wrong."""
