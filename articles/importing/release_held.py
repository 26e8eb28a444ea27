"""Release of held inputs: a person says that one may be published, and gives its date where it has none."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from articles.acts import Hold
from articles.adapters.held import HeldInputs, HeldState
from articles.adapters.store import Arrival, ArticleStore, StoredDraft
from articles.article import Published, Publisher, PublisherId
from articles.importing.import_articles import addresses_of


class StillUndatedError(ValueError):
    """A held input cannot become an article without a date."""

    def __init__(self, number: int) -> None:
        super().__init__(f"held input {number} has no date; give it with --published YYYY-MM-DD")


class PublisherGoneError(LookupError):
    """A held input names a publisher that the configuration has no more."""

    def __init__(self, number: int, publisher: str) -> None:
        super().__init__(f"held input {number} names the publisher {publisher}; put it back into the configuration")


@dataclass(frozen=True, kw_only=True)
class ReleaseHeld:
    """Release: makes articles of held inputs."""

    articles: ArticleStore
    held_inputs: HeldInputs
    publishers: Mapping[PublisherId, Publisher]

    def release(self, number: int, published: Published | None, now: datetime) -> StoredDraft:
        """Make an article of a held input. Raises StillUndatedError, PublisherGoneError, UnknownHeldInputError."""
        waiting = self.held_inputs.get(number)
        draft = replace(waiting.draft, published=published or waiting.draft.published)
        if draft.published is None:
            raise StillUndatedError(number)
        addresses = addresses_of(draft, waiting.address)
        arrival = Arrival(source=waiting.source, addresses=addresses, draft=draft, file=waiting.address, sure=True)
        publisher = self.publishers.get(draft.publishers[0])
        if publisher is None:
            raise PublisherGoneError(number, draft.publishers[0])
        taken = self.articles.take(arrival, publisher, now)
        if isinstance(taken, Hold):  # it was withdrawn or erased, and a person says that it may be published again
            taken = self.articles.publish_again(arrival, publisher, now)
        self.held_inputs.settle(number, HeldState.RELEASED)
        return taken
