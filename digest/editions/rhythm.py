"""Rhythm: how often a newsletter comes out. The port; each rhythm there is, is a file in `rhythms/`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, ClassVar, Protocol, Self
from zoneinfo import ZoneInfo


class Recurrence(Protocol):
    """On which days a newsletter comes out.

    `name` is the value of `every` in the configuration. `settings` are those settings that mean something beside it,
    each with an example as it is written. `words` say to a reader how often letters come, marked for translation.
    """

    name: ClassVar[str]
    settings: ClassVar[Mapping[str, str]]
    words: ClassVar[str]

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """The recurrence that checked settings describe."""

    def falls_on(self, day: date) -> bool:
        """Whether an edition comes out on this local day."""


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """A newsletter's calendar: on which days, and when on such a day, by the clocks of a zone."""

    every: Recurrence
    at: time
    zone: ZoneInfo


def gettext(words: str) -> str:
    """Mark words for translation: they are translated where they are shown."""
    return words
