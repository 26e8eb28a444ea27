"""Dates of editions as a person types them: which are none, which come too late, and which silence a digest."""

from datetime import date, datetime, timedelta

from budkavle.cli.confirm_prompt import confirmed
from budkavle.cli.terminal import WrongUseError, now
from budkavle.installation.wiring import Service
from digest.editions.digest import Digest
from digest.editions.edition import Edition
from digest.editions.schedule import blocking_key, free_slot
from digest.editions.slots import PeriodKey

_FAR = timedelta(days=36_525)
"""No calendar is asked for a day that lies a hundred years ahead."""


def period_named(service: Service, digest: Digest, key: str) -> PeriodKey:
    """The period that a person names. Raises WrongUseError when it can have no edition."""
    day = _day(key)
    if day is None:
        raise WrongUseError(f"--edition {key}: no date; write the period's local date like 2026-01-09")
    if day > now().date() + _FAR:
        raise WrongUseError(f"--edition {key}: it lies more than a hundred years ahead; mend the year")
    editions = service.planning.schedule(digest, now())
    if not _exists(service, digest, key):
        slot = free_slot(digest.rhythm, now(), editions)
        newest = blocking_key(slot, editions)
        if newest is not None and key < newest:
            raise WrongUseError(
                f"--edition {key}: {digest.name} has a later edition, {newest}; name that or a later one"
            )
    return PeriodKey(key)


def is_meant(service: Service, digest: Digest, key: PeriodKey) -> bool:
    """Whether a person wants an edition of this date, which is asked when it leaves slots before it without one.

    Raises WrongUseError where nobody is there to be asked.
    """
    slot = free_slot(digest.rhythm, now(), service.planning.schedule(digest, now()))
    if key <= slot.key or _exists(service, digest, key):
        return True
    why = f"--edition {key} lies beyond the next slot, {slot.key}: until then no other edition of {digest.name} will be"
    return confirmed(f"{why} planned.\nMake it all the same?", f"{why} planned")


def edition_named(service: Service, digest: Digest, key: str | None) -> Edition:
    """The edition of this date, or the newest. Raises WrongUseError where there is none, UnknownEditionError."""
    if key is not None:
        return service.editions.get(digest.name, PeriodKey(key))
    newest = service.editions.newest(digest.name)
    if newest is None:
        remedy = f"`budkavle digest send {digest.name}` makes one when it is due"
        raise WrongUseError(f"{digest.name} has no edition yet; {remedy}")
    return newest


def following(service: Service, digest: Digest, moment: datetime) -> str:
    """When the next edition comes, in words."""
    slot = service.planning.upcoming(digest, moment)
    due = slot.due.astimezone(service.config.settings.timezone)
    return f"the next edition of {digest.name} is {slot.key}, due {due:%Y-%m-%d %H:%M}"


def _exists(service: Service, digest: Digest, key: str) -> bool:
    return any(edition.key == key for edition in service.editions.recent(digest.name, PeriodKey(key)))


def _day(key: str) -> date | None:
    try:
        day = date.fromisoformat(key)
    except ValueError:
        return None
    return day if day.isoformat() == key else None
