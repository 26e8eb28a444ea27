"""The pace of a receiving domain that asks for one: its letters are spaced, and those to all others go on.

A domain that says "too fast" gets a letter every six seconds; each further complaint doubles that, and while none
comes it halves every five minutes, until the domain is like any other again.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mail.limits.limit import Limit
from mail.limits.receiver_words import names_a_receiver
from mail.limits.relay_limits import limit_said
from mail.reply import Answer, Phase, Reply

_FIRST = timedelta(seconds=6)
_LONGEST = timedelta(minutes=5)
_FREE = timedelta(milliseconds=500)
"""Who is sent to more often than that needs no pace."""
_EASES = timedelta(minutes=5)
_TOGETHER = timedelta(seconds=20)
"""Connections complain together: for so long their complaints count as one."""
_SAVED = timedelta(seconds=60)
"""How much time that nobody used may be made up for at once."""
_HORIZON = timedelta(minutes=30)
"""How far ahead letters are given their times: by then the pace may be another."""


@dataclass(frozen=True, kw_only=True)
class DomainPace:
    """How often a domain is sent to: at its complaint at `slowed` every so long; the next letter goes at `ready`.

    `last` is the latest time that a letter was put off to.
    """

    every: timedelta
    slowed: datetime
    ready: datetime
    last: datetime

    def between(self, now: datetime) -> timedelta:
        """How long after a letter the next one may go."""
        return self.every / 2 ** min(max(now - self.slowed, timedelta()) / _EASES, 30.0)

    def is_over(self, now: datetime) -> bool:
        """Whether the domain is like any other again; also when a clock that was wrong wrote it down."""
        return self.between(now) < _FREE or self.slowed > now + _HORIZON

    def after_complaint(self, now: datetime) -> "DomainPace":
        """Half as fast as before."""
        if timedelta() <= now - self.slowed < _TOGETHER:
            return self
        every = min(max(2 * self.between(now), _FIRST), _LONGEST)
        return DomainPace(every=every, slowed=now, ready=now + every, last=now + every)

    def is_ready(self, now: datetime) -> bool:
        """Whether a letter may go now."""
        return self.ready <= now or self.ready > now + _LONGEST

    def after_letter(self, now: datetime) -> "DomainPace":
        """The pace when a letter goes now."""
        saved = now - _SAVED if self.ready <= now else now
        return replace(self, ready=max(min(self.ready, now), saved) + self.between(now))

    def after_putting_off(self, now: datetime) -> "DomainPace":
        """The pace when a letter is put off, to `last`."""
        return replace(self, last=min(max(self.last, self.ready, now) + self.between(now), now + _HORIZON))


@dataclass(frozen=True, kw_only=True)
class SlowedDomain:
    """A domain that has a pace of its own, as a person is shown it: the time between two letters, and what it said."""

    name: str
    between: timedelta
    said: str


def slowed_at(now: datetime) -> DomainPace:
    """The pace of a domain that complains for the first time."""
    return DomainPace(every=_FIRST, slowed=now, ready=now + _FIRST, last=now + _FIRST)


def asks_for_pace(reply: Reply) -> bool:
    """Whether a server puts one letter off because letters come too fast, and not because of what we are."""
    if reply.answer is not Answer.LATER or reply.phase not in _OF_A_LETTER or _OUR_NAME.search(reply.text):
        return False
    if names_a_receiver(reply):
        return True
    return limit_said(reply) in _OF_A_DOMAIN_TOO and _PACE.search(reply.text) is not None


_OF_A_DOMAIN_TOO = {None, Limit.PACE, Limit.CONNECTIONS}
"""A session or a quota is the relay's own."""
_OF_A_LETTER = (Phase.RCPT, Phase.DATA, Phase.DOT)
_OUR_NAME = re.compile(r"(?<![\d.])4\.7\.(?:2[3-7]|29|3[0-2])(?!\d)|unauthenticated|gr[ea]y-?list", re.IGNORECASE)
"""Gmail's codes for missing DNS names, SPF, DKIM, DMARC and TLS say "rate limited", too: they pause."""
_PACE = re.compile(
    r"rate[- ]?limit|too (?:fast|quickly|rapidly)|slow(?:er|ing)? ?(?:down|er)?\b|throttl"
    r"|too many (?:\w+ ){0,2}(?:messages|mails|e-?mails|letters|connections|sessions|recipients|deliveries)"
    r"|(?:message|sending|mail|connection) rate|exceed\w* .{0,30}\brate\b|reduce (?:your|the) (?:sending|rate)"
    r"|f[öo]r (?:m[åa]nga|snabbt)|l[åa]ngsammare|zu viele|zu schnell|langsamer|trop (?:de|vite|rapid)|ralenti"
    r"|demasiad|troppi|te veel|te snel|for mange|for hurtig",
    re.IGNORECASE,
)
