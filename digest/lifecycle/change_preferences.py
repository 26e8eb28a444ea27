"""My choices: what the holder of a leave token may see and change. Never an address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from budkavle.installation.wiring import Service
from digest.lifecycle.adapters.address_change import Move, as_detail
from digest.lifecycle.adapters.letter_requests import Asking
from digest.lifecycle.adapters.preferences import Choosing
from digest.lifecycle.preferences import Chosen
from digest.lifecycle.transactional_letter import NoticeKind
from digest.subscribers.subscription import LIVING, Filter, SubscriptionState
from mail.address import Address

__all__ = ["Choices", "Chosen", "ask_to_move", "change_digest", "choices", "choose", "pause_until", "resume"]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """A subscription as its holder sees it.

    `paused_until` is the day on which a pause ends by itself, `others` the digests it may be moved to, name to title.
    """

    digest: str
    title: str
    state: SubscriptionState
    wanted: Filter
    language: str
    paused_until: date | None
    others: Mapping[str, str]


def choices(service: Service, leave_token: str) -> Choices | None:
    """What the holder of this token gets; None for an unknown one. Looking changes nothing."""
    held = _choosing(service).find(leave_token)
    if held is None:
        return None
    titles = {digest.name: digest.title for digest in service.config.settings.digests}
    zone = service.config.settings.timezone
    taken = {held.digest, *held.others}
    return Choices(
        digest=held.digest,
        title=titles.get(held.digest, held.digest),
        state=held.state,
        wanted=held.wanted,
        language=held.language,
        paused_until=held.resumes.astimezone(zone).date() if held.resumes else None,
        others={name: title for name, title in titles.items() if name not in taken},
    )


def choose(service: Service, leave_token: str, wanted: Filter, language: str, now: datetime) -> Chosen:
    """Change the topics, publishers and language; the next edition counts them."""
    return _choosing(service).choose(leave_token, wanted, language, now)


def pause_until(service: Service, leave_token: str, day: date | None, now: datetime) -> Chosen:
    """Send nothing until the morning of `day`, or until resumed; what was missed comes after it."""
    zone = service.config.settings.timezone
    until = datetime.combine(day, time(), zone).astimezone(UTC) if day else None
    return _choosing(service).pause(leave_token, until, now)


def resume(service: Service, leave_token: str, now: datetime) -> Chosen:
    """End a pause."""
    return _choosing(service).resume(leave_token, now)


def change_digest(service: Service, leave_token: str, digest: str, now: datetime) -> Chosen:
    """Move the subscription to another digest, its cursor and receipts with it: nothing is missed, nothing repeated."""
    if digest not in {each.name for each in service.config.settings.digests}:
        return Chosen.UNCHANGED
    return _choosing(service).change_digest(leave_token, digest, now)


def ask_to_move(service: Service, leave_token: str, new: Address, now: datetime, goes: datetime | None = None) -> bool:
    """Queue a letter to the new address, whose confirmation moves this subscription and nothing else there.

    False, and no letter, for a token that is unknown or whose subscription is ended.
    """
    asking = Asking(service.database.write, service.key)
    held = _choosing(service).find(leave_token)
    if held is None or held.state not in LIVING:
        return False
    detail = as_detail(Move(subscription=held.id, to=new))
    asking.of_subscriber(held.subscriber, NoticeKind.MOVE, now, goes, detail=detail, address=new.text)
    service.bell.ring()
    return True


def owner_of(service: Service, leave_token: str) -> int | None:
    """The subscriber whose leave token this is; None for an unknown one."""
    held = _choosing(service).find(leave_token)
    return held.subscriber if held else None


def _choosing(service: Service) -> Choosing:
    return Choosing(service.database.read, service.database.write)
