"""Wiring (composition root): the only place that builds adapters from a configuration."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.exc import OperationalError

from articles.adapters.held import HeldInputs
from articles.adapters.store import ArticleStore
from budkavle.config.load import Config
from budkavle.config.settings import Store
from budkavle.installation.open_store import Access, Alone, open_store, without_sender
from budkavle.installation.secret import NAME as SECRET
from budkavle.installation.slices.articles import Importing
from budkavle.installation.slices.bounces import process_bounces
from budkavle.installation.slices.editions import EditionServices
from budkavle.installation.slices.feeds import Syndication
from budkavle.installation.slices.lifecycle import LifecycleServices, unsubscribe
from budkavle.installation.slices.lists import ListServices
from budkavle.installation.slices.sending import patience, render, rules, sending, transport
from budkavle.installation.slices.transactional import transactional
from budkavle.rendering.templates import renderer
from digest.bounces.adapters.bounces import Bounces
from digest.bounces.adapters.transactional_bounces import ReturnedNotices
from digest.bounces.process import ProcessBounces
from digest.editions.adapters.edition_control import EditionControl
from digest.editions.adapters.edition_counts import EditionCounts
from digest.editions.adapters.editions import Editions
from digest.editions.adapters.forms import LetterForms
from digest.editions.adapters.planner import Planner
from digest.editions.test_letter import MarkedLetters
from digest.keys import Key
from digest.lifecycle.adapters.by_operator import ByOperator
from digest.lifecycle.adapters.unsubscribe_journal import NAME as LEAVES
from digest.sending.adapters.domain_backoff_admin import DomainReturns
from digest.sending.domain_backoff import Patience
from digest.sending.render import Render as RenderLetters
from digest.sending.send import Send
from digest.subscribers.adapters.subscribers import Subscribers
from digest.subscribers.adapters.suppressions import Suppressions
from digest.transactional.post import PostTransactional
from storage.database import Database
from storage.presence import store_is_there


@dataclass(frozen=True, kw_only=True)
class Service(EditionServices, LifecycleServices, ListServices):
    """An installation: its stores, and what its slices do with them. The services of a slice stand in `slices/`."""

    @cached_property
    def marked_letters(self) -> MarkedLetters:
        """What makes test letters."""
        return MarkedLetters(preview=self.preview, relay=lambda: transport(self.config).relay())

    # articles

    @cached_property
    def importing(self) -> Importing:
        """What imports articles, and what persons do to their inputs."""
        return Importing(
            config=self.config, database=self.database, articles=self.articles, held_inputs=self.held_inputs
        )

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

    # sending

    @cached_property
    def patience(self) -> Patience:
        """How soon a domain that refuses us is left alone, and for how long."""
        return patience(self.config)

    @cached_property
    def domains(self) -> DomainReturns:
        """The receiving domains that refuse us."""
        return DomainReturns(self.database.read, self.database.write, self.patience)

    @cached_property
    def letters(self) -> RenderLetters:
        """What makes the letters of editions that are being sent."""
        return render(self, self.composer, self.digests)

    @cached_property
    def sending(self) -> Send:
        """What sends all that is due."""
        return sending(self, self.letters, rules(self, self.digests, self.patience))

    # bounces

    @cached_property
    def process_bounces(self) -> ProcessBounces:
        """What processes returned mail."""
        return process_bounces(self, self.domains)

    # transactional letters

    @cached_property
    def transactional(self) -> PostTransactional:
        """What posts letters about subscriptions."""
        return transactional(self, self.publication)


@contextmanager
def open_service(
    config: Config, secret: Path | None = None, access: Access = Access.MAKE, alone: Alone = without_sender
) -> Iterator[Service]:
    """The installation that a configuration describes, its store made where there is none, or brought up to date.

    `secret` is where the store's secret lies, when not beside it. Raises StoreError, SecretError and LockHeldError.
    """
    path = config.store_path
    with open_store(path, secret or path.with_name(SECRET), access, config.folder, alone) as (database, key):
        service = _service(config, database, key)
        if access is Access.READ:
            _tell_leaves(service)
        else:
            service.suppressions.fill_hashes()
            with suppress(OperationalError):  # others hold the store: whoever sends looks again
                service.unsubscribe.replay()
        yield service


def _tell_leaves(service: Service) -> None:
    """Tell the store of leaves that only the journal holds, before they are read.

    Where others hold the store, or this user may not write to it, the next command that writes does it.
    """
    config = service.config
    with suppress(OperationalError):
        if service.unsubscribe.is_behind():
            with closing(Database(config.store_url)) as database:
                suppressions = Suppressions(database.read, database.write, service.key)
                writing = unsubscribe(database, suppressions, config.store_path.with_name(LEAVES))
                writing.replay(writing.patience)


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
        held_inputs=HeldInputs(database.read, database.write),
        subscribers=Subscribers(database.read),
        by_operator=ByOperator(database.write, key),
        suppressions=suppressions,
        unsubscribe=unsubscribe(database, suppressions, config.store_path.with_name(LEAVES)),
        bounces=Bounces(database.read, database.write, suppressions),
        returned_notices=ReturnedNotices(database.read, database.write, suppressions, key),
        key=key,
        editions=Editions(database.read, database.write),
        edition_control=EditionControl(database.read, database.write),
        edition_counts=EditionCounts(database.read),
        forms=LetterForms(database.read, database.write),
        planner=Planner(database.write),
        render=renderer(config.settings.language, config.settings.timezone, config.templates_folder),
    )
