"""Wiring of a subscriber's life: subscribe, preferences, change of address, access request, unsubscribe, erasure."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from budkavle.config.load import Config
from budkavle.installation.slices.sending import transport
from budkavle.installation.stores import Render, Stores
from budkavle.rendering.templates import renderer
from budkavle.rendering.translations import languages
from digest.lifecycle.adapters.access_report import AccessVisits
from digest.lifecycle.adapters.address_change import AddressChanges
from digest.lifecycle.adapters.confirm import Confirmations
from digest.lifecycle.adapters.erasure import ErasureStore
from digest.lifecycle.adapters.expired import ExpiredSubscribers
from digest.lifecycle.adapters.history import SubscriberHistories
from digest.lifecycle.adapters.letter_requests import LetterRequests
from digest.lifecycle.adapters.opt_in import OptIn
from digest.lifecycle.adapters.person_files import PersonFiles
from digest.lifecycle.adapters.preferences import Preferences
from digest.lifecycle.adapters.rate_limits import RateLimits
from digest.lifecycle.adapters.reminders import Reminders
from digest.lifecycle.adapters.transactional_queue import TransactionalQueue
from digest.lifecycle.adapters.unconfirmed import Unconfirmed
from digest.lifecycle.adapters.unsubscribe_journal import UnsubscribeJournal
from digest.lifecycle.adapters.unsubscribe_replay import JournalReplay
from digest.lifecycle.adapters.unsubscribe_store import UnsubscribeStore
from digest.lifecycle.change_address import ChangeAddress
from digest.lifecycle.change_preferences import ChangePreferences
from digest.lifecycle.consent import Consent
from digest.lifecycle.erase_subscriber import EraseSubscriber
from digest.lifecycle.expire_subscribers import ExpireSubscribers
from digest.lifecycle.lift_suppression import LiftSuppression
from digest.lifecycle.rate_limits import Limits
from digest.lifecycle.request_my_data import RequestMyData
from digest.lifecycle.subscribe import Subscribe
from digest.lifecycle.unsubscribe import Unsubscribe
from digest.lifecycle.unsubscribe_by_operator import UnsubscribeByOperator
from digest.subscribers.adapters.suppressions import Suppressions
from storage.database import Database


def unsubscribe(database: Database, suppressions: Suppressions, path: Path) -> Unsubscribe:
    """Unsubscribe, by the journal at this path."""
    journal = UnsubscribeJournal(path)
    return Unsubscribe(
        store=UnsubscribeStore(database, suppressions),
        journal=journal,
        replaying=JournalReplay(database, suppressions, journal),
    )


def person_files(config: Config) -> PersonFiles:
    """Files beside the store that name people."""
    return PersonFiles(outbox=transport(config).keeps_letters_in, returned=config.returned_folder)


def titles(config: Config) -> Mapping[str, str]:
    """The digests' titles by name, in the order of the file."""
    return {digest.name: digest.title for digest in config.settings.digests}


class LifecycleServices(Stores):
    """What is done in a subscriber's life, and what reads it."""

    @cached_property
    def unsubscribe_by_operator(self) -> UnsubscribeByOperator:
        """Unsubscribe by an operator's hand."""
        return UnsubscribeByOperator(store=self.by_operator, unsubscribe=self.unsubscribe)

    def render_in(self, language: str) -> Render:
        """What fills today's templates in a language that a reader chose."""
        return renderer(language, self.config.settings.timezone, self.config.templates_folder)

    @cached_property
    def consent(self) -> Consent:
        """Consent texts, in every language that there is."""
        publishers = [publisher.name for publisher in self.config.settings.publishers]
        return Consent(render_in=self.render_in, languages=languages(), publishers=publishers)

    @cached_property
    def subscribe(self) -> Subscribe:
        """Subscribe by double opt-in."""
        read, write = self.database.read, self.database.write
        return Subscribe(
            opt_in=OptIn(read, write, self.key),
            confirmations=Confirmations(read, write, self.key),
            consent=self.consent,
            unsubscribe=self.unsubscribe,
            newest=self.articles.last_seq,
            titles=titles(self.config),
            wake=self.wakeup.wake,
        )

    @cached_property
    def preferences(self) -> Preferences:
        """Preferences, as the store holds them."""
        return Preferences(self.database.read, self.database.write)

    @cached_property
    def change_preferences(self) -> ChangePreferences:
        """Preferences, as their owner sees and changes them."""
        zone = self.config.settings.timezone
        return ChangePreferences(store=self.preferences, titles=titles(self.config), zone=zone)

    @cached_property
    def letter_requests(self) -> LetterRequests:
        """Requests for letters about what there is already."""
        return LetterRequests(self.database.write, self.key)

    @cached_property
    def change_address(self) -> ChangeAddress:
        """Change of address."""
        return ChangeAddress(
            store=AddressChanges(self.database.read),
            requests=self.letter_requests,
            titles=titles(self.config),
            wake=self.wakeup.wake,
        )

    @cached_property
    def request_my_data(self) -> RequestMyData:
        """Access request."""
        return RequestMyData(
            visits=AccessVisits(self.database.read, self.database.write, self.suppressions),
            requests=self.letter_requests,
            preferences=self.preferences,
            unsubscribe=self.unsubscribe,
            erasure=self.erase_subscriber,
            language=self.config.settings.language,
            wake=self.wakeup.wake,
        )

    @cached_property
    def erase_subscriber(self) -> EraseSubscriber:
        """Erasure."""
        return EraseSubscriber(
            store=ErasureStore(self.database),
            unsubscribe=self.unsubscribe,
            clear_files=person_files(self.config).clear,
            wait=self.wait,
        )

    @cached_property
    def expire_subscribers(self) -> ExpireSubscribers:
        """Retention of subscribers."""
        return ExpireSubscribers(
            expired=ExpiredSubscribers(self.database.read),
            store=ErasureStore(self.database),
            unsubscribe=self.unsubscribe,
            clear_files=person_files(self.config).clear,
            kept_for=timedelta(days=self.config.settings.keep.ended),
        )

    @cached_property
    def lift_suppression(self) -> LiftSuppression:
        """Lifting a suppression by an operator's hand."""
        return LiftSuppression(database=self.database, suppressions=self.suppressions)

    @cached_property
    def histories(self) -> SubscriberHistories:
        """Histories of subscribers."""
        return SubscriberHistories(self.database.read)

    @cached_property
    def unconfirmed(self) -> Unconfirmed:
        """Unconfirmed wishes."""
        return Unconfirmed(self.database.read, self.database.write)

    @cached_property
    def reminders(self) -> Reminders:
        """Reminders of unconfirmed wishes."""
        return Reminders(self.database.write)

    @cached_property
    def old_letters(self) -> TransactionalQueue:
        """Transactional letters that are over; nothing is sent from here."""
        return TransactionalQueue(self.database.read, self.database.write)

    @cached_property
    def limits(self) -> Limits:
        """How many letters the pages may cause, as `[limits]` says."""
        table = self.config.settings.limits
        return Limits(
            minutes_between=table.minutes_between,
            per_day=table.per_day,
            unanswered=table.unanswered,
            network=table.network,
            wide_network=table.wide_network,
            domain=table.domain,
            large_domain=table.large_domain,
            large_domains=frozenset(table.large_domains),
            overall=table.overall,
        )

    @cached_property
    def rate_limits(self) -> RateLimits:
        """Rate limits of the letters that pages cause."""
        return RateLimits(self.database.read, self.database.write, self.key, self.limits)
