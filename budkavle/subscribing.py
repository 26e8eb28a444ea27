"""What somebody wrote about one address, on a list or after `subscribers add`, made into a wish that can be granted."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from budkavle.config import Config
from digest.adapters.subscribers import Wish
from digest.subscription import Filter, filter_of
from mail.address import AddressError, parse_address

_CHOICES_REMEMBERED = 10_000
_LANGUAGES = ("sv", "en")


@dataclass(frozen=True, kw_only=True)
class Line:
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


def wish_of(config: Config, line: Line) -> Wish | str:
    """The wish that a line means, or why it cannot be granted. No reason repeats the address."""
    return wishes(config)(line)


def wishes(config: Config) -> Callable[[Line], Wish | str]:
    """What `wish_of` does, for many lines: a million make few different choices."""
    settings = config.settings
    digests = [each.name for each in settings.digests]
    topics = [each.id for each in settings.topics]
    publishers = [each.id for each in settings.publishers]

    @lru_cache(maxsize=_CHOICES_REMEMBERED)
    def choice(digest: str, some_topics: str, some_publishers: str, language: str) -> _Choice | str:
        wanted_topics, wanted_publishers = _several(some_topics), _several(some_publishers)
        for what, given, known in (
            ("digest", (digest,), digests),
            ("topic", wanted_topics, topics),
            ("publisher", wanted_publishers, publishers),
            ("language", (language or settings.language,), _LANGUAGES),
        ):
            for name in given:
                if name not in known:
                    return _unknown(what, name, known)
        wanted = filter_of(wanted_topics, wanted_publishers)
        return _Choice(digest=digest, wanted=wanted, language=language or settings.language)

    def wish(line: Line) -> Wish | str:
        chosen = choice(line.digest, line.topics, line.publishers, line.language)
        if isinstance(chosen, str):
            return chosen
        try:
            address = parse_address(line.address)
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


def _several(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").replace(";", " ").replace("|", " ").split())


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    if not name:
        return f"no {what}; name one of {', '.join(known)}"
    near = difflib.get_close_matches(name, known, 1)
    remedy = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
    return f"unknown {what} {shown(name)}; {remedy}"


def shown(name: str) -> str:
    """A name as a message may show it: an address in the wrong column stays out of it."""
    return "…" if "@" in name else name
