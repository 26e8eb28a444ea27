"""Rate limits: how many letters strangers may cause. Whoever types an address into a page need not be its owner.

A confirmation letter is the one thing that anybody can make us send to anybody, so it must be no good as a bomb.
"""

import ipaddress
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from digest.subscribers.tokens import TokenPurpose
from mail.address import Address, domain_of
from mail.spellings import mailbox_of

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
    narrow: str


UNKNOWN_NETWORK = Network(wide="unknown", narrow="unknown")


class Share(StrEnum):
    """Whose letters take room in the hour from nobody but their own kind."""

    OWN = "own"
    """What a subscriber does for themselves: sees their data, moves, asks for one more newsletter."""
    QUIET = "quiet"
    """A newcomer from a network that has caused no letter within the hour."""
    CROWDED = "crowded"
    """Anybody else: a few networks that cause many letters have only this to fill."""


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
    than overall, so that a flood of addresses there keeps nobody else out. Of `overall`, each share has a part that
    the others cannot fill; crowded networks fill a fifth of what may go to a domain, too.
    """

    minutes_between: int = 10
    per_day: int = 3
    unanswered: int = 5
    network: int = 10
    wide_network: int = 100
    domain: int = 100
    large_domain: int = 1500
    large_domains: Collection[str] = ()
    overall: int = 3000

    def of_domain(self, domain: str) -> int:
        """How many letters an hour may go to newcomers at this domain, and as many to its subscribers."""
        return self.large_domain if domain in self.large_domains else self.domain

    def of_share(self, share: Share) -> int:
        """How many letters an hour are a share's: a tenth for crowded networks, a fifth for subscribers themselves."""
        crowded, of_subscribers = max(1, self.overall // 10), max(1, self.overall // 5)
        match share:
            case Share.CROWDED:
                return crowded
            case Share.OWN:
                return of_subscribers
            case Share.QUIET:
                return max(1, self.overall - crowded - of_subscribers)


@dataclass(frozen=True, kw_only=True)
class LetterRequest:
    """One letter that a page is to cause: what it is for, where it goes, and the network that asks."""

    purpose: TokenPurpose
    address: Address
    network: Network

    @property
    def counted_as(self) -> str:
        """What it is to its address: who was bombed with others must still get at what is known of them."""
        mailbox = mailbox_of(self.address.text)
        return f"my data {mailbox}" if self.purpose is TokenPurpose.MY_DATA else f"address {mailbox}"

    @property
    def domain(self) -> str:
        """The domain that it goes to."""
        return domain_of(self.address.key)


@dataclass(frozen=True, kw_only=True)
class RecentLetters:
    """The letters that were caused before: to this address and counted as this one, to its domain, from this network.

    `last` is the address's newest, `free_from` is when one more of its share is in bounds. `to_domain` counts the
    letters to subscribers, or those to newcomers, of whom `crowded_to_domain` came from crowded networks.
    """

    last: datetime | None
    last_day: int
    unanswered: int
    from_network: int
    from_wide_network: int
    to_domain: int
    free_from: datetime
    share: Share = Share.QUIET
    crowded_to_domain: int = 0


def decide(limits: Limits, asked: LetterRequest, caused: RecentLetters, now: datetime) -> datetime | Limit:
    """When one more letter may go (now, or later when there are too many in all), or the limit that forbids it."""
    if _is_too_much_for_one(limits, asked, caused, now):
        return Limit.ADDRESS
    if caused.from_network >= limits.network or caused.from_wide_network >= limits.wide_network:
        return Limit.NETWORK
    if _is_too_much_for_a_domain(limits.of_domain(asked.domain), caused):
        return Limit.DOMAIN
    if caused.free_from - now > LONGEST_WAIT:
        return Limit.OVERALL
    return max(now, caused.free_from)


def share_of(purpose: TokenPurpose, *, is_known: bool, from_wide_network: int) -> Share:
    """Whose share a letter is of: of a network, any letter within the hour makes the next one crowded.

    An address that is sent to already cannot be made up; a move is asked for with what stands in a letter.
    """
    if is_known or purpose is TokenPurpose.MOVE:
        return Share.OWN
    return Share.CROWDED if from_wide_network else Share.QUIET


def _is_too_much_for_a_domain(most: int, caused: RecentLetters) -> bool:
    crowd = caused.share is Share.CROWDED and caused.crowded_to_domain >= max(1, most // 5)
    return crowd or caused.to_domain >= most


def _is_too_much_for_one(limits: Limits, asked: LetterRequest, caused: RecentLetters, now: datetime) -> bool:
    if caused.last is not None and now - caused.last < timedelta(minutes=limits.minutes_between):
        return True
    if caused.last_day >= limits.per_day:
        return True
    # That nobody answered is no reason to keep a person's data from them.
    return caused.unanswered >= limits.unanswered and asked.purpose is not TokenPurpose.MY_DATA


def network_of(host: str) -> Network:
    """The network that an internet address belongs to."""
    try:
        parsed = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return UNKNOWN_NETWORK
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    address = mapped or parsed
    wide_bits, narrow_bits = (24, 24) if address.version == 4 else (48, 64)  # noqa: PLR2004 - IPv4
    within = (str(ipaddress.ip_network((address, bits), strict=False)) for bits in (wide_bits, narrow_bits))
    return Network(wide=next(within), narrow=next(within))


@dataclass(frozen=True, kw_only=True)
class RefusedLetters:
    """How many letters a limit has forbidden lately, and what it was about: a domain by name, all else by nothing."""

    limit: Limit
    subject: str
    number: int
    last: datetime


@dataclass(frozen=True, kw_only=True)
class WithheldLetters:
    """How many letters one kind of limit has withheld or delayed lately, whatever they were about."""

    limit: Limit
    number: int
    last: datetime


def withheld(refused: Iterable[RefusedLetters]) -> Iterator[WithheldLetters]:
    """The sums by limit, in the order of the limits; those with none are left out."""
    by_limit: dict[Limit, list[RefusedLetters]] = {limit: [] for limit in Limit}
    for refusal in refused:
        by_limit[refusal.limit].append(refusal)
    for limit, refusals in by_limit.items():
        if refusals:
            yield WithheldLetters(
                limit=limit,
                number=sum(refusal.number for refusal in refusals),
                last=max(refusal.last for refusal in refusals),
            )
