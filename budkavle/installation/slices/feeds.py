"""Wiring of feeds: what publishes, verifies, announces and checks them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from urllib.parse import urlsplit

from articles.adapters.store import ArticleStore
from articles.article import PublisherId, TopicId
from budkavle.config.field_types import is_loopback
from budkavle.config.load import Config
from budkavle.installation.values import site_title
from budkavle.rendering.templates import feed_templates
from feeds.archive.selection import own_feeds
from feeds.entries.composition import Render
from feeds.entries.entry import Feed, Site
from feeds.outbound.adapters.ping_queue import PingQueue
from feeds.outbound.adapters.self_check_log import SelfCheckLog
from feeds.outbound.note_published import NotePublished
from feeds.outbound.websub_rules import Hub
from feeds.publishing.adapters.document_folder import DocumentFolder
from feeds.publishing.adapters.end_notices import EndNotices
from feeds.publishing.adapters.entry_cache import EntryCache
from feeds.publishing.adapters.last_modified_ledger import LastModifiedLedger
from feeds.publishing.build_feed import BuildFeed
from feeds.publishing.expected_documents import ExpectedDocuments
from feeds.publishing.publish import PublishFeeds
from feeds.publishing.refresh_entries import RefreshEntries
from feeds.publishing.verify_archive import VerifyArchive
from feeds.serving.urls import oldest_slug
from storage.database import Database
from storage.store import PUBLISHER


def feeds(config: Config) -> tuple[Feed, ...]:
    """The feeds of a configuration in the order of the file."""
    moved = {table.from_: table.to for table in config.settings.moved}
    return tuple(
        Feed(
            slug=table.slug,
            id=table.id or oldest_slug(table.slug, moved),
            title=table.title,
            publishers=frozenset(PublisherId(publisher) for publisher in table.publishers),
            topics=frozenset(TopicId(topic) for topic in table.topics),
            size=table.size,
            contacts=table.contacts,
            ends=table.ends,
        )
        for table in config.settings.feeds
    )


def site(config: Config) -> Site:
    """What all feeds of a configuration have in common: they are published by all its publishers together."""
    settings, publishers = config.settings, config.publishers()
    return Site(
        public_url=settings.public_url,
        title=site_title(config),
        language=settings.language,
        zone=settings.timezone,
        publishers=publishers,
        topics={topic.id: topic for topic in config.topics()},
        tag_authority=settings.tag_authority or next(iter(publishers.values())).tag_authority,
        hubs=tuple(dict.fromkeys(settings.publish.hubs)),
        icon=settings.icon or "",
        logo=settings.logo or "",
        rights=settings.rights or "",
        own_feeds=own_feeds(feeds(config)),
    )


def hubs(config: Config) -> tuple[Hub, ...]:
    """Who is told of changes, each once."""
    return tuple(
        Hub(address=address, on_this_machine=is_loopback((urlsplit(address).hostname or "").rstrip(".")))
        for address in dict.fromkeys(config.settings.publish.hubs)
    )


@dataclass(frozen=True, kw_only=True)
class Syndication:
    """Syndication: the services of feeds, over the stores of one installation. `wait` sleeps for so many seconds."""

    config: Config
    database: Database
    articles: ArticleStore
    render: Render
    wait: Callable[[float], None]

    @cached_property
    def site(self) -> Site:
        """What all feeds have in common."""
        return site(self.config)

    @cached_property
    def feeds(self) -> tuple[Feed, ...]:
        """The feeds in the order of the file."""
        return feeds(self.config)

    @cached_property
    def hubs(self) -> Sequence[Hub]:
        """Who is told of changes."""
        return hubs(self.config)

    @cached_property
    def folder(self) -> DocumentFolder:
        """Where documents are published."""
        ledger = LastModifiedLedger(self.database.read, self.database.write)
        return DocumentFolder(self.config.publish_folder / "feeds", ledger, sleep=self.wait)

    @cached_property
    def entries(self) -> EntryCache:
        """What is kept of entries between two rounds."""
        return EntryCache(self.database.read, self.database.write)

    @cached_property
    def end_notices(self) -> EndNotices:
        """What readers were told of feeds that end."""
        return EndNotices(self.database.read, self.database.write)

    @cached_property
    def expected(self) -> ExpectedDocuments:
        """Which documents there should be."""
        return ExpectedDocuments(site=self.site, feeds=self.feeds, entries=self.entries, folder=self.folder)

    @cached_property
    def build_feed(self) -> BuildFeed:
        """What builds one feed."""
        return BuildFeed(
            articles=self.articles,
            entries=self.entries,
            end_notices=self.end_notices,
            folder=self.folder,
            site=self.site,
            render=self.render,
            wait=self.wait,
        )

    @cached_property
    def publish(self) -> PublishFeeds:
        """What publishes feeds."""
        refresh = RefreshEntries(
            articles=self.articles,
            entries=self.entries,
            site=self.site,
            feeds=self.feeds,
            render=self.render,
            templates=partial(feed_templates, self.config.templates_folder),
        )
        return PublishFeeds(
            articles=self.articles,
            entries=self.entries,
            folder=self.folder,
            expected=self.expected,
            refresh=refresh,
            build_feed=self.build_feed,
            alone=partial(self.database.lock, PUBLISHER, waits=True),
            wait=self.wait,
        )

    @cached_property
    def verify(self) -> VerifyArchive:
        """What proves that all that was published can be reached."""
        return VerifyArchive(
            articles=self.articles,
            entries=self.entries,
            end_notices=self.end_notices,
            folder=self.folder,
            expected=self.expected,
            render=self.render,
        )

    @cached_property
    def log(self) -> SelfCheckLog:
        """What is published, and what was seen of it from outside."""
        return SelfCheckLog(self.database.read, self.database.write, self.config.publish_folder / "feeds")

    @cached_property
    def queue(self) -> PingQueue:
        """The pings that hubs still have to get."""
        return PingQueue(self.database.read, self.database.write)

    @cached_property
    def notes(self) -> NotePublished:
        """What notes changes, and queues pings."""
        return NotePublished(
            log=self.log,
            articles=self.articles,
            feeds=frozenset(feed.slug for feed in self.feeds),
            hubs=self.hubs,
            public_url=self.site.public_url,
        )
