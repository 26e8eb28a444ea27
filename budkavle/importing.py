"""Articles in: from files to versions, one input at a time, past every bad one."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from articles.acts import Hold
from articles.adapters.folder import read_file, walk
from articles.adapters.held import HeldState
from articles.adapters.rules import shipped
from articles.adapters.store import Arrival, Taken
from articles.article import ArticleId, Draft, Kind, Published, SourceName
from articles.intake import located, read, record
from articles.sources.dates import NO_DATE
from articles.sources.reading import Input, Parsed, Refused, Source
from budkavle.config import Config, SourceFolder
from budkavle.wiring import Service, vocabulary

MANIFEST = "manifest.jsonl"
"""A source's folder may hold this file: a JSON object a line with `file` and `url`, for pages without their address."""


class NoSourceError(ValueError):
    """A path belongs to no source."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        super().__init__(f"{path} lies in no source's folder; say which with --source ({', '.join(names)})")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file to be imported, the source it belongs to, and what somebody said of it: its address, its act, a note.

    `path` lies in `folder`; `name` is how the person called it.
    """

    name: str
    path: Path
    folder: Path
    source: Source
    url: str | None = None
    asked: Kind | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What came of one input. `kind` is None when nothing changed; `held` says why it waits for a person."""

    given: Input
    outcome: Parsed | Refused
    id: ArticleId | None = None
    kind: Kind | None = None
    held: str | None = None
    stored: bool = True

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody should look at it."""
        return isinstance(self.outcome, Refused) or self.held is not None

    @property
    def record(self) -> dict[str, object]:
        """The outcome as `import --json` prints it."""
        return record(self.given, self.outcome, self.id, self.kind) | {"held": self.held}

    @property
    def word(self) -> str:
        """The outcome as one word."""
        if isinstance(self.outcome, Refused):
            return "refused"
        if self.held:
            return "held"
        return str(self.kind or "unchanged") if self.stored else "readable"

    @property
    def line(self) -> str:
        """The outcome as a line for people."""
        if isinstance(self.outcome, Refused):
            return f"{self.word:<9} {located(self.given, self.outcome)}"
        title = self.outcome.draft.title
        why = f"{self.held} ({title})" if self.held else title
        return f"{self.word:<9} {self.given.file}: {why}"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a manifest says: addresses by file, as real paths, and its own faults as lines."""

    urls: Mapping[Path, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def read_manifest(path: Path) -> Manifest:
    """The addresses that a manifest gives; a bad line is a fault and the others count."""
    urls: dict[Path, str] = {}
    faults = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            entry = json.loads(line)
            file = path.parent.resolve() / entry["file"]
            urls[file.parent.resolve() / file.name] = str(entry["url"])
        except (ValueError, KeyError, TypeError):
            faults.append(f'{path}:{number}: no manifest line; write {{"file": "page.txt", "url": "https://…"}}')
    return Manifest(urls=urls, faults=tuple(faults))


def everything(config: Config) -> Iterator[Found]:
    """Every file of every source's folder. A folder that is missing holds nothing."""
    for each in config.sources():
        yield from in_folder(each)


def in_folder(place: SourceFolder) -> Iterator[Found]:
    """Every file of one source's folder, with the addresses that its manifest gives."""
    if place.folder.is_dir():
        yield from _files(place.folder, place)


def at_path(config: Config, path: Path, source: str | None, *, anywhere: bool) -> Iterator[Found]:
    """The file, or the files under the folder, at a path. Raises NoSourceError when no source claims it.

    `anywhere` lets a dry run read what belongs to no source.
    """
    inside = [place for place in config.sources() if place.folder.resolve().is_relative_to(path.resolve())]
    if inside and source is None:
        for place in inside:
            yield from in_folder(place)
    else:
        yield from _files(path, _place(config, path, source, anywhere=anywhere))


def _files(path: Path, place: SourceFolder) -> Iterator[Found]:
    folder = place.folder.resolve()
    own = folder / MANIFEST
    urls = read_manifest(own).urls if own.is_file() else {}
    for each in walk(path) if path.is_dir() else [path]:
        real = each.parent.resolve() / each.name
        yield Found(name=str(each), path=real, folder=folder, source=place.source, url=urls.get(real))


