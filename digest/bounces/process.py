"""Process returned mail: what a bounce, a complaint or a wish to leave says is counted once, and done.

    message -> report (`read_bounce`): class, status, and by its return tag whose letter it was
      -> automatic reply: nothing
      -> wish to leave: the subscription ends, as by its link
      -> bounce or complaint: evidence and what it asks for, in one transaction (`Bounces`, `ReturnedNotices`)
           -> address suppressed, by the rule for its last editions
           -> edition stopped, when it harms our good name
           -> complaint: a no, in the journal as well
           -> our own fault: the receiving domain may be paused (`DomainReturns`)
      -> anything else: kept as a file for a person (`UnknownMessages`)

What the relay refused at once takes the same way, from the ledger instead of a message (`Bounces.take_refused`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import structlog

from digest.bounces.adapters.bounces import Bounces
from digest.bounces.adapters.transactional_bounces import ReturnedNotices
from digest.bounces.adapters.unknown import UnknownMessages
from digest.bounces.bounce import Bounce, Taken
from digest.bounces.mime import MOST_BYTES
from digest.bounces.report import Report, read_bounce
from digest.keys import Key
from digest.lifecycle.unsubscribe import Unsubscribe
from digest.lifecycle.unsubscribe_journal import LeaveOutcome, WishKind
from digest.sending.adapters.domain_backoff_admin import DomainReturns
from digest.verp import Returned, ReturnedNotice
from mail.failure.status_codes import BounceClass

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a message: its class, and what it changed; None when it changed nothing."""

    kind: BounceClass
    taken: Taken | None

    @property
    def is_understood(self) -> bool:
        """Whether nobody need look at it."""
        return self.taken is not None or self.kind is BounceClass.AUTO_REPLY


@dataclass(frozen=True, kw_only=True)
class ProcessBounces:
    """Processing returned mail. `relay_names` are what the relay calls itself: it is trusted about what it was told."""

    key: Key
    bounces: Bounces
    returned: ReturnedNotices
    domains: DomainReturns
    unsubscribe: Unsubscribe
    unknown: UnknownMessages
    relay_names: Collection[str]

    def take(self, raw: bytes, recipient: str, now: datetime) -> Outcome:
        """Take in one message of any bytes, delivered to `recipient` where that is known.

        What is no report, and a report about no letter of ours, is kept as a file and changes nothing. A wish to leave
        and a complaint are a person's no, so they stand in the journal of leaves, too. Raises what the database raises,
        and OSError: then the message must come again.
        """
        raw = raw[:MOST_BYTES]
        try:
            report = read_bounce(self.key, raw, recipient)
        except Exception:  # of what strangers send, nothing may be lost or sent again
            log.exception("bounce_unreadable", remedy="this is a fault in Budkavle: report it with the kept message")
            return self._kept(raw, BounceClass.UNKNOWN)
        match report.kind:
            case BounceClass.AUTO_REPLY:
                return Outcome(kind=report.kind, taken=None)
            case BounceClass.LEAVE:
                return self._left(report, raw, now)
            case BounceClass.UNKNOWN:
                if report.form and isinstance(report.letter, Returned):
                    self.bounces.take(report.letter, self._bounce(report), now)  # so that an alarm tells of it
                return self._kept(raw, report.kind)
        return self._counted(report, report.letter, now) if report.letter else self._kept(raw, report.kind)

    def _counted(self, report: Report, letter: Returned | ReturnedNotice, now: datetime) -> Outcome:
        if isinstance(letter, Returned):
            taken, complained = self.bounces.take(letter, self._bounce(report), now), self.bounces.complained(letter)
        else:
            taken, complained = self.returned.take(letter, self._bounce(report), now), self.returned.complained(letter)
        # Also when it is known: a disk that was full then may have room now.
        if report.kind is BounceClass.COMPLAINT and complained:
            self.unsubscribe.note_no(complained, WishKind.COMPLAINED, now)
        if report.kind is BounceClass.SENDER_FAULT and self._pauses_a_domain(report, now):
            log.warning("domain_paused", remedy="`budkavle status` says which, and why")
        log.info("bounce", kind=report.kind, status=report.status, taken=taken, form=report.form, **_named(letter))
        return Outcome(kind=report.kind, taken=taken)

    def _left(self, report: Report, raw: bytes, now: datetime) -> Outcome:
        """End the subscription whose owner wishes to leave, as its link does; a wish about none is for a person."""
        letter = report.letter
        token_of_letter = self.unsubscribe.token_of(letter.subscription) if isinstance(letter, Returned) else None
        for token in (*report.leave_tokens, *([token_of_letter] if token_of_letter else ())):
            leaving = self.unsubscribe.leave(token, now)
            if leaving.left is not LeaveOutcome.UNKNOWN:
                log.info("left_by_mail", digest=leaving.digest, already=leaving.left is LeaveOutcome.ALREADY)
                return Outcome(kind=report.kind, taken=Taken.LEFT)
        return self._kept(raw, report.kind)

    def _pauses_a_domain(self, report: Report, now: datetime) -> bool:
        """Editions wait for a domain that refuses us; letters about subscriptions are few, and go one by one."""
        return isinstance(report.letter, Returned) and self.domains.came_back(report.letter, report.status, now)

    def _bounce(self, report: Report) -> Bounce:
        return Bounce(
            kind=report.kind,
            status=report.status,
            diagnostic=report.diagnostic,
            source=report.form,
            own_relay=report.form == "dsn" and report.reporter in self.relay_names,
            mark=report.mark,
        )

    def _kept(self, raw: bytes, kind: BounceClass) -> Outcome:
        self.unknown.keep(raw, kind)
        return Outcome(kind=kind, taken=None)


def _named(letter: Returned | ReturnedNotice) -> dict[str, int]:
    return {"edition": letter.edition} if isinstance(letter, Returned) else {"notice": letter.number}
