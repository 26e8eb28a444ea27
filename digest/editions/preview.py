"""A look at the next letter: made by the code that makes the real one."""

from datetime import datetime

from articles.article import Seq
from budkavle.config.settings import Digest
from budkavle.installation.wiring import Service
from digest.editions.compose import letter_form
from digest.editions.delivery import EditionId
from digest.editions.edition import Edition, EditionState
from digest.editions.letter_sizes import fit_of
from digest.editions.plan import upcoming
from digest.editions.selection import content, newsroom
from digest.letters.content import Content
from digest.letters.letter import Form, made_out
from digest.letters.values import Recipient
from digest.subscribers.adapters.subscribers import Subscription
from digest.subscribers.subscription import ALL, filter_of
from mail.address import Address

_ANYBODY = Recipient(address="recipient@example.org", leave_token="0" * 32)


def preview(service: Service, digest: Digest, reader: Address | None, now: datetime) -> bytes | None:
    """The letter that this subscriber, or one who wants everything, would get now; None when it would be empty.

    Raises LookupError when the address has no subscription.
    """
    known = _subscription(service, digest, reader) if reader else None
    made = upcoming_form(service, digest, known, now)
    recipient = Recipient(address=known.address, leave_token=known.token) if known else _ANYBODY
    return made_out(made, recipient) if made else None


def upcoming_form(service: Service, digest: Digest, known: Subscription | None, now: datetime) -> Form | None:
    """The letter of the edition to come, for a subscription or for one that wants everything; None when empty."""
    cut, key = service.articles.last_seq(), upcoming(service, digest, now).key
    edition = Edition(
        id=EditionId(0),
        digest=digest.name,
        key=key,
        since=service.editions.before(digest.name, key),
        cut=cut,
        moment=now,
        state=EditionState.PLANNING,
    )
    held = _content(service, digest, known, edition)
    return None if held.is_empty else letter_form(service, digest, edition, held)


def _content(service: Service, digest: Digest, known: Subscription | None, edition: Edition) -> Content:
    selection = filter_of(digest.topics, digest.publishers)
    reach = service.editions.reach(digest.name)
    room = newsroom(service.articles.standings(edition.cut), selection, edition.cut, reach)
    newest = service.editions.newest(digest.name)
    from_seq = known.from_seq if known else (newest.cut if newest else Seq(0))
    said = service.editions.said(known.id, list(room.standings)) if known else {}
    items = room.items(known.wanted if known else ALL, from_seq)
    return fit_of(service, digest)(content(items, said, room, digest.items))


def _subscription(service: Service, digest: Digest, reader: Address) -> Subscription:
    found = service.subscribers.find(reader, digest.name)
    if found is None:
        msg = f"nobody with this address subscribes to {digest.name}; see `budkavle subscribers list`"
        raise LookupError(msg)
    return found
