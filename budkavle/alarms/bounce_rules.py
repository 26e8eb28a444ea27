"""Alarm rules of bounces: when returned mail needs a person. Rules over values."""

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


def brake_alarm(edition: str, addresses: str) -> Alarm:
    """Alarm of the brake: so many addresses came back at once that none was suppressed."""
    what = f"its bounces would have had {addresses} suppressed, more than 5 %: none was, as that is rather our fault"
    remedy = f"mend what was refused; addresses that are gone show again in the next edition; {_SEE}"
    return alarm(AlarmKind.BOUNCES_BRAKED, edition, f"{what}; {remedy}")


def bounce_rate_alarms(edition: str, health: Health | None) -> Iterator[Alarm]:
    """Alarm of the bounce rate: too many addresses do not exist, or called it spam."""
    what = worry(health) if health else None
    if what:
        yield alarm(AlarmKind.BOUNCE_RATE, edition, f"{what}; look where these addresses came from, {_SEE}")


def unread_bounces_alarm(edition: str, number: int) -> Alarm:
    """Alarm of unread bounces: in words that nobody knows, they count for nothing until a person has read them."""
    what = f"{counted(number, 'letter')} of it came back in words that nobody knows, and count for nothing"
    remedy = f"read them in bounces/unknown beside the store, or in the mailbox's folder for unknown mail; {_SEE}"
    return alarm(AlarmKind.BOUNCES_UNREAD, edition, f"{what}; {remedy}")


def sender_refused_alarm(domain: str, number: int, status: str, diagnostic: str) -> Alarm:
    """Alarm of a refused sender: a domain refuses us for what we did or are, and no address is to blame."""
    what = f"it refused {counted(number, 'letter')} for our own fault ({status}: {diagnostic[:200]})"
    remedy = f"mend SPF, DKIM, DMARC, size or the relay's good name; nobody was suppressed for it; {_SEE}"
    return alarm(AlarmKind.SENDER_REFUSED, domain, f"{what}; {remedy}")


def paused_domain_alarms(domain: PausedDomain, now: datetime, zone: ZoneInfo) -> Iterator[Alarm]:
    """Alarm of a paused domain, which refuses us and whose letters wait; none where no letter does or would."""
    standing = domain.standing
    until = standing.until
    if until is None or not (domain.letters or (standing.is_waiting and until > now)):
        return
    waiting = counted(domain.letters, "letter waits", "letters wait")
    what = f"{waiting}, because it refuses us for our own fault ({domain.said[:200]})"
    when = f"{until.astimezone(zone):%Y-%m-%d %H:%M}"
    then = (
        f"a few try it now, and when none comes back the others follow at {when}"
        if standing.tried_since
        else f"{TRIAL} of them try it at {when}"
    )
    remedy = (
        f"mend SPF, DKIM, DMARC, size or the relay's good name; all go at once with `{_RESUME} {domain.name}`; {_SEE}"
    )
    yield alarm(AlarmKind.DOMAIN_PAUSED, domain.name, f"{what}; {then}; {remedy}")
