"""Reading of inputs: from what a source lists to drafts and refusals; nothing is stored."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog

from articles.importing.locate import Candidate
from articles.sources.furniture import RuleSet
from articles.sources.read_input import read
from articles.sources.reading import Input, Parsed, Refused, Vocabulary
from storage.failures import StoreFailure

log = structlog.get_logger()
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What came of reading one input."""

    candidate: Candidate
    given: Input
    outcome: Parsed | Refused

    @property
    def order(self) -> tuple[date, str, str]:
        """What readings are stored by: the oldest article first, and what has no date last."""
        published = self.outcome.draft.published if isinstance(self.outcome, Parsed) else None
        if published is None:
            return date.max, "", self.given.address
        day = published.value.date() if isinstance(published.value, datetime) else published.value
        return day, published.value.isoformat(), self.given.address


@dataclass(frozen=True, kw_only=True)
class ReadInputs:
    """Reading of inputs, with all that the rules may ask: publishers and topics, page furniture, the zone of dates."""

    vocabulary: Vocabulary
    rule_sets: tuple[RuleSet, ...]
    zone: ZoneInfo

    def readings(self, candidates: Iterable[Candidate], now: datetime) -> Iterator[Reading]:
        """What came of each input; a manifest with faults gives a refusal for each."""
        today = now.astimezone(self.zone).date()
        for candidate in candidates:
            yield from self._readings(candidate, today)

    def reading(self, candidate: Candidate, now: datetime) -> Reading:
        """What an input says now."""
        return next(self.readings([candidate], now))

    def _readings(self, candidate: Candidate, today: date) -> Iterator[Reading]:
        item = candidate.item
        blank = Input(file=item.name, address=item.address.rpartition("/")[2], text="", url=item.url)
        for refused in item.refused:
            yield Reading(candidate=candidate, given=blank, outcome=refused)
        if not item.refused:
            given = contained(blank, partial(candidate.reader.read, item))
            if isinstance(given, Refused):
                yield Reading(candidate=candidate, given=blank, outcome=given)
            else:
                outcome = contained(given, partial(self._parsed, candidate, given, today))
                yield Reading(candidate=candidate, given=given, outcome=outcome)

    def _parsed(self, candidate: Candidate, given: Input, today: date) -> Parsed | Refused:
        source = candidate.reader.source
        return read(given, source, self.vocabulary, self.rule_sets, today=today, zone=self.zone)


def contained(given: Input, act: Callable[[], _T]) -> _T | Refused:
    """What comes of one input: a fault of ours that it hits is its own refusal, and the other inputs go on."""
    try:
        return act()
    except (StoreFailure, OSError):  # the store's or the disk's, and every input's
        raise
    except Exception as error:
        log.exception(
            "input_unreadable", file=given.file, remedy="this is a fault in Budkavle: report it with the file"
        )
        why = f"Budkavle fails at it ({type(error).__name__}), which is no fault of the text; report it with the file"
        return Refused(reason=f"{why}, and take it out of the folder")
