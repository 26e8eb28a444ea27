"""Wiring of transactional letters: what composes and posts them."""

from budkavle.config.settings import Settings
from budkavle.installation.slices.sending import found_limits, return_paths, transport
from budkavle.installation.stores import Stores
from budkavle.rendering.templates import renderer
from budkavle.rendering.translations import languages
from digest.letters.publication import Publication
from digest.letters.values import Mailbox
from digest.lifecycle.adapters.transactional_queue import TransactionalQueue
from digest.transactional.compose import ComposeTransactional
from digest.transactional.post import PostTransactional


def transactional(stores: Stores, publication: Publication) -> PostTransactional:
    """What posts letters about subscriptions."""
    return PostTransactional(
        queue=TransactionalQueue(stores.database.read, stores.database.write, transport(stores.config).pacing),
        compose=compose(stores, publication),
        returned=stores.returned_notices,
        paths=return_paths(stores),
        connections=stores.connections,
        limits=lambda: found_limits(stores),
        relay=lambda limits: transport(stores.config).relay(limits),
    )


def compose(stores: Stores, publication: Publication) -> ComposeTransactional:
    """What composes them."""
    settings = stores.config.settings
    reply_to = settings.digests[0].reply_to if settings.digests else None
    return ComposeTransactional(
        database=stores.database,
        key=stores.key,
        publication=publication,
        sender=confirmations_from(settings, publication.title),
        reply_to=Mailbox(name=reply_to.name or publication.title, address=reply_to.address) if reply_to else None,
        titles={digest.name: digest.title for digest in settings.digests},
        topics={topic.id: topic.label for topic in stores.config.topics()},
        languages=languages(),
        render=lambda language: renderer(language, settings.timezone, stores.config.templates_folder),
        pending_days=settings.keep.pending,
    )


def confirmations_from(settings: Settings, title: str) -> Mailbox:
    """Who sends transactional letters: never a digest's own sender, as mail providers ask for.

    `title` is the site's, for a sender that is configured without a name.
    """
    mailbox = settings.mail.confirmations_from
    if mailbox is not None:
        return Mailbox(name=mailbox.name or title, address=mailbox.address)
    sender = settings.digests[0].from_.address if settings.digests else settings.operator.address
    return Mailbox(name=title, address=f"bekraftelse@{sender.rpartition('@')[2]}")
