"""Domains with a pace of their own, as the ledger sees them. While there is none, a claim looks at an empty table."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, and_, bindparam, delete, exists, func, insert, select, update

from digest.adapters.row_keys import BOUND_DELIVERY
from digest.adapters.tables import deliveries, editions, slowed_domains, subscribers, subscriptions
from digest.editions.delivery import Claim, DeliveryState
from digest.editions.edition import EditionState
from digest.sending.adapters.claims import Fate
from digest.sending.adapters.outcomes import AFTER_THE_OTHERS
from digest.sending.domain_backoff import owners
from digest.sending.domain_pace import DomainPace, SlowedDomain, asks_for_pace, slowed_at
from mail.address import domain_of
from mail.limits.receiver_words import names_a_receiver
from mail.limits.relay_limits import judged as judge
from mail.reply import Reply, Verdict, verdict
from storage.compiled import Prepared

_OWNERS, _OWNERS_IN_PLAIN_WORDS = 3, 2
"""From so many owners on it is the relay that asks: in the words of big receivers, with no letter taken between."""
_TOGETHER = timedelta(minutes=10)
Found = Sequence[tuple[Claim, Fate | None]]


class DomainPaces:
    """What one sender knows of the domains that asked for a slower pace."""

    def __init__(self) -> None:
        self._complained: dict[str, DomainPace | None] = {}
        """Who asked for it in a receiver's own words since the last letter was taken, and the pace before that."""
        self._plainly: dict[str, DomainPace | None] = {}
        self._plainly_at: datetime | None = None
        """Who asked for it in plain words, a relay's perhaps, the last time not long ago."""
        self.slowed: frozenset[str] = frozenset()
        """The domains that this group slowed down: letters at hand to them are given back."""

    def judged(
        self, connection: Connection, letters: Sequence[tuple[Claim, Reply]], now: datetime
    ) -> list[tuple[Claim, Reply, Verdict]]:
        """The verdicts on these letters: a domain that asks for a slower pace is slowed alone.

        When so many owners ask for it in a row, it is rather the relay that does: then none is.
        """
        self.slowed = frozenset()
        verdicts = []
        for claim, reply in letters:
            judged = judge(reply)
            if judged is Verdict.SENT:
                self._complained.clear()
            elif asks_for_pace(reply):
                marked = names_a_receiver(reply)
                asked = self._complained if marked else self._asked_plainly(now)
                most = _OWNERS if marked else _OWNERS_IN_PLAIN_WORDS
                alone = marked or _takes_others(connection, claim, letters)
                name = domain_of(claim.address)
                if _is_alone(connection, name, asked, most) and alone:
                    self._slow_down(connection, name, str(reply), now)
                    judged = Verdict.SLOWED
            verdicts.append((claim, reply, judged))
        return verdicts

    def admitted(self, connection: Connection, found: Found, now: datetime) -> Found:
        """Of deliveries that are due, those that may go now. The others are due again when it is their turn."""
        paces = {name: _pace(row) for name, row in _rows(connection).items()}
        if not paces:
            return found
        kept: list[tuple[Claim, Fate | None]] = []
        for claim, fate in found:
            name = domain_of(claim.address)
            pace = paces.get(name)
            if pace is None or fate or pace.is_over(now):
                kept.append((claim, fate))
            elif pace.is_ready(now):
                paces[name] = pace.after_letter(now)
                kept.append((claim, fate))
            else:
                paces[name] = later = pace.after_putting_off(now)
                _PUT_OFF.run(connection, b_edition=claim.edition, b_subscription=claim.subscription, n_next=later.last)
        for name, pace in paces.items():
            _put(connection, name, None if pace.is_over(now) else pace)
        return kept

    def _asked_plainly(self, now: datetime) -> dict[str, DomainPace | None]:
        if self._plainly_at is None or not timedelta() <= now - self._plainly_at < _TOGETHER:
            self._plainly.clear()
        self._plainly_at = now
        return self._plainly

    def _slow_down(self, connection: Connection, name: str, said: str, now: datetime) -> None:
        before = _known(connection, name)
        usable = before if before and not before.is_over(now) else None
        _put(connection, name, usable.after_complaint(now) if usable else slowed_at(now), said)
        self.slowed |= {name}


