"""Daily rhythm: every day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self

from digest.editions.rhythm import gettext


@dataclass(frozen=True)
class Day:
    """An edition a day."""

    name: ClassVar[str] = "day"
    settings: ClassVar[Mapping[str, str]] = {}
    words: ClassVar[str] = gettext("A letter a day")

    @classmethod
    def of(cls, _settings: Mapping[str, Any]) -> Self:
        """It has no settings of its own."""
        return cls()

    def falls_on(self, _day: date) -> bool:
        """Every day is one of its days."""
        return True


RHYTHM = Day
