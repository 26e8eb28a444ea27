"""Monthly rhythm: every month, on one day that all months have."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self

from digest.editions.rhythm import gettext


@dataclass(frozen=True)
class Month:
    """An edition a month. `monthday` is 1 to 28."""

    name: ClassVar[str] = "month"
    settings: ClassVar[Mapping[str, str]] = {"monthday": "1"}
    words: ClassVar[str] = gettext("A letter a month")

    monthday: int

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """On the day of the month that is named."""
        return cls(settings["monthday"])

    def falls_on(self, day: date) -> bool:
        """Whether it is that day of a month."""
        return day.day == self.monthday


RHYTHM = Month
