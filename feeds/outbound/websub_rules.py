"""WebSub rules: which topics are announced, what a hub's answer means, and when it is asked again (section 7)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from feeds.entries.address import may_be_at
from feeds.formats.forms import FORMS

TOPIC_SUFFIXES = frozenset(form.suffix for form in FORMS if form.name)
"""What feed readers subscribe to; pages and lists of feeds are no topics."""
LONGEST_WAIT = timedelta(hours=4)
GIVES_UP_AFTER = timedelta(days=2)
ALARM_FROM = 3
_WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
# What a hub says about this one topic; everything else, also that there is nothing at its address, is about the hub.
_OF_THE_TOPIC = frozenset({400, 409, 413, 414, 422})
_OK = range(200, 300)


@dataclass(frozen=True, kw_only=True)
class Hub:
    """Where to announce. One that stands on this machine was written so, and is looked for nowhere else."""

    address: str
    on_this_machine: bool

    def may_be_at(self, ip: str) -> bool:
        """Whether its name may lead to this address."""
        return may_be_at(ip, on_this_machine=self.on_this_machine)


@dataclass(frozen=True, kw_only=True)
class Ping:
    """A hub still has to hear of a topic's change.

    `attempts` failed so far, the last with `said`; `of_hub` tells whether that concerned the hub or this topic alone.
    """

    topic: str
    hub: str
    since: datetime
    due: datetime
    attempts: int = 0
    said: str = ""
    of_hub: bool = False
    given_up: bool = False


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a hub answered: its status, 0 when there was no answer, and what it said, or what went wrong."""

    status: int
    said: str
    retry_after: timedelta | None = None

    @property
    def good(self) -> bool:
        """Whether the ping arrived."""
        return self.status in _OK

    @property
    def of_hub(self) -> bool:
        """Whether a failure concerns the hub, so that its other pings would fail too."""
        return not self.good and self.status not in _OF_THE_TOPIC


def topics(changed: Iterable[str], slugs: Collection[str], public_url: str) -> tuple[str, ...]:
    """The public addresses that subscribers know, of the documents by these names; archives and pages are left out."""
    return tuple(f"{public_url}feeds/{name}" for name in changed if _is_topic(name, slugs))


def due(waiting: Sequence[Ping], now: datetime) -> tuple[Ping, ...]:
    """The pings of one hub that are to be sent now, in the order of the changes; none while the hub rests.

    A time further ahead than the longest wait was written by a clock that was wrong: it counts as come.
    """
    still = [ping for ping in waiting if not ping.given_up]
    if any(ping.of_hub and not _has_come(ping.due, now) for ping in still):
        return ()
    come = (ping for ping in still if _has_come(ping.due, now))
    return tuple(sorted(come, key=lambda ping: (ping.since, ping.topic)))


def failed(ping: Ping, answer: Answer, now: datetime) -> Ping:
    """The ping after an answer that was not good: asked again later, or given up two days after the change."""
    return replace(
        ping,
        due=now + _wait(ping.attempts, answer.retry_after),
        attempts=ping.attempts + 1,
        said=answer.said,
        of_hub=answer.of_hub,
        given_up=now - ping.since >= GIVES_UP_AFTER,
    )


def in_trouble(pings: Iterable[Ping], hubs: Collection[str]) -> dict[str, Ping]:
    """By hub, the ping that has failed most often, where that is often enough for an alarm."""
    worst: dict[str, Ping] = {}
    for ping in pings:
        worse = worst.get(ping.hub)
        if ping.hub in hubs and ping.attempts >= ALARM_FROM and (worse is None or ping.attempts > worse.attempts):
            worst[ping.hub] = ping
    return worst


def _is_topic(name: str, slugs: Collection[str]) -> bool:
    stem, dot, suffix = name.rpartition(".")
    return dot + suffix in TOPIC_SUFFIXES and stem in slugs


def _has_come(moment: datetime, now: datetime) -> bool:
    return moment <= now or moment - now > LONGEST_WAIT


def _wait(attempts: int, asked_for: timedelta | None) -> timedelta:
    """The next wait; a hub that asks for more time gets it, up to the longest wait (RFC 9110, 10.2.3)."""
    usual = _WAITS[attempts] if attempts < len(_WAITS) else LONGEST_WAIT
    return min(max(usual, asked_for or usual), LONGEST_WAIT)
