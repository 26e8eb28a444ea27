"""Uncertain letters: how a person finds out what became of them, and what follows. Rules over values.

A relay's log proves that a letter arrived when it shows that the relay took it. That a letter is absent proves nothing
by itself: the log may be another relay's, filtered, or cut off. It is taken for lost only where the same log shows all
the letters that were surely sent just before and just after it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from articles.article import Seq
from digest.editions.slots import PeriodKey
from digest.ids import EditionId, SubscriptionId
from digest.sending.relay_log import LogReading


class Finding(StrEnum):
    """What became of a letter, as a person found out."""

    ARRIVED = "arrived"
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class UncertainLetter:
    """A letter whose dot was allowed and whose outcome nobody knows; `message_id` with its angle brackets."""

    edition: EditionId
    key: PeriodKey
    subscription: SubscriptionId
    address: str
    message_id: str
    at: datetime
    reply: str
    from_seq: Seq


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The Message-IDs of the letters that were surely sent next before and next after an uncertain one."""

    before: Sequence[str] = ()
    after: Sequence[str] = ()


def named(word: str, letters: Iterable[UncertainLetter]) -> Sequence[UncertainLetter]:
    """The letters with this Message-ID, angle brackets or not, or to this address, capitals or not."""
    wanted = word.strip().lower()
    return [
        letter
        for letter in letters
        if wanted in {letter.address.lower(), letter.message_id.lower(), letter.message_id[1:-1].lower()}
    ]


def why_not_arrived(letter: UncertainLetter, log: LogReading) -> str | None:
    """Why a log does not prove that a letter arrived; None when it does."""
    if letter.message_id in log.taken:
        return None
    if letter.message_id in log.mentioned:
        return "the log names it, but no line says that the relay took it"
    return "it is not in the log"


def why_not_lost(letter: UncertainLetter, log: LogReading, sent: Neighbours) -> str | None:
    """Why a log does not prove that a letter never arrived; None when it does."""
    if letter.message_id in log.taken:
        return "the log shows that the relay took it; --arrived with this log says so"
    if letter.message_id in log.mentioned:
        return "the log names it, so it may have been taken; look yourself, then name it by its Message-ID"
    for side, witnesses in (("before", sent.before), ("after", sent.after)):
        missing = len([witness for witness in witnesses if witness not in log.taken])
        if not witnesses:
            return f"no letter was sent {side} it by which to see that the log covers its time; name it by Message-ID"
        if missing:
            return f"the log misses {missing} of the {len(witnesses)} letters sent just {side} it: it is not the whole"
    return None


def in_both(arrived: Collection[UncertainLetter], lost: Collection[UncertainLetter]) -> Sequence[UncertainLetter]:
    """The letters that are said to have arrived and to be lost."""
    return [letter for letter in arrived if letter in lost]
