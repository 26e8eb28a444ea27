"""Rate limits: how many letters a page may cause, counted by keyed hash."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Engine,
    Label,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from digest.adapters.tables import caused_letters, events, refused_letters, subscribers, subscriptions
from digest.keys import Key, Purpose
from digest.lifecycle.rate_limits import (
    DAY,
    HOUR,
    PENDING,
    LetterRequest,
    Limit,
    Limits,
    RecentLetters,
    RefusedLetters,
    Share,
    decide,
    share_of,
)
from digest.subscribers.events import EventKind
from digest.subscribers.subscription import LIVING
from storage.columns import Instant

log = structlog.get_logger()

_WRITE_SECONDS = 10.0
"""In a flood, what was refused is written down this often: it must not compete with the letters for the disk."""

_WIDE, _BEHIND_ALL = 32, "g"
"""How much of a network's hash is its wide network's, 128 bits; and what stands behind every hexadecimal sign."""

_row = caused_letters.c
_ANSWERS = (EventKind.CONFIRMED, EventKind.MOVED, EventKind.EXPORTED)
"""What only somebody does who reads the letters."""


def _count(*which: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(caused_letters).where(*which).scalar_subquery()


def _moment(name: str) -> BindParameter[datetime]:
    return bindparam(name, type_=Instant)


def _caused() -> Select[Any]:
    """All that the rule asks of the table, built once: in a flood, building it would cost more than reading."""
    to_address = _row.address == bindparam("address")
    # What came before its owner last answered was no bomb.
    answers = select(func.max(events.c.at)).join(subscribers, subscribers.c.id == events.c.subscriber_id)
    person = or_(subscribers.c.address_key == bindparam("person"), subscribers.c.mailbox == bindparam("person"))
    by_owner = (person, events.c.kind.in_(_ANSWERS))
    answered = func.coalesce(answers.where(*by_owner).scalar_subquery(), _moment("pending"), type_=Instant)
    in_network = _row.network.in_(bindparam("networks", expanding=True))
    beginnings = (bindparam(name, type_=String) for name in ("today", "before"))
    in_wide = or_(*(_row.network.between(beginning, beginning + _BEHIND_ALL) for beginning in beginnings))
    lately = _row.asked > _moment("hour")
    in_domain = and_(_row.domain == bindparam("domain"), lately)
    is_own, is_crowded = _row.share == Share.OWN, _row.share == Share.CROWDED
    subscribed = select(subscriptions.c.id).join(subscribers).where(person, subscriptions.c.state.in_(LIVING))
    return select(
        select(func.max(_row.asked)).where(to_address).scalar_subquery().label("last"),
        _count(to_address, _row.asked > _moment("day")).label("last_day"),
        _count(to_address, _row.asked > _moment("pending"), _row.asked > answered).label("unanswered"),
        _count(in_network, lately).label("from_network"),
        _count(in_wide, lately).label("from_wide_network"),
        _count(in_domain, is_own).label("own_to_domain"),
        _count(in_domain, ~is_own).label("new_to_domain"),
        _count(in_domain, is_crowded).label("crowded_to_domain"),
        subscribed.exists().label("is_known"),
        *(_last_in_bounds(share) for share in Share),
    )


def _last_in_bounds(share: Share) -> Label[Any]:
    """Counted from the newest, the last letter of a share that is in bounds: an hour after it there is room again."""
    goes = select(_row.goes).where(_row.share == share, _row.goes > _moment("hour")).order_by(_row.goes.desc())
    return goes.offset(bindparam(f"most_{share}")).limit(1).scalar_subquery().label(f"newest_{share}")


_CAUSED = _caused()
CountedSlot = tuple[datetime, Limit, str]


class RateLimits:
    """Counts the letters that pages cause, and says when one more is too many."""

    def __init__(
        self, read: Engine, write: Engine, key: Key, limits: Limits, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._write = write
        self._key = key
        self._limits = limits
        self._ticks = ticks
        self._refused = Counter[CountedSlot]()
        self._this_hour = Counter[tuple[datetime, Limit]]()
        self._written = float("-inf")
        self._lock = threading.Lock()

    def refuses(self, asked: LetterRequest, now: datetime) -> bool:
        """Whether a letter is forbidden already, found without writing: a flood costs no more than reading."""
        with self._read.begin() as connection:
            decided, _ = self._decide(connection, asked, now)
        if isinstance(decided, Limit):
            self._note(decided, asked, now)
            if self._ticks() - self._written >= _WRITE_SECONDS:
                self.write_down()
            return True
        return False

    def allow(self, asked: LetterRequest, now: datetime) -> datetime | None:
        """When a letter may go, counted at once; None when there have been too many."""
        if self.refuses(asked, now):
            return None
        with self._write.begin() as connection:
            return self.admit(connection, asked, now)

    def admit(self, connection: Connection, asked: LetterRequest, now: datetime) -> datetime | None:
        """When one more letter may go, counted in this transaction; None when it may not."""
        decided, share = self._decide(connection, asked, now)
        if isinstance(decided, Limit):
            self._note(decided, asked, now)
            return None
        if decided > now:
            self._note(Limit.OVERALL, asked, now)
        hashes = {
            "address": self._of_address(asked),
            "domain": self._of_domain(asked),
            "network": self._of_network(asked, now),
        }
        connection.execute(insert(caused_letters).values(asked=now, goes=decided, share=share, **hashes))
        return decided

    def forget_old(self, now: datetime) -> None:
        """Let go of what no limit asks for any more, and write down what was refused."""
        with self._write.begin() as connection:
            connection.execute(delete(caused_letters).where(caused_letters.c.asked < now - PENDING))
            old = and_(caused_letters.c.asked < now - DAY, caused_letters.c.network.is_not(None))
            connection.execute(update(caused_letters).where(old).values(domain=None, network=None))
            connection.execute(delete(refused_letters).where(refused_letters.c.last < now - DAY))
        self.write_down()

    def refused(self, since: datetime) -> Sequence[RefusedLetters]:
        """What limits have forbidden, each subject's sum over the last day, if its last is newer than `since`."""
        row = refused_letters.c
        last = func.max(row.last).label("last")
        sums = select(row.limit, row.subject, func.sum(row.number).label("number"), last)
        recent = sums.group_by(row.limit, row.subject).having(last > since).order_by(row.limit, row.subject)
        with self._read.begin() as connection:
            rows = connection.execute(recent).all()
        return [
            RefusedLetters(limit=Limit(total.limit), subject=total.subject, number=total.number, last=total.last)
            for total in rows
        ]

    def _decide(self, connection: Connection, asked: LetterRequest, now: datetime) -> tuple[datetime | Limit, Share]:
        networks = [self._of_network(asked, moment) for moment in (now, now - HOUR)]  # it is another one after midnight
        wanted = {
            "address": self._of_address(asked),
            "person": asked.address.key,
            "domain": self._of_domain(asked),
            "networks": networks,
            "today": networks[0][:_WIDE],
            "before": networks[1][:_WIDE],
            "hour": now - HOUR,
            "day": now - DAY,
            "pending": now - PENDING,
            **{f"most_{share}": self._limits.of_share(share) - 1 for share in Share},
        }
        row = connection.execute(_CAUSED, wanted).one()
        share = share_of(asked.purpose, is_known=row.is_known, from_wide_network=row.from_wide_network)
        newest = getattr(row, f"newest_{share}")
        caused = RecentLetters(
            last=row.last,
            last_day=row.last_day,
            unanswered=row.unanswered,
            from_network=row.from_network,
            from_wide_network=row.from_wide_network,
            to_domain=row.own_to_domain if share is Share.OWN else row.new_to_domain,
            free_from=newest + HOUR if newest else now,
            share=share,
            crowded_to_domain=row.crowded_to_domain,
        )
        return decide(self._limits, asked, caused, now), share

    def _note(self, limit: Limit, asked: LetterRequest, now: datetime) -> None:
        subject = {
            Limit.ADDRESS: self._of_address(asked)[:16],
            Limit.NETWORK: self._of_network(asked, now)[:16],
            Limit.DOMAIN: asked.domain,
            Limit.OVERALL: "",
        }[limit]
        hour = now.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            self._refused[hour, limit, subject] += 1
            self._last = now
            self._this_hour = Counter({slot: number for slot, number in self._this_hour.items() if slot[0] == hour})
            self._this_hour[hour, limit] += 1
            number = self._this_hour[hour, limit]
        if number.bit_count() == 1:  # the first, and whenever there are twice as many: a flood costs few lines
            event = "letter_delayed" if limit is Limit.OVERALL else "letter_withheld"
            log.warning(event, limit=limit, this_hour=number, setting=limit.settings)

    def write_down(self) -> None:
        """Write down what was refused and only counted so far."""
        with self._lock:
            noted, self._refused = self._refused, Counter()
            self._written = self._ticks()
        if not noted:
            return
        row = refused_letters.c
        with self._write.begin() as connection:
            for (hour, limit, subject), number in noted.items():
                same = and_(row.hour == hour, row.limit == limit, row.subject == subject)
                more = update(refused_letters).where(same).values(number=row.number + number, last=self._last)
                if not connection.execute(more).rowcount:
                    values = {"hour": hour, "limit": limit, "subject": subject, "number": number, "last": self._last}
                    connection.execute(insert(refused_letters).values(values))

    def _of_address(self, asked: LetterRequest) -> str:
        return self._key.mac(Purpose.LIMIT, asked.counted_as)

    def _of_domain(self, asked: LetterRequest) -> str:
        return self._key.mac(Purpose.LIMIT, f"domain {asked.domain}")

    def _of_network(self, asked: LetterRequest, moment: datetime) -> str:
        """It begins with the wide network's, so that one index finds both."""
        of = (f"network {moment:%Y-%m-%d} {name}" for name in (asked.network.wide, asked.network.narrow))
        return "".join(self._key.mac(Purpose.LIMIT, name)[:_WIDE] for name in of)
