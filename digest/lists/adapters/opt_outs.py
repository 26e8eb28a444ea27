"""Opt-outs in the store: whoever left another system, and addresses that bounced there, are suppressed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, exists, select

from digest.adapters.tables import events, subscribers, subscriptions, suppressions
from digest.lifecycle.adapters.unsubscribe import end_where, tokens_of
from digest.lists.adapters.undo import ask_no_more
from digest.lists.opt_outs import OptOut, OptOutOutcome
from digest.subscribers.adapters.events import note_alike
from digest.subscribers.adapters.mailboxes import KEY_OF_MAILBOX, of_mailboxes
from digest.subscribers.adapters.suppressions import Suppressions
from digest.subscribers.events import Event, EventKind
from digest.subscribers.subscription import LIVING
from digest.subscribers.suppression import SuppressionReason, operator_may_lift


@dataclass(frozen=True, kw_only=True)
class OptOutResult:
    """Outcomes of some opt-outs, in their order; whose subscriptions ended, by leave token."""

    outcomes: Sequence[OptOutOutcome]
    ended: Sequence[str] = ()


class OptOuts:
    """Writes opt-outs down, a batch a transaction; the same ones again change nothing."""

    def __init__(self, read: Engine, write: Engine, suppression_list: Suppressions) -> None:
        self._read = read
        self._write = write
        self._suppressions = suppression_list

    def tried(self, batch: Sequence[OptOut]) -> OptOutResult:
        """What would become of them; nothing is written."""
        with self._read.begin() as connection:
            return OptOutResult(outcomes=_judged(connection, batch))

    def keep(self, batch: Sequence[OptOut], how: str, now: datetime) -> OptOutResult:
        """Suppress these addresses, and end what their owners have from us, but for who confirmed it here themselves.

        `how` is why it ended, for the record.
        """
        with self._write.begin() as connection:
            outcomes = _judged(connection, batch)
            new = [opted for opted, became in zip(batch, outcomes, strict=True) if became is OptOutOutcome.SUPPRESSED]
            for opted in new:
                self._suppressions.add(connection, opted.known_as, opted.reason, now)
            return OptOutResult(outcomes=outcomes, ended=_end(connection, new, how, now) if new else ())


def _judged(connection: Connection, batch: Sequence[OptOut]) -> list[OptOutOutcome]:
    hashes = [opted.known_as for opted in batch]
    rows = connection.execute(select(suppressions.c.hash, suppressions.c.reason).where(suppressions.c.hash.in_(hashes)))
    reasons = {row.hash: SuppressionReason(row.reason) for row in rows}
    confirmed = _confirmed(connection, [opted.key for opted in batch])
    outcomes: list[OptOutOutcome] = []
    for opted in batch:
        outcomes.append(became := _became(opted, reasons.get(opted.known_as), confirmed))
        if became is OptOutOutcome.SUPPRESSED:
            reasons[opted.known_as] = opted.reason
    return outcomes


def _became(opted: OptOut, reason: SuppressionReason | None, confirmed: Collection[str]) -> OptOutOutcome:
    if opted.key in confirmed:
        return OptOutOutcome.CONFIRMED_HERE
    as_strong = reason is not None and (not operator_may_lift(reason) or operator_may_lift(opted.reason))
    return OptOutOutcome.ALREADY if as_strong else OptOutOutcome.SUPPRESSED


def _confirmed(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those who have confirmed here themselves that they want something that they still get."""
    confirmed = and_(events.c.subscriber_id == subscribers.c.id, events.c.kind == EventKind.CONFIRMED)
    living = and_(subscriptions.c.subscriber_id == subscribers.c.id, subscriptions.c.state.in_(LIVING))
    theirs = select(KEY_OF_MAILBOX).where(of_mailboxes(keys), exists().where(confirmed), exists().where(living))
    return set(connection.execute(theirs).scalars())


def _end(connection: Connection, opted: Sequence[OptOut], how: str, now: datetime) -> Sequence[str]:
    reasons: Mapping[str, SuppressionReason] = {opt_out.key: opt_out.reason for opt_out in opted}
    rows = connection.execute(select(KEY_OF_MAILBOX.label("key"), subscribers.c.id).where(of_mailboxes(reasons)))
    reason_of = {row.id: reasons[row.key] for row in rows}
    digests: dict[int, set[str]] = {}
    asked = select(subscriptions.c.subscriber_id, subscriptions.c.digest).where(
        subscriptions.c.subscriber_id.in_(reason_of)
    )
    for row in connection.execute(asked):
        digests.setdefault(row.subscriber_id, set()).add(row.digest)
    ask_no_more(connection, digests)
    for reason in set(reason_of.values()):
        event = Event(kind=EventKind.SUPPRESSED, at=now, detail={"reason": reason, "how": how})
        note_alike(connection, [(who, None) for who, of in reason_of.items() if of is reason], event)
    # What only bounced is not ended, as when it bounces here: it may be lifted, and then goes on.
    left = [who for who, reason in reason_of.items() if not operator_may_lift(reason)]
    ids = end_where(connection, subscriptions.c.subscriber_id.in_(left), how, now)
    return tokens_of(connection, subscriptions.c.id.in_(ids)) if ids else ()
