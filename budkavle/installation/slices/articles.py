"""Wiring of articles: their sources, and what imports, corrects and releases them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from urllib.parse import urlsplit

from articles.adapters.files import SourceFiles
from articles.adapters.held import HeldInputs
from articles.adapters.lapse import Lapses
from articles.adapters.named_articles import places_of
from articles.adapters.sources_read import FirstLookLog
from articles.adapters.store import ArticleStore
from articles.article import PublisherId, SourceName
from articles.importing.correct import Corrections
from articles.importing.first_looks import FirstLooks
from articles.importing.import_articles import ImportArticles
from articles.importing.lapse import LapseArticles
from articles.importing.read_inputs import ReadInputs
from articles.importing.release_held import ReleaseHeld
from articles.importing.vanished import VanishedInputs
from articles.sources.adapters.folder_source import FolderSource
from articles.sources.adapters.rules import shipped
from articles.sources.reading import Source, Vocabulary
from articles.sources.source_reader import Fetch, SourceReader
from budkavle.config.field_types import is_loopback
from budkavle.config.load import Config
from budkavle.config.source_kinds import Source as SourceTable
from feeds.entries.address import may_be_at
from storage.database import Database


def _folder(config: Config, table: SourceTable, source: Source) -> FolderSource:
    return FolderSource(source=source, folder=config.folder / (table.path or ""))


KINDS: Mapping[str, Callable[[Config, SourceTable, Source], SourceReader]] = {"folder": _folder}
"""What reads a source, by its `kind`."""


def fetcher(config: Config, address: str) -> Fetch:
    """HTTP client of a source that polls this address; our own network is closed to it, if not written so."""
    from feeds.outbound.adapters.page_fetcher import PageFetcher  # noqa: PLC0415 - only what polls waits for a client

    on_this_machine = is_loopback(urlsplit(address).hostname or "")
    return PageFetcher(config.settings.public_url, partial(may_be_at, on_this_machine=on_this_machine))


def sources(config: Config) -> tuple[SourceReader, ...]:
    """The sources in the order of the file."""
    publishers = config.publishers()
    return tuple(
        KINDS[table.kind](
            config,
            table,
            Source(
                name=SourceName(table.name),
                publisher=PublisherId(table.publisher),
                language=publishers[PublisherId(table.publisher)].language,
                rules=table.rules,
            ),
        )
        for table in config.settings.sources
    )


def stand_in(config: Config) -> Source:
    """What a dry run reads a text as that belongs to no source."""
    first = next(iter(config.publishers().values()))
    return Source(name=SourceName("dry-run"), publisher=first.id, language=first.language)


def read_inputs(config: Config) -> ReadInputs:
    """What reads inputs, and stores nothing."""
    vocabulary = Vocabulary(publishers=config.publishers(), topics=config.topics())
    return ReadInputs(vocabulary=vocabulary, rule_sets=shipped(), zone=config.settings.timezone)


@dataclass(frozen=True, kw_only=True)
class Importing:
    """Importing: the services of articles, over the stores of one installation."""

    config: Config
    database: Database
    articles: ArticleStore
    held_inputs: HeldInputs

    @cached_property
    def sources(self) -> tuple[SourceReader, ...]:
        """The sources in the order of the file."""
        return sources(self.config)

    @cached_property
    def inputs(self) -> ReadInputs:
        """What reads inputs."""
        return read_inputs(self.config)

    @cached_property
    def store(self) -> ImportArticles:
        """What stores inputs as articles."""
        looked_at = FirstLookLog(self.database.read, self.database.write)
        return ImportArticles(
            inputs=self.inputs,
            articles=self.articles,
            held_inputs=self.held_inputs,
            first_looks=FirstLooks(sources=self.sources, looked_at=looked_at),
            publishers=self.config.publishers(),
        )

    @cached_property
    def release(self) -> ReleaseHeld:
        """What makes articles of held inputs."""
        return ReleaseHeld(articles=self.articles, held_inputs=self.held_inputs, publishers=self.config.publishers())

    @cached_property
    def corrections(self) -> Corrections:
        """What tells whether an article can be called corrected."""
        return Corrections(
            sources=self.sources,
            inputs=self.inputs,
            articles=self.articles,
            places_of=partial(places_of, self.database.read),
        )

    @cached_property
    def vanished(self) -> VanishedInputs:
        """What tells inputs that are gone."""
        return VanishedInputs(files=SourceFiles(self.database.read, self.database.write))

    @cached_property
    def lapse(self) -> LapseArticles:
        """What writes down what time has changed."""
        keep = self.config.settings.keep
        contacts = None if keep.contact_days is None else timedelta(days=keep.contact_days)
        lapses = Lapses(self.database.read, self.database.write)
        return LapseArticles(lapses, notices=timedelta(days=keep.notices), contacts=contacts)
