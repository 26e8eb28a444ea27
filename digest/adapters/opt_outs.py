"""Suppressions from the lists of another system: people who left there, addresses that bounced there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, exists, select

from digest.adapters.events import note_alike
from digest.adapters.leaving import end_where, tokens_of
from digest.adapters.mailboxes import KEY_OF_MAILBOX, of_mailboxes
from digest.adapters.suppressions import Suppressions
from digest.adapters.tables import events, subscribers, subscriptions, suppressions
from digest.adapters.undoing import ask_no_more
from digest.events import Event, EventKind
from digest.opt_outs import OptedOut, OptOut
from digest.subscription import LIVING
from digest.suppression import SuppressionReason, operator_may_lift


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What became of some opt-outs, in their order; whose subscriptions ended, by leave token."""

    outcomes: Sequence[OptedOut]
    ended: Sequence[str] = ()


class OptOuts:
    """Writes opt-outs down, a batch a transaction; the same ones again change nothing."""

    def __init__(self, read: Engine, write: Engine, known: Suppressions) -> None:
        self._read = read
        self._write = write
        self._suppressions = known

    def tried(self, batch: Sequence[OptOut]) -> Kept:
        """What would become of them; nothing is written."""
        with self._read.begin() as connection:
            return Kept(outcomes=_judged(connection, batch))

    def keep(self, batch: Sequence[OptOut], how: str, now: datetime) -> Kept:
        """Suppress these addresses, and end what their owners have from us, but for who confirmed it here themselves.

        `how` is why it ended, for the record.
        """
        with self._write.begin() as connection:
            outcomes = _judged(connection, batch)
            new = [each for each, became in zip(batch, outcomes, strict=True) if became is OptedOut.SUPPRESSED]
            for each in new:
                self._suppressions.add(connection, each.known_as, each.reason, now)
            return Kept(outcomes=outcomes, ended=_end(connection, new, how, now) if new else ())


def _judged(connection: Connection, batch: Sequence[OptOut]) -> list[OptedOut]:
    hashes = [each.known_as for each in batch]
    found = connection.execute(
        select(suppressions.c.hash, suppressions.c.reason).where(suppressions.c.hash.in_(hashes))
    )
    known = {row.hash: SuppressionReason(row.reason) for row in found}
    confirmed = _confirmed(connection, [each.key for each in batch])
    outcomes: list[OptedOut] = []
    for each in batch:
        outcomes.append(became := _became(each, known.get(each.known_as), confirmed))
        if became is OptedOut.SUPPRESSED:
            known[each.known_as] = each.reason
    return outcomes


def _became(opted: OptOut, known: SuppressionReason | None, confirmed: Collection[str]) -> OptedOut:
    if opted.key in confirmed:
        return OptedOut.CONFIRMED_HERE
    as_strong = known is not None and (not operator_may_lift(known) or operator_may_lift(opted.reason))
    return OptedOut.ALREADY if as_strong else OptedOut.SUPPRESSED


def _confirmed(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those who have confirmed here themselves that they want something that they still get."""
    own = and_(events.c.subscriber_id == subscribers.c.id, events.c.kind == EventKind.CONFIRMED)
    living = and_(subscriptions.c.subscriber_id == subscribers.c.id, subscriptions.c.state.in_(LIVING))
    theirs = select(KEY_OF_MAILBOX).where(of_mailboxes(keys), exists().where(own), exists().where(living))
    return set(connection.execute(theirs).scalars())


def _end(connection: Connection, opted: Sequence[OptOut], how: str, now: datetime) -> Sequence[str]:
    reasons: Mapping[str, SuppressionReason] = {each.key: each.reason for each in opted}
    rows = connection.execute(select(KEY_OF_MAILBOX.label("key"), subscribers.c.id).where(of_mailboxes(reasons)))
    found = {row.id: reasons[row.key] for row in rows}
    digests: dict[int, set[str]] = {}
    asked = select(subscriptions.c.subscriber_id, subscriptions.c.digest).where(
        subscriptions.c.subscriber_id.in_(found)
    )
    for row in connection.execute(asked):
        digests.setdefault(row.subscriber_id, set()).add(row.digest)
    ask_no_more(connection, digests)
    for reason in set(found.values()):
        event = Event(kind=EventKind.SUPPRESSED, at=now, detail={"reason": reason, "how": how})
        note_alike(connection, [(who, None) for who, of in found.items() if of is reason], event)
    # What only bounced is not ended, as when it bounces here: it may be lifted, and then goes on.
    own = [who for who, reason in found.items() if not operator_may_lift(reason)]
    ids = end_where(connection, subscriptions.c.subscriber_id.in_(own), how, now)
    return tokens_of(connection, subscriptions.c.id.in_(ids)) if ids else ()
