"""Mass refusal as the ledger sees it: what an edition's last letters were told, and taking back what blames nobody.

As long as nothing is refused without naming a mailbox, this asks the store nothing and remembers nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, or_, select

from digest.adapters.tables import deliveries, editions, subscribers, subscriptions
from digest.editions.delivery import OPEN, Claim, DeliveryState, Reason
from digest.editions.edition import CLOSED, EditionState
from digest.ids import EditionId
from digest.sending.adapters.domain_backoff import DomainPauses
from digest.sending.adapters.outcomes import Outcomes
from digest.sending.adapters.taking_back import put_back_put_off, refused_letters, take_back
from digest.sending.mass_refusal import (
    WINDOW,
    Decided,
    is_unsaid,
    mass_refusal,
    refusal_key,
    refused,
    wholesale_refusal,
)
from mail.address import domain_of
from mail.failure.refusal_words import Blame, blame_of
from mail.reply import Reply, Verdict, is_kept_refusal

_HOW = "mass refusal"
_SAID = 200
_DOMAINS = 3
Judged = Sequence[tuple[Claim, Reply, Verdict]]
Windows = dict[EditionId, tuple[Decided, ...]]


class MassRefusals:
    """What one sender knows of the letters decided last. After a restart it reads that off the ledger's rows."""

    def __init__(self) -> None:
        self._windows: Windows = {}
        self._next: Windows = {}
        self._answers: dict[EditionId, str] = {}
        """What the editions were told that paused: letters that were under way then may still hear it."""

    def keep(self) -> None:
        """Remember what `stop` was told last: its group is durable."""
        self._windows = self._next

    def stop(self, outcomes: Outcomes, judged: Judged) -> set[EditionId]:
        """Pause the editions that were refused as a whole, by these outcomes, which are written down; says which.

        Of each, the letters that were refused with that answer are planned again.
        """
        if not self._windows and all(verdict is Verdict.SENT for _, _, verdict in judged):
            self._next = {}
            return set()
        connection = outcomes.connection
        self._next = self._after(connection, judged)
        answers = {edition: mass_refusal(window) for edition, window in self._next.items()}
        keys = {edition: key for edition, key in answers.items() if key and _state(connection, edition) not in CLOSED}
        ended = {claim.edition for claim, _, verdict in judged if verdict is Verdict.FAILED}
        keys |= {edition: key for edition in ended - keys.keys() if (key := _wholesale(connection, edition))}
        for edition, key in keys.items():
            outcomes.pause(edition, self._taken_back(connection, edition, key, outcomes.now), heals=False)
        for edition in {claim.edition for claim, _, verdict in judged if verdict is Verdict.BLAMED}:
            if _state(connection, edition) == EditionState.PAUSED:
                put_back_put_off(connection, edition)
        for edition in (ended & self._answers.keys()) - keys.keys():
            if _state(connection, edition) == EditionState.PAUSED:
                self._taken_back(connection, edition, self._answers[edition], outcomes.now)
        return set(keys)

    def _after(self, connection: Connection, judged: Judged) -> Windows:
        windows = dict(self._windows)
        unread = {
            claim.edition
            for claim, reply, verdict in judged
            if verdict is Verdict.FAILED and claim.edition not in windows and is_unsaid(str(reply))
        }
        windows |= {edition: _decided_last(connection, edition) for edition in unread}
        watched = self._windows.keys()
        for edition in watched & {claim.edition for claim, _, _ in judged}:
            newer = [
                refused(domain_of(claim.address), str(reply))
                if verdict is Verdict.FAILED
                else Decided(domain=domain_of(claim.address))
                for claim, reply, verdict in judged
                if claim.edition == edition and verdict in {Verdict.FAILED, Verdict.SENT}
            ]
            windows[edition] = (*windows[edition], *newer)[-WINDOW:]
        return windows

    def _taken_back(self, connection: Connection, edition: EditionId, key: str, now: datetime) -> str:
        said = next((letter.said for letter in refused_letters(connection, edition) if _is(letter.said, key)), "")
        self._answers[edition] = key
        back = take_back(connection, edition, lambda said: _is(said, key), _HOW, now)
        self._next = {other: window for other, window in self._next.items() if other != edition}
        number = "1 letter was" if back.letters == 1 else f"{back.letters} letters were"
        return (
            f"{number} refused with one answer, which names no mailbox: {said[:_SAID]}"
            f" (nobody is blamed, and they are planned again)"
        )


