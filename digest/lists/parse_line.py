"""Parser of what somebody wrote about one address, on a list or in a command: the wish that can be granted."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from digest.lifecycle.adapters.by_operator import Wish
from digest.lists.cells import bare_address
from digest.subscribers.offer import Offer
from digest.subscribers.subscription import Filter, filter_of
from mail.address import Address, AddressError, parse_address

_CHOICES_REMEMBERED = 10_000


@dataclass(frozen=True, kw_only=True)
class WishText:
    """What somebody wrote about one address. Topics and publishers stand with blanks, commas or bars between."""

    address: str = ""
    digest: str = ""
    topics: str = ""
    publishers: str = ""
    language: str = ""
    consent: str = ""


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """What a wish holds besides its address, once it is known to be possible."""

    digest: str
    wanted: Filter
    language: str


def wish_of(offer: Offer, line: WishText) -> Wish | str:
    """The wish that a line means, or why it cannot be granted. No reason repeats the address."""
    return wishes(offer)(line)


def wishes(offer: Offer) -> Callable[[WishText], Wish | str]:
    """What `wish_of` does, for many lines: a million make few different choices."""
    digests, topics, publishers = (list(names) for names in (offer.digests, offer.topics, offer.publishers))
    topic_labels, publisher_names = _by_label(offer.topics), _by_label(offer.publishers)
    titles = _by_label(offer.digests)

    @lru_cache(maxsize=_CHOICES_REMEMBERED)
    def choice(digest: str, some_topics: str, some_publishers: str, language: str) -> _Choice | str:
        digest = titles.get(_plain(digest), digest) if digest not in digests else digest
        wanted_topics = _several(some_topics, topic_labels)
        wanted_publishers = _several(some_publishers, publisher_names)
        for what, given, offered in (
            ("digest", (digest,), digests),
            ("topic", wanted_topics, topics),
            ("publisher", wanted_publishers, publishers),
            ("language", (language or offer.language,), offer.languages),
        ):
            for name in given:
                if name not in offered:
                    return _unknown(what, name, offered)
        wanted = filter_of(wanted_topics, wanted_publishers)
        return _Choice(digest=digest, wanted=wanted, language=language or offer.language)

    def wish(line: WishText) -> Wish | str:
        chosen = choice(line.digest, line.topics, line.publishers, line.language)
        if isinstance(chosen, str):
            return chosen
        try:
            address = _address(line.address)
        except AddressError as error:
            return str(error)
        return Wish(
            address=address,
            digest=chosen.digest,
            wanted=chosen.wanted,
            language=chosen.language,
            consent=" ".join(line.consent.split()),
        )

    return wish


def _address(text: str) -> Address:
    """An address, also as a mail program writes one (`Anna <anna@example.org>`). Raises AddressError."""
    try:
        return parse_address(text)
    except AddressError:
        bare = bare_address(text)
        if bare == text:
            raise
        return parse_address(bare)


def _by_label(labels: Mapping[str, str]) -> dict[str, str]:
    """Ids by what people read; a label that two share means neither."""
    ids: dict[str, set[str]] = {}
    for name, label in labels.items():
        ids.setdefault(_plain(label), set()).add(name)
    return {label: names.pop() for label, names in ids.items() if len(names) == 1}


def _plain(text: str) -> str:
    return " ".join(text.strip(" \t'\"").casefold().split())


def _several(text: str, labels: Mapping[str, str]) -> tuple[str, ...]:
    """The ids that a cell names: by themselves with any of these signs between, or by their labels."""
    if _plain(text) in labels:
        return (labels[_plain(text)],)
    names: list[str] = []
    for part in re.split(r"[,;|\n]", text):
        label = labels.get(_plain(part))
        names.extend([label] if label else part.replace('"', " ").split())
    return tuple(names)


def _unknown(what: str, name: str, offered: Sequence[str]) -> str:
    if not name:
        return f"no {what}; name one of {', '.join(offered)}"
    near = difflib.get_close_matches(name, offered, 1)
    remedy = f"did you mean {near[0]}?" if near else f"use one of {', '.join(offered)}"
    return f"unknown {what} {shown(name)}; {remedy}"


def shown(name: str) -> str:
    """A name as a message may show it: an address in the wrong column stays out of it."""
    return "…" if "@" in name else name
