"""Domains that refuse us, for all but the sender: letters that came back, what waits, and letting it go on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    delete,
    distinct,
    func,
    or_,
    select,
    update,
)

from digest.adapters.row_keys import BOUND_DELIVERY, is_delivery
from digest.adapters.tables import (
    bounces,
    deliveries,
    editions,
    refusing_domains,
    slowed_domains,
    subscribers,
    subscriptions,
)
from digest.editions.delivery import OPEN, DeliveryState
from digest.editions.edition import EditionState
from digest.ids import EditionId
from digest.sending.adapters.domain_backoff import put, standing_of, standings_of_paused, stop_if_many
from digest.sending.adapters.outcomes import AFTER_THE_OTHERS
from digest.sending.domain_backoff import Patience, PausedDomain, Standing, is_asked, is_too_many
from digest.verp import Returned
from mail.address import domain_of
from mail.failure.status_codes import BounceClass
from storage.compiled import Prepared

_ROWS = 2000
"""How many letters one transaction lets go."""


class DomainReturns:
    """The receiving domains that refuse us."""

    def __init__(self, read: Engine, write: Engine, patience: Patience) -> None:
        self._read = read
        self._write = write
        self._patience = patience

    def came_back(self, letter: Returned, said: str, now: datetime) -> bool:
        """A letter that its relay took came back for our own fault; True when its domain is paused for it now."""
        with self._read.begin() as connection:
            sent = connection.execute(_SENT.where(_is(letter))).first()
            if sent is None:
                return False
            name = domain_of(sent.address)
            before = standing_of(connection, name)
            if not before.is_told_by(sent.at, now):
                return False
            if not before.is_paused and not self._is_asked_for(
                connection, letter.edition, name, before.told_since(now)
            ):
                return False
        with self._write.begin() as connection:
            before = standing_of(connection, name)
            if not before.is_told_by(sent.at, now):
                return False
            put(connection, name, before.paused(now, self._patience), f"returned: {said}")
            stop_if_many(connection, now)
        return True

    def paused(self, now: datetime) -> Sequence[PausedDomain]:
        """The domains that are paused now, by name."""
        with self._read.begin() as connection:
            paused = sorted((name, standing.at(now)) for name, standing in standings_of_paused(connection).items())
            texts = select(refusing_domains.c.name, refusing_domains.c.said)
            said = {row.name: row.said for row in connection.execute(texts)}
            return [
                PausedDomain(name=name, standing=standing, said=said[name], letters=_waiting(connection, name))
                for name, standing in paused
                if standing.is_paused
            ]

    def forget(self, before: datetime) -> int:
        """Let go of domains that were paused, slowed or freed before then, and of what only began to count."""
        until, free = refusing_domains.c.until, refusing_domains.c.free_since
        old = or_(until < before, and_(until.is_(None), or_(free.is_(None), free < before)))
        with self._write.begin() as connection:
            eased = connection.execute(delete(slowed_domains).where(slowed_domains.c.slowed < before)).rowcount
            return eased + connection.execute(delete(refusing_domains).where(old)).rowcount

    def resume(self, name: str, now: datetime) -> bool:
        """Let all letters to a domain go on at once; False when it was not paused."""
        with self._write.begin() as connection:
            if not standing_of(connection, name).is_paused:
                return False
            put(connection, name, Standing(free_since=now))
        some = (
            select(deliveries.c.edition_id.label("b_edition"), deliveries.c.subscription_id.label("b_subscription"))
            .join(editions, editions.c.id == deliveries.c.edition_id)
            .where(_UNDER_WAY, _WAITS, deliveries.c.next_at > AFTER_THE_OTHERS)
        )
        with self._read.begin() as connection:  # from now on, no letter to it is put off any more
            due = [dict(row) for row in connection.execute(_to(some, name)).mappings()]
        for begin in range(0, len(due), _ROWS):
            with self._write.begin() as connection:
                _GO_ON.many(connection, due[begin : begin + _ROWS])
        return True

    def _is_asked_for(self, connection: Connection, edition: EditionId, name: str, since: datetime | None) -> bool:
        """Whether so much of an edition came back that the domain is to be paused."""
        sent = and_(deliveries.c.edition_id == edition, deliveries.c.state == DeliveryState.SENT)
        if since:
            sent = and_(sent, deliveries.c.at >= since)
        returned = (
            select(func.count(distinct(bounces.c.subscription_id)))
            .join(deliveries, _the_same)
            .where(sent, bounces.c.edition_id == edition, bounces.c.domain == name, bounces.c.source != "smtp")
            .where(bounces.c.kind == BounceClass.SENDER_FAULT)
        )
        number = connection.execute(returned).scalar_one()
        if not is_asked(number, self._patience):
            return False
        tried = _to(select(func.count()).select_from(deliveries).where(sent), name)
        return is_too_many(number, connection.execute(tried).scalar_one())


def _waiting(connection: Connection, name: str) -> int:
    """How many letters of the editions under way are still to go to a domain."""
    wanted = select(func.count()).select_from(deliveries).join(editions, editions.c.id == deliveries.c.edition_id)
    number: int = connection.execute(_to(wanted.where(_UNDER_WAY, deliveries.c.state.in_(OPEN)), name)).scalar_one()
    return number


def _to(chosen: Select[Any], name: str) -> Select[Any]:
    """Of chosen deliveries, those to a domain."""
    return (
        chosen.join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(func.lower(subscribers.c.address).endswith(f"@{name}", autoescape=True))
    )


def _is(letter: Returned) -> ColumnElement[bool]:
    return and_(
        is_delivery(letter.edition, letter.subscription),
        deliveries.c.state == DeliveryState.SENT,
    )


_UNDER_WAY = editions.c.state.in_([EditionState.SENDING, EditionState.PAUSED])
_WAITS = deliveries.c.state == DeliveryState.DEFERRED
_GO_ON = Prepared(
    update(deliveries)
    .where(
        BOUND_DELIVERY,
        _WAITS,
    )
    .values(next_at=AFTER_THE_OTHERS)
)
_the_same = is_delivery(bounces.c.edition_id, bounces.c.subscription_id)
_SENT = (
    select(deliveries.c.at, subscribers.c.address)
    .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
    .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
)