def _place(config: Config, path: Path, source: str | None, *, anywhere: bool) -> SourceFolder:
    places = config.sources()
    for place in places:
        if path.resolve().is_relative_to(place.folder.resolve()):
            return place
    folder = path if path.is_dir() else path.parent
    named = [place.source for place in places if place.source.name == source or (source is None and len(places) == 1)]
    if named:
        return SourceFolder(source=named[0], folder=folder)
    if not anywhere:
        raise NoSourceError(path, [place.source.name for place in places])
    first = next(iter(config.publishers().values()))
    return SourceFolder(
        source=Source(name=SourceName("dry-run"), publisher=first.id, language=first.language), folder=folder
    )


def try_out(config: Config, found: Iterable[Found], now: datetime) -> Iterator[Imported]:
    """Say what an import would read; nothing is stored."""
    for _, given, outcome in _readings(config, found, now):
        held = outcome.held if isinstance(outcome, Parsed) else None
        yield Imported(given=given, outcome=outcome, held=held, stored=False)


def import_all(service: Service, found: Iterable[Found], now: datetime) -> Iterator[Imported]:
    """Store what was found, oldest first, so that the store's sequence follows the calendar where it can."""
    for each, given, outcome in sorted(_readings(service.config, found, now), key=_by_date):
        if isinstance(outcome, Refused):
            yield Imported(given=given, outcome=outcome)
        else:
            yield _store(service, each, given, outcome, now)


def _readings(config: Config, found: Iterable[Found], now: datetime) -> Iterator[tuple[Found, Input, Parsed | Refused]]:
    rule_sets, words = shipped(), vocabulary(config)
    zone = config.settings.timezone
    today = now.astimezone(zone).date()
    for each in found:
        given = read_file(each.folder, each.path, each.url)
        if isinstance(given, Refused):
            yield each, Input(file=each.name, address=each.path.name, text="", url=each.url), given
        else:
            given = replace(given, file=each.name)
            yield each, given, read(given, each.source, words, rule_sets, today=today, zone=zone)


def _by_date(reading: tuple[Found, Input, Parsed | Refused]) -> tuple[date, str, str]:
    _, given, outcome = reading
    published = outcome.draft.published if isinstance(outcome, Parsed) else None
    if published is None:
        return date.max, "", given.address
    day = published.value.date() if isinstance(published.value, datetime) else published.value
    return day, published.value.isoformat(), given.address


def _store(service: Service, each: Found, given: Input, parsed: Parsed, now: datetime) -> Imported:
    source = each.source.name
    arrival = Arrival(
        source=source,
        addresses=_addresses(parsed.draft, given.address),
        draft=parsed.draft,
        asked=each.asked or parsed.act,
        note=each.note or parsed.note,
    )
    publisher = service.config.publishers()[parsed.draft.publishers[0]]
    known = service.articles.known_at(arrival)
    # An article that is known has its date already; any other doubt is about this text.
    if parsed.held and not (known and parsed.held == NO_DATE):
        return _hold(service, arrival, given, parsed, parsed.held, now)
    taken = service.articles.take(arrival, publisher, now)
    if isinstance(taken, Hold):
        return _hold(service, arrival, given, parsed, taken.reason, now)
    service.held.forget(source, given.address)
    return Imported(given=given, outcome=parsed, id=taken.id, kind=taken.kind)


def _hold(  # noqa: PLR0913, PLR0917 - what is held, and everything to be told of it
    service: Service, arrival: Arrival, given: Input, parsed: Parsed, reason: str, now: datetime
) -> Imported:
    waits = service.held.hold(arrival.source, given.address, arrival.draft, reason, now)
    return Imported(given=given, outcome=parsed, held=reason if waits else None)


def _addresses(draft: Draft, path: str) -> tuple[str, ...]:
    """What an article is known by: the first one names it, so a web address comes before a file's path."""
    return (draft.url, path) if draft.url else (path,)


class StillUndatedError(ValueError):
    """A held input cannot become an article without a date."""

    def __init__(self, number: int) -> None:
        super().__init__(f"held input {number} has no date; give it with --published YYYY-MM-DD")


def release_held(service: Service, number: int, published: Published | None, now: datetime) -> Taken:
    """Make an article of a held input, with the date that a person gives. Raises StillUndatedError."""
    waiting = service.held.get(number)
    draft = replace(waiting.draft, published=published or waiting.draft.published)
    if draft.published is None:
        raise StillUndatedError(number)
    arrival = Arrival(source=waiting.source, addresses=_addresses(draft, waiting.address), draft=draft)
    publisher = service.config.publishers()[draft.publishers[0]]
    taken = service.articles.take(arrival, publisher, now)
    if isinstance(taken, Hold):  # it was withdrawn, and a person says that it may be published again
        taken = service.articles.publish_again(arrival, publisher, now)
    service.held.settle(number, HeldState.RELEASED)
    return taken