def slowed_now(connection: Connection, now: datetime) -> Sequence[SlowedDomain]:
    """The domains whose letters are spaced at `now`, by name."""
    rows = [(row, _pace(row)) for _, row in sorted(_rows(connection).items())]
    return [
        SlowedDomain(name=row["name"], between=pace.between(now), said=row["said"])
        for row, pace in rows
        if not pace.is_over(now)
    ]


def _is_alone(connection: Connection, name: str, asked: dict[str, DomainPace | None], most: int) -> bool:
    """Whether fewer owners than `most` ask for a pace with this domain; else all of them get back what they had."""
    news = name not in asked
    asked.setdefault(name, _known(connection, name))
    if owners(asked) < most:
        return True
    for domain, pace in asked.items() if news else ():
        _put(connection, domain, pace)
        if pace is None:
            _plan_anew(connection, domain)
    return False


def _plan_anew(connection: Connection, name: str) -> None:
    """Plan what was put off for a domain's pace alone: it was the relay that asked, and nothing was refused to it."""
    of_domain = (
        select(subscriptions.c.id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(func.lower(subscribers.c.address).endswith(f"@{name}", autoescape=True))
    )
    under_way = select(editions.c.id).where(editions.c.state.in_([EditionState.SENDING, EditionState.PAUSED]))
    put_off = and_(
        deliveries.c.edition_id.in_(under_way),
        deliveries.c.state == DeliveryState.DEFERRED,
        deliveries.c.attempt == 0,
        deliveries.c.reply.is_(None),
        deliveries.c.subscription_id.in_(of_domain),
    )
    again = {"state": DeliveryState.PLANNED, "next_at": AFTER_THE_OTHERS}
    connection.execute(update(deliveries).where(put_off).values(again))


def _known(connection: Connection, name: str) -> DomainPace | None:
    row = _rows(connection).get(name)
    return _pace(row) if row else None


def _takes_others(connection: Connection, claim: Claim, letters: Sequence[tuple[Claim, Reply]]) -> bool:
    """Whether the relay took a letter to another domain, of this group or this edition: then it is not too slow."""
    name = domain_of(claim.address)
    if any(verdict(reply) is Verdict.SENT and domain_of(other.address) != name for other, reply in letters):
        return True
    elsewhere = (
        exists()
        .where(deliveries.c.edition_id == claim.edition, deliveries.c.state == DeliveryState.SENT)
        .where(subscriptions.c.id == deliveries.c.subscription_id, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(~func.lower(subscribers.c.address).endswith(f"@{name}", autoescape=True))
    )
    return bool(connection.execute(select(elsewhere)).scalar())


def _rows(connection: Connection) -> dict[str, RowMapping]:
    if _ANY.run(connection).fetchone() is None:
        return {}
    return {row["name"]: row for row in connection.execute(select(slowed_domains)).mappings()}


def _pace(row: RowMapping) -> DomainPace:
    every = timedelta(seconds=row["every"])
    return DomainPace(every=every, slowed=row["slowed"], ready=row["ready"], last=row["last"])


def _put(connection: Connection, name: str, pace: DomainPace | None, said: str | None = None) -> None:
    """Keep a domain's pace, and what it said; one that is like any other needs no row."""
    is_this_one = slowed_domains.c.name == name
    if pace is None:
        connection.execute(delete(slowed_domains).where(is_this_one))
        return
    values = {"every": pace.every.total_seconds(), "slowed": pace.slowed, "ready": pace.ready, "last": pace.last}
    values |= {} if said is None else {"said": said}
    if not connection.execute(update(slowed_domains).where(is_this_one).values(values)).rowcount:
        connection.execute(insert(slowed_domains).values({"name": name, "said": ""} | values))


_ANY = Prepared(select(slowed_domains.c.name).limit(1))
_PUT_OFF = Prepared(
    update(deliveries).where(BOUND_DELIVERY).values(state=DeliveryState.DEFERRED, next_at=bindparam("n_next"))
)
