"""Notes beside a preview: who will get nothing from the next edition, and why, before there was a first one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from articles.adapters.store import ArticleStore
from articles.article import Seq
from digest.editions.adapters.audience import AudienceCounts, waiting
from digest.editions.adapters.editions import Editions
from digest.editions.digest import Digest
from digest.editions.plan import Planning
from digest.editions.schedule import due_slot
from digest.editions.selection import Newsroom, newsroom
from digest.subscribers.adapters.subscribers import Subscribers
from digest.subscribers.subscription import SubscriptionState
from mail.address import Address
from storage.database import Database

_BEGINS_LATER = "begin after every article that would fit; who subscribes gets what is stored from then on"
_FITS_NOTHING = "chose topics or publishers that no stored article has"


@dataclass(frozen=True, kw_only=True)
class PreviewNotes:
    """Preview notes: why the next edition goes to fewer people than one may think, or to nobody."""

    database: Database
    articles: ArticleStore
    editions: Editions
    subscribers: Subscribers
    planning: Planning

    def about(self, digest: Digest, reader: Address | None, now: datetime) -> Iterator[str]:
        """One line a reason."""
        subscription = self.subscribers.find(reader, digest.name) if reader else None
        if subscription is not None and subscription.state is not SubscriptionState.ACTIVE:
            yield f"this subscription is {subscription.state}: no letter goes to it"
        if self.editions.newest(digest.name) is not None:
            return
        seen = self.editions.known_since(digest.name) or now
        slot = due_slot(digest.rhythm, now, seen, []) or self.planning.upcoming(digest, now)
        due = slot.due.astimezone(digest.rhythm.zone)
        yield f"{digest.name} has had no edition; the first is {slot.key}, due {due:%Y-%m-%d %H:%M}"
        with self.database.read.begin() as connection:
            audience = waiting(connection, digest.name)
        yield from _by_state(digest.name, audience)
        cut = self.articles.last_seq()
        yield from _by_choice(audience, newsroom(self.articles.standings(cut), digest.selection, cut))


def _by_state(name: str, audience: AudienceCounts) -> Iterator[str]:
    if not audience.active:
        yield f"nobody would get a letter: {name} has no active subscription that can be mailed"
    for number, what in (
        (audience.states.get(SubscriptionState.PENDING, 0), "pending: nothing goes to them until their owners confirm"),
        (audience.states.get(SubscriptionState.PAUSED, 0), "paused: nothing goes to them until they are resumed"),
        (audience.suppressed, "suppressed: their addresses bounced, or their owners said no"),
    ):
        if number:
            yield f"{number} {_subscriptions(number)} {what}"


def _by_choice(audience: AudienceCounts, room: Newsroom) -> Iterator[str]:
    """Of those who can be mailed, who would be shown nothing: before a first edition no notice is owed to anybody."""
    empty = Counter[str]()
    for (wanted, from_seq), number in audience.active.items():
        if not room.items(wanted, from_seq):
            empty[_BEGINS_LATER if room.items(wanted, Seq(0)) else _FITS_NOTHING] += number
    for why, number in sorted(empty.items()):
        yield f"{number} of {sum(audience.active.values())} active subscriptions would get nothing: they {why}"


def _subscriptions(number: int) -> str:
    return "subscription is" if number == 1 else "subscriptions are"
