"""How many letters strangers may cause: whoever types an address into a page need not be its owner.

A confirmation letter is the one thing that anybody can make us send to anybody, so it must be no good as a bomb.
"""

import ipaddress
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from digest.tokens import TokenPurpose
from mail.address import Address, domain_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PENDING = timedelta(days=30)
"""So long a letter that nobody answered counts against its address."""
LONGEST_WAIT = timedelta(days=1)
"""A letter that could only go later than this is not worth sending: whoever asked has given up."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where a request comes from: what one household is given (/24, or /64 for IPv6), within what one office is.

    Whoever has an IPv6 /48, as every office may (RFC 6177), has 65 536 of the former. For IPv4 both are the same.
    """

    wide: str
    own: str


UNKNOWN_NETWORK = Network(wide="unknown", own="unknown")


class Limit(StrEnum):
    """What there can be too many letters for."""

    ADDRESS = "address"
    NETWORK = "network"
    DOMAIN = "domain"
    OVERALL = "overall"

    @property
    def settings(self) -> str:
        """The settings that can be changed when it is too low, as people write them."""
        return _SETTINGS[self]


_SETTINGS = {
    Limit.ADDRESS: "limits.minutes_between, limits.per_day and limits.unanswered",
    Limit.NETWORK: "limits.network and limits.wide_network",
    Limit.DOMAIN: "limits.domain and limits.large_domain",
    Limit.OVERALL: "limits.overall",
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many letters pages may cause: to an address, from a network, to a domain, and in all.

    A provider with millions of mailboxes may be written to more often than a company's own mail server; and yet less
    than overall, so that a flood of addresses there keeps nobody else out.
    """

    minutes_between: int = 10
    per_day: int = 3
    unanswered: int = 5
    network: int = 10
    wide_network: int = 100
    domain: int = 100
    large_domain: int = 200
    large_domains: Collection[str] = ()
    overall: int = 300

    def of_domain(self, domain: str) -> int:
        """How many letters an hour may go to addresses of this domain."""
        return self.large_domain if domain in self.large_domains else self.domain


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One letter that a page is to cause: what it is for, where it goes, and the network that asks."""

    purpose: TokenPurpose
    address: Address
    network: Network

    @property
    def counted_as(self) -> str:
        """What it is to its address: who was bombed with others must still get at what is known of them."""
        mailbox = mailbox_of(self.address)
        return f"my data {mailbox}" if self.purpose is TokenPurpose.MY_DATA else f"address {mailbox}"

    @property
    def domain(self) -> str:
        """The domain that it goes to."""
        return domain_of(self.address.key)


@dataclass(frozen=True, kw_only=True)
class Caused:
    """The letters that were caused before: to this address and counted as this one, to its domain, from this network.

    `last` is the address's newest, `free_from` is when one more in all is in bounds.
    """

    last: datetime | None
    last_day: int
    unanswered: int
    from_network: int
    from_wide_network: int
    to_domain: int
    free_from: datetime


def decide(limits: Limits, asked: Asked, caused: Caused, now: datetime) -> datetime | Limit:
    """When one more letter may go (now, or later when there are too many in all), or the limit that forbids it."""
    if _is_too_much_for_one(limits, asked, caused, now):
        return Limit.ADDRESS
    if caused.from_network >= limits.network or caused.from_wide_network >= limits.wide_network:
        return Limit.NETWORK
    if caused.to_domain >= limits.of_domain(asked.domain):
        return Limit.DOMAIN
    if caused.free_from - now > LONGEST_WAIT:
        return Limit.OVERALL
    return max(now, caused.free_from)


def _is_too_much_for_one(limits: Limits, asked: Asked, caused: Caused, now: datetime) -> bool:
    if caused.last is not None and now - caused.last < timedelta(minutes=limits.minutes_between):
        return True
    if caused.last_day >= limits.per_day:
        return True
    # That nobody answered is no reason to keep a person's data from them.
    return caused.unanswered >= limits.unanswered and asked.purpose is not TokenPurpose.MY_DATA


def mailbox_of(address: Address) -> str:
    """What an address is counted as: with most providers, all that differ behind a plus are one mailbox (RFC 5233)."""
    local, _, domain = address.key.rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def network_of(host: str) -> Network:
    """The network that an internet address belongs to."""
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return UNKNOWN_NETWORK
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    address = mapped or found
    wide, own = (24, 24) if address.version == 4 else (48, 64)  # noqa: PLR2004 - IPv4
    within = (str(ipaddress.ip_network((address, bits), strict=False)) for bits in (wide, own))
    return Network(wide=next(within), own=next(within))


@dataclass(frozen=True, kw_only=True)
class Refused:
    """How many letters a limit has forbidden lately, and what it was about: a domain by name, all else by nothing."""

    limit: Limit
    subject: str
    number: int
    last: datetime


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """How many letters one kind of limit has withheld or delayed lately, whatever they were about."""

    limit: Limit
    number: int
    last: datetime


def withheld(refused: Iterable[Refused]) -> Iterator[Withheld]:
    """The sums by limit, in the order of the limits; those with none are left out."""
    by_limit: dict[Limit, list[Refused]] = {limit: [] for limit in Limit}
    for one in refused:
        by_limit[one.limit].append(one)
    for limit, own in by_limit.items():
        if own:
            yield Withheld(limit=limit, number=sum(one.number for one in own), last=max(one.last for one in own))
