"""Offer: what an installation has for people to subscribe to, and in which languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What can be subscribed to: titles of digests, labels of topics, and names of publishers, each by their id.

    `languages` are those that pages and letters about subscriptions can be written in; `language` is whose of them is
    written in to somebody who said nothing of it.
    """

    digests: Mapping[str, str]
    topics: Mapping[str, str]
    publishers: Mapping[str, str]
    languages: Sequence[str]
    language: str
