"""Wiring of lists: import, undo, suppression and export of subscribers."""

from functools import cached_property, partial

from articles.adapters.seq_at import seq_before
from budkavle.config.load import Config
from budkavle.installation.stores import Stores
from budkavle.rendering.translations import languages
from digest.lists.adapters.export import SubscriberExport
from digest.lists.adapters.imports import Imports
from digest.lists.adapters.opt_outs import OptOuts
from digest.lists.adapters.undo import UndoImport
from digest.lists.import_list import ImportList
from digest.lists.suppress_list import SuppressList
from digest.subscribers.offer import Offer


def offer(config: Config) -> Offer:
    """What can be subscribed to."""
    settings = config.settings
    return Offer(
        digests={digest.name: digest.title for digest in settings.digests},
        topics={topic.id: topic.label for topic in settings.topics},
        publishers={publisher.id: publisher.name for publisher in settings.publishers},
        languages=languages(),
        language=settings.language,
    )


class ListServices(Stores):
    """What is done with lists of subscribers."""

    @cached_property
    def offer(self) -> Offer:
        """What can be subscribed to."""
        return offer(self.config)

    @cached_property
    def imports(self) -> Imports:
        """The imports that there were."""
        return Imports(self.database.read, self.database.write)

    @cached_property
    def import_list(self) -> ImportList:
        """Import of a list."""
        return ImportList(
            imports=self.imports,
            offer=self.offer,
            key=self.key,
            newest=self.articles.last_seq,
            seq_before=partial(seq_before, self.database.read),
        )

    @cached_property
    def undo_import(self) -> UndoImport:
        """Undo of an import."""
        return UndoImport(self.database.read, self.database.write)

    @cached_property
    def suppress_list(self) -> SuppressList:
        """Suppression of a list."""
        opt_outs = OptOuts(self.database.read, self.database.write, self.suppressions)
        return SuppressList(opt_outs=opt_outs, unsubscribe=self.unsubscribe, key=self.key)

    @cached_property
    def subscriber_export(self) -> SubscriberExport:
        """Export of subscribers."""
        return SubscriberExport(self.database.read)
