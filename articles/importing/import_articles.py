"""Import: from what sources have to versions in the article store, one input at a time, past every bad one.

1. `SourceReader.listing`: a source → its `Item`s; `locate` makes `Candidate`s of them, those of all sources or those at
   a path that a person named.
2. `ReadInputs`: a candidate → `Input` (decoded text, its address) → `Parsed` (a `Draft` with topics) or `Refused` (why,
   with the line and the remedy): a `Reading`.
3. `ImportArticles`: readings, oldest first, so that the store's sequence follows the calendar where it can → `Arrival`s
   (the draft, the addresses it is known by, what its source has beside it).
4. `ArticleStore.take`: an arrival → a new article, a new `Version` of a known one, nothing, or `Hold`; what is held
   waits in `HeldInputs` for a person.
5. A source of which all was read for the first time has had its first look: what comes from it later is news.

What came of each is an `ImportResult`. Doing it again stores nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial

from articles.acts import Hold
from articles.adapters.held import HeldInputs
from articles.adapters.store import Arrival, ArticleStore
from articles.article import NO_DATE, ArticleId, Draft, Kind, Publisher, PublisherId
from articles.importing.first_looks import FirstLooks
from articles.importing.locate import Candidate, identity
from articles.importing.read_inputs import Reading, ReadInputs, contained
from articles.sources.read_input import located, record
from articles.sources.reading import Input, Parsed, Refused


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """What came of one input. `kind` is None when nothing changed; `hold_reason` says why it waits for a person."""

    given: Input
    outcome: Parsed | Refused
    id: ArticleId | None = None
    kind: Kind | None = None
    hold_reason: str | None = None
    stored: bool = True

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody should look at it."""
        return isinstance(self.outcome, Refused) or self.hold_reason is not None

    @property
    def record(self) -> dict[str, object]:
        """The outcome as `import --json` prints it."""
        return record(self.given, self.outcome, self.id, self.kind) | {"held": self.hold_reason}

    @property
    def word(self) -> str:
        """The outcome as one word."""
        if isinstance(self.outcome, Refused):
            return "refused"
        if self.hold_reason:
            return "held"
        return str(self.kind or "unchanged") if self.stored else "readable"

    @property
    def line(self) -> str:
        """The outcome as a line for people."""
        if isinstance(self.outcome, Refused):
            return f"{self.word:<9} {located(self.given, self.outcome)}"
        title = self.outcome.draft.title
        why = f"{self.hold_reason} ({title})" if self.hold_reason else title
        return f"{self.word:<9} {self.given.file}: {why}"


def try_out(inputs: ReadInputs, candidates: Iterable[Candidate], now: datetime) -> Iterator[ImportResult]:
    """Dry run: say what an import would read; nothing is stored."""
    for reading in inputs.readings(candidates, now):
        reason = reading.outcome.hold_reason if isinstance(reading.outcome, Parsed) else None
        yield ImportResult(given=reading.given, outcome=reading.outcome, hold_reason=reason, stored=False)


@dataclass(frozen=True, kw_only=True)
class ImportArticles:
    """Import: stores what inputs say, and holds what a person must look at first."""

    inputs: ReadInputs
    articles: ArticleStore
    held_inputs: HeldInputs
    first_looks: FirstLooks
    publishers: Mapping[PublisherId, Publisher]

    def import_all(self, candidates: Iterable[Candidate], now: datetime) -> Iterator[ImportResult]:
        """Store these inputs, oldest first; what each became is told as it is stored."""
        candidates, first = list(candidates), self.first_looks.outstanding()
        readers = {identity(candidate.reader): candidate.reader for candidate in candidates}
        present = cache(lambda source: frozenset(readers[source].addresses() or ()))
        for reading in sorted(self.inputs.readings(candidates, now), key=lambda reading: reading.order):
            given, outcome = reading.given, reading.outcome
            if isinstance(outcome, Refused):
                yield ImportResult(given=given, outcome=outcome)
            else:
                arrival = arrival_of(reading, outcome)
                beside = present(identity(reading.candidate.reader)) - {given.address}
                arrival = replace(arrival, beside=beside, by_date=arrival.source in first)
                stored = contained(given, partial(self._store, arrival, given, outcome, now))
                yield ImportResult(given=given, outcome=stored) if isinstance(stored, Refused) else stored
        self.first_looks.end(first, candidates)

    def article_at(self, candidate: Candidate, now: datetime) -> ArticleId | None:
        """The article that an input is a text of, if the store knows it; nothing is stored."""
        for reading in self.inputs.readings([candidate], now):
            if isinstance(reading.outcome, Parsed):
                history = self.articles.known_at(arrival_of(reading, reading.outcome))
                if history:
                    return history.article.id
        return None

    def _store(self, arrival: Arrival, given: Input, parsed: Parsed, now: datetime) -> ImportResult:
        if reason := self._doubt(arrival, given, parsed):
            return self._hold(arrival, given, parsed, Hold(reason), now)
        publisher = self.publishers[parsed.draft.publishers[0]]
        taken = self.articles.take(arrival, publisher, now)
        if isinstance(taken, Hold):
            return self._hold(arrival, given, parsed, taken, now)
        self.held_inputs.forget(arrival.source, given.address)
        return ImportResult(given=given, outcome=parsed, id=taken.id, kind=taken.kind)

    def _doubt(self, arrival: Arrival, given: Input, parsed: Parsed) -> str | None:
        """Why a text must wait, unless a person has said already that this is no reason."""
        if parsed.hold_reason is None or self.held_inputs.was_released(
            arrival.source, given.address, parsed.hold_reason
        ):
            return None
        # An article that is known has its date already; any other doubt is about this text.
        history = self.articles.known_at(arrival) if parsed.hold_reason == NO_DATE else None
        return None if history else parsed.hold_reason

    def _hold(self, arrival: Arrival, given: Input, parsed: Parsed, hold: Hold, now: datetime) -> ImportResult:
        waits = self.held_inputs.hold(arrival.source, given.address, arrival.draft, hold.reason, now)
        return ImportResult(given=given, outcome=parsed, hold_reason=hold.reason if waits else None)


def arrival_of(reading: Reading, parsed: Parsed) -> Arrival:
    """A draft as the store takes it."""
    candidate, given = reading.candidate, reading.given
    return Arrival(
        source=candidate.reader.source.name,
        addresses=addresses_of(parsed.draft, given.address),
        draft=parsed.draft,
        asked=candidate.asked or parsed.act,
        note=candidate.note or parsed.note,
        file=given.address,
    )


def addresses_of(draft: Draft, path: str) -> tuple[str, ...]:
    """What an article is known by: the first one names it, so a web address comes before a file's path."""
    return (draft.url, path) if draft.url else (path,)
