"""When returned mail needs a person: rules over values."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from budkavle.alarms.alarms import Alarm, AlarmKind, alarm
from budkavle.rendering.wording import counted
from digest.bounces.policy import Health, worry
from digest.sending.domain_backoff import TRIAL, PausedDomain

BOUNCES_SHOWN = timedelta(days=14)
REFUSALS_SHOWN = timedelta(days=3)
"""How long after an edition began, and after the last refusal, an alarm about them lasts."""
_RESUME = "budkavle digest resume-domain"
_SEE = "see docs/bounces.md"


def braked(edition: str, what: str) -> Alarm:
    """So many addresses came back at once that none was suppressed."""
    said = f"its bounces would have had {what} suppressed, more than 5 %: none was, as that is rather our fault"
    remedy = f"mend what was refused; addresses that are gone show again in the next edition; {_SEE}"
    return alarm(AlarmKind.BOUNCES_BRAKED, edition, f"{said}; {remedy}")


def ill(edition: str, health: Health | None) -> Iterator[Alarm]:
    """Too many do not exist, or called it spam."""
    said = worry(health) if health else None
    if said:
        yield alarm(AlarmKind.BOUNCE_RATE, edition, f"{said}; look where these addresses came from, {_SEE}")


def unread(edition: str, number: int) -> Alarm:
    """Letters came back in words that nobody knows: they count for nothing until a person has read them."""
    said = f"{counted(number, 'letter')} of it came back in words that nobody knows, and count for nothing"
    remedy = f"read them in bounces/unknown beside the store, or in the mailbox's folder for unknown mail; {_SEE}"
    return alarm(AlarmKind.BOUNCES_UNREAD, edition, f"{said}; {remedy}")


def refused_by(domain: str, number: int, status: str, diagnostic: str) -> Alarm:
    """A domain refuses us for what we did or are: no address is to blame."""
    said = f"it refused {counted(number, 'letter')} for our own fault ({status}: {diagnostic[:200]})"
    remedy = f"mend SPF, DKIM, DMARC, size or the relay's good name; nobody was suppressed for it; {_SEE}"
    return alarm(AlarmKind.SENDER_REFUSED, domain, f"{said}; {remedy}")


def domain_paused(one: PausedDomain, now: datetime, zone: ZoneInfo) -> Iterator[Alarm]:
    """A domain that refuses us and whose letters wait; nothing to say where none does and none would."""
    standing = one.standing
    until = standing.until
    if until is None or not (one.letters or (standing.is_waiting and until > now)):
        return
    waiting = counted(one.letters, "letter waits", "letters wait")
    what = f"{waiting}, because it refuses us for our own fault ({one.said[:200]})"
    when = f"{until.astimezone(zone):%Y-%m-%d %H:%M}"
    then = (
        f"a few try it now, and when none comes back the others follow at {when}"
        if standing.tried_since
        else f"{TRIAL} of them try it at {when}"
    )
    remedy = f"mend SPF, DKIM, DMARC, size or the relay's good name; all go at once with `{_RESUME} {one.name}`; {_SEE}"
    yield alarm(AlarmKind.DOMAIN_PAUSED, one.name, f"{what}; {then}; {remedy}")
