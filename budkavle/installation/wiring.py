"""Where everything is put together: the only place that builds adapters from a configuration."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.exc import OperationalError

from articles.adapters.held import HeldInputs
from articles.adapters.store import ArticleStore
from budkavle.config.load import Config
from budkavle.config.settings import Store
from budkavle.installation.open_store import Access, Alone, open_store
from budkavle.installation.secret import NAME as SECRET
from budkavle.installation.wakeup import Bell
from budkavle.installation.wire_articles import Importing
from budkavle.installation.wire_feeds import Syndication
from budkavle.rendering.templates import renderer
from digest.bounces.adapters.bounces import Bounces
from digest.bounces.adapters.transactional_bounces import ReturnedNotices
from digest.editions.adapters.editions import Editions
from digest.editions.adapters.planner import Planner
from digest.keys import Key
from digest.lifecycle.adapters.by_operator import ByOperator
from digest.lifecycle.adapters.journal_position import NAME as LEAVES
from digest.lifecycle.adapters.rate_limits import CausedLetters
from digest.lifecycle.rate_limits import Limits
from digest.lifecycle.unsubscribe import Leaves
from digest.sending.adapters.domain_backoff_admin import DomainReturns
from digest.sending.domain_backoff import Patience
from digest.subscribers.adapters.subscribers import Subscribers
from digest.subscribers.adapters.suppressions import Suppressions
from feeds.entries.entry import Feed, Site
from mail.adapters.found_limits import FoundLimits, OpenConnections
from mail.adapters.maildir import MaildirRelay
from mail.adapters.smtp import RelayAddress, SmtpRelay, Tls
from mail.adapters.throttle import Learned, Pacing, learned_of
from mail.adapters.token_command import TokenCommand
from mail.relay import Relay
from storage.database import Database
from storage.presence import store_is_there
from storage.sender_lock import sender_lock

Render = Callable[[str, Mapping[str, object]], str]


@dataclass(frozen=True, kw_only=True)
class Service:
    """An installation: its configuration, its stores and its templates."""

    config: Config
    database: Database
    articles: ArticleStore
    held: HeldInputs
    subscribers: Subscribers
    by_operator: ByOperator
    suppressions: Suppressions
    leaves: Leaves
    bounces: Bounces
    returned_notices: ReturnedNotices
    key: Key
    editions: Editions
    planner: Planner
    render: Render
    wait: Callable[[float], None] = time.sleep
    bell: Bell = field(default_factory=Bell)
    connections: OpenConnections = field(default_factory=OpenConnections)

    def render_in(self, language: str) -> Render:
        """What fills today's templates in a language that a reader chose."""
        settings = self.config.settings
        return renderer(language, settings.timezone, self.config.templates_folder)

    # articles

    @cached_property
    def importing(self) -> Importing:
        """What imports articles, and what persons do to their inputs."""
        return Importing(config=self.config, database=self.database, articles=self.articles, held=self.held)

    # feeds

    @cached_property
    def syndication(self) -> Syndication:
        """What publishes feeds, and looks after them."""
        return Syndication(
            config=self.config,
            database=self.database,
            articles=self.articles,
            render=self.render,
            wait=self.wait,
        )

    @cached_property
    def limits(self) -> Limits:
        """How many letters the pages may cause."""
        own = self.config.settings.limits
        return Limits(
            minutes_between=own.minutes_between,
            per_day=own.per_day,
            unanswered=own.unanswered,
            network=own.network,
            wide_network=own.wide_network,
            domain=own.domain,
            large_domain=own.large_domain,
            large_domains=frozenset(own.large_domains),
            overall=own.overall,
        )

    @cached_property
    def caused(self) -> CausedLetters:
        """The letters that pages have caused."""
        return CausedLetters(self.database.read, self.database.write, self.key, self.limits)

    @cached_property
    def patience(self) -> Patience:
        """How soon a domain that refuses us is left alone, and for how long."""
        own = self.config.settings.bounces
        return Patience(refusals=own.domain_refusals, wait=timedelta(minutes=own.domain_minutes))

    @cached_property
    def domains(self) -> DomainReturns:
        """The receiving domains that refuse us."""
        return DomainReturns(self.database.read, self.database.write, self.patience)

    @property
    def site(self) -> Site:
        """What all feeds have in common."""
        return self.syndication.site

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """The feeds in the order of the file."""
        return self.syndication.feeds


@contextmanager
def open_service(
    config: Config, secret: Path | None = None, access: Access = Access.MAKE, alone: Alone = sender_lock
) -> Iterator[Service]:
    """The installation that a configuration describes, its store made where there is none, or brought up to date.

    `secret` is where the store's secret lies, when not beside it. Raises StoreError, SecretError and SenderBusyError.
    """
    path = config.store_path
    with open_store(path, secret or path.with_name(SECRET), access, config.folder, alone) as (database, key):
        service = _service(config, database, key)
        if access is Access.READ:
            _tell_leaves(service)
        else:
            service.suppressions.fill_hashes()
            with suppress(OperationalError):  # others hold the store: whoever sends looks again
                service.leaves.replay()
        yield service


