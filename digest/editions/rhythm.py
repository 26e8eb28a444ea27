"""A digest's rhythm: what the configuration says of it, as the calendar of editions needs it."""

from budkavle.config.settings import Digest
from budkavle.installation.wiring import Service
from digest.editions.slots import Every, Rhythm

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def rhythm(service: Service, digest: Digest) -> Rhythm:
    """When a digest comes out."""
    return Rhythm(
        every=Every(digest.every),
        at=digest.time,
        zone=service.config.settings.timezone,
        weekday=_WEEKDAYS.index(digest.weekday) if digest.weekday else 0,
        monthday=digest.monthday or 1,
    )
