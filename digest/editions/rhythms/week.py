"""Weekly rhythm: every week, on one weekday."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self

from digest.editions.rhythm import gettext

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Week:
    """An edition a week. `weekday` counts Monday as 0."""

    name: ClassVar[str] = "week"
    settings: ClassVar[Mapping[str, str]] = {"weekday": '"friday"'}
    words: ClassVar[str] = gettext("A letter a week")

    weekday: int

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """On the weekday that is named in English."""
        return cls(_WEEKDAYS.index(settings["weekday"]))

    def falls_on(self, day: date) -> bool:
        """Whether it is that weekday."""
        return day.weekday() == self.weekday


RHYTHM = Week