def _tell_leaves(service: Service) -> None:
    """Tell the store of leaves that only the journal holds, before they are read.

    Where others hold the store, or this user may not write to it, the next command that writes does it.
    """
    config = service.config
    with suppress(OperationalError):
        if service.leaves.is_behind():
            with closing(Database(config.store_url)) as database:
                suppressions = Suppressions(database.read, database.write, service.key)
                leaves = Leaves(database, suppressions, config.store_path.with_name(LEAVES))
                leaves.replay(leaves.patience)


def open_to_write(config: Config) -> AbstractContextManager[Service]:
    """An installation whose store is there, brought up to date. Raises NoStoreError, and as `open_service`."""
    return open_service(config, access=Access.WRITE)


def open_to_read(config: Config) -> AbstractContextManager[Service]:
    """An installation whose store is there and is read: it waits for no writer, but tells the store of leaves first.

    Raises NoStoreError, OutdatedStoreError, and as `open_service`.
    """
    return open_service(config, access=Access.READ)


@contextmanager
def open_to_try(config: Config) -> Iterator[Service]:
    """An installation for a dry run: where there is no store, an empty one stands in that is thrown away."""
    path = config.store_path
    if store_is_there(path, path.with_name(SECRET)):
        with open_to_write(config) as service:
            yield service
    else:
        with TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / path.name}"
            settings = config.settings.model_copy(update={"store": Store(url=url)})
            with open_service(replace(config, settings=settings)) as service:
                yield service


def _service(config: Config, database: Database, key: Key) -> Service:
    suppressions = Suppressions(database.read, database.write, key)
    return Service(
        config=config,
        database=database,
        articles=ArticleStore(database.read, database.write),
        held=HeldInputs(database.read, database.write),
        subscribers=Subscribers(database.read),
        by_operator=ByOperator(database.write, key),
        suppressions=suppressions,
        leaves=Leaves(database, suppressions, config.store_path.with_name(LEAVES)),
        bounces=Bounces(database.read, database.write, suppressions),
        returned_notices=ReturnedNotices(database.read, database.write, suppressions, key),
        key=key,
        editions=Editions(database.read, database.write),
        planner=Planner(database.write),
        render=renderer(config.settings.language, config.settings.timezone, config.templates_folder),
    )


def relays(config: Config, limits: FoundLimits | None = None) -> Sequence[Relay]:
    """What carries letters away, as the configuration chooses: one for each connection there may be at most."""
    smtp = config.settings.mail.smtp
    if config.settings.mail.transport == "maildir" or smtp is None:
        return [MaildirRelay(config.outbox)]
    where = RelayAddress(
        host=smtp.host,
        port=smtp.port,
        tls=Tls(smtp.tls),
        user=smtp.user,
        password=password_in(config.password_file) if config.password_file else None,
        letters=smtp.letters_per_connection,
        token=TokenCommand(smtp.token_command) if smtp.token_command else None,
        ca_file=str(config.ca_file) if config.ca_file else None,
    )
    shared = limits or FoundLimits(smtp.connections)
    return [SmtpRelay(where, shared) for _ in range(smtp.connections)]


def relay(config: Config, limits: FoundLimits | None = None) -> Relay:
    """One such connection, for a single letter."""
    return relays(config, limits)[0]


def found_limits(service: Service) -> FoundLimits | None:
    """What is known of the relay's limits; None where there is no relay. What is found from now on, it tells."""
    smtp, known = service.config.settings.mail.smtp, pacing(service.config)
    if known is None or smtp is None:
        return None
    with service.database.read.begin() as connection:
        learned = learned_of(connection, known.relay)
    return FoundLimits(smtp.connections, learned=learned, lines=service.connections)


def pacing(config: Config) -> Pacing | None:
    """How fast the relay may be sent to; None where there is none."""
    smtp = config.settings.mail.smtp
    if config.settings.mail.transport == "maildir" or smtp is None:
        return None
    return Pacing(relay=f"{smtp.host}:{smtp.port}", rate=smtp.rate, burst=smtp.burst)


def learned_limits(service: Service) -> tuple[str, Learned] | None:
    """The relay's name and the limits that were found of it; None where there is no relay, or no limit was met."""
    known = pacing(service.config)
    if known is None:
        return None
    with service.database.read.begin() as connection:
        learned = learned_of(connection, known.relay)
    return None if learned == Learned() else (known.relay, learned)


class NoPasswordError(ValueError):
    """The file that should hold the relay's password holds none."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} holds no password; write it into the first line, readable by nobody else")


def password_in(path: Path) -> str:
    """The first line of the file. Raises NoPasswordError."""
    words = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    if not words or not words[0].strip():
        raise NoPasswordError(path)
    return words[0].strip()