def stop_refused_throughout(
    outcomes: Outcomes, domains: DomainPauses, editions_under_way: Sequence[EditionId]
) -> set[EditionId]:
    """Pause the editions of which nothing can go, because all of it was refused for our own fault; says which."""
    stopped = set[EditionId]()
    for edition in editions_under_way:
        if refusals := _refused_throughout(outcomes.connection, edition):
            put_back_put_off(outcomes.connection, edition)
            domains.free(outcomes.connection, {domain_of(row.address) for row in refusals})
            why = f"every letter was refused for our own fault: {refusals[0].reply[:_SAID]}"
            outcomes.pause(edition, why, heals=False)
            stopped.add(edition)
    return stopped


def _refused_throughout(connection: Connection, edition: EditionId) -> Sequence[Row[*tuple[Any, ...]]]:
    """What an edition was told of which nothing was sent, and to whom.

    Nothing unless all that is open was refused for our own fault, or waits for a domain that did so; and unless that
    was said in words about us, or by several domains. One domain alone waits alone.
    """
    last_word = [DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.SENT, DeliveryState.UNCERTAIN]
    others = exists().where(deliveries.c.edition_id == edition, deliveries.c.state.in_(last_word))
    if connection.execute(select(others)).scalar():
        return []
    refusals: Sequence[Row[*tuple[Any, ...]]] = connection.execute(
        _PUT_OFF.where(deliveries.c.edition_id == edition)
    ).all()
    if not all(is_kept_refusal(row.reply) for row in refusals):
        return []
    by_words = all(blame_of(row.reply) is Blame.OURS for row in refusals)
    return refusals if by_words or len({domain_of(row.address) for row in refusals}) >= _DOMAINS else []


def _state(connection: Connection, edition: EditionId) -> str:
    state: str = connection.execute(select(editions.c.state).where(editions.c.id == edition)).scalar_one()
    return state


_PUT_OFF = (
    select(subscribers.c.address, deliveries.c.reply)
    .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
    .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
    .where(deliveries.c.state == DeliveryState.DEFERRED, deliveries.c.reply.is_not(None))
)


def _is(said: str, key: str) -> bool:
    return is_unsaid(said) and refusal_key(said) == key


def _wholesale(connection: Connection, edition: EditionId) -> str | None:
    """The answer to an edition of which nothing is open and nothing was sent, unless it was closed meanwhile."""
    not_over = deliveries.c.state.in_([*OPEN, DeliveryState.SENT, DeliveryState.UNCERTAIN])
    is_sending = and_(editions.c.id == edition, editions.c.state == EditionState.SENDING)
    others = exists().where(deliveries.c.edition_id == edition, not_over)
    if connection.execute(select(editions.c.id).where(is_sending, ~others)).first() is None:
        return None
    return wholesale_refusal([letter.said for letter in refused_letters(connection, edition) if letter.is_wanted])


def _decided_last(connection: Connection, edition: EditionId) -> tuple[Decided, ...]:
    """The letters of an edition that were decided last, the newest at the end. Reads all, once a sender."""
    failed = and_(deliveries.c.state == DeliveryState.FAILED, deliveries.c.reason == Reason.REFUSED)
    last = (
        select(deliveries.c.subscription_id, deliveries.c.state, deliveries.c.reply, deliveries.c.at)
        .where(deliveries.c.edition_id == edition, or_(deliveries.c.state == DeliveryState.SENT, failed))
        .order_by(deliveries.c.at.desc())
        .limit(WINDOW)
        .subquery()
    )
    rows = connection.execute(
        select(last.c.state, last.c.reply, subscribers.c.address)
        .join(subscriptions, subscriptions.c.id == last.c.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .order_by(last.c.at)
    ).all()
    return tuple(
        Decided(domain=domain_of(row.address))
        if row.state == DeliveryState.SENT
        else refused(domain_of(row.address), row.reply or "")
        for row in rows
    )
