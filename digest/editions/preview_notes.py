"""Who will get nothing from the next edition, and why: said beside a preview, before there was a first edition."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from articles.article import Seq
from budkavle.config.settings import Digest
from budkavle.installation.wiring import Service
from digest.editions.adapters.audience import Waiting, waiting
from digest.editions.plan import upcoming
from digest.editions.rhythm import rhythm
from digest.editions.schedule import due_slot
from digest.editions.selection import Newsroom, newsroom
from digest.subscribers.subscription import SubscriptionState, filter_of
from mail.address import Address

_BEGINS_LATER = "begin after every article that would fit; who subscribes gets what is stored from then on"
_FITS_NOTHING = "chose topics or publishers that no stored article has"


def preview_notes(service: Service, digest: Digest, reader: Address | None, now: datetime) -> Iterator[str]:
    """Why the next edition goes to fewer people than one may think, or to nobody."""
    known = service.subscribers.find(reader, digest.name) if reader else None
    if known is not None and known.state is not SubscriptionState.ACTIVE:
        yield f"this subscription is {known.state}: no letter goes to it"
    if service.editions.newest(digest.name) is not None:
        return
    seen = service.editions.known_since(digest.name) or now
    slot = due_slot(rhythm(service, digest), now, seen, []) or upcoming(service, digest, now)
    due = slot.due.astimezone(service.config.settings.timezone)
    yield f"{digest.name} has had no edition; the first is {slot.key}, due {due:%Y-%m-%d %H:%M}"
    with service.database.read.begin() as connection:
        found = waiting(connection, digest.name)
    yield from _by_state(digest.name, found)
    cut = service.articles.last_seq()
    room = newsroom(service.articles.standings(cut), filter_of(digest.topics, digest.publishers), cut)
    yield from _by_choice(found, room)


def _by_state(name: str, found: Waiting) -> Iterator[str]:
    if not found.active:
        yield f"nobody would get a letter: {name} has no active subscription that can be mailed"
    for number, what in (
        (found.states.get(SubscriptionState.PENDING, 0), "pending: nothing goes to them until their owners confirm"),
        (found.states.get(SubscriptionState.PAUSED, 0), "paused: nothing goes to them until they are resumed"),
        (found.suppressed, "suppressed: their addresses bounced, or their owners said no"),
    ):
        if number:
            yield f"{number} {_subscriptions(number)} {what}"


def _by_choice(found: Waiting, room: Newsroom) -> Iterator[str]:
    """Of those who can be mailed, who would be shown nothing: before a first edition no notice is owed to anybody."""
    empty = Counter[str]()
    for (wanted, from_seq), number in found.active.items():
        if not room.items(wanted, from_seq):
            empty[_BEGINS_LATER if room.items(wanted, Seq(0)) else _FITS_NOTHING] += number
    for why, number in sorted(empty.items()):
        yield f"{number} of {sum(found.active.values())} active subscriptions would get nothing: they {why}"


def _subscriptions(number: int) -> str:
    return "subscription is" if number == 1 else "subscriptions are"
