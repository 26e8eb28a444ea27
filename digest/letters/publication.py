"""Publication: what all letters of an installation have in common, whichever newsletter they belong to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from articles.article import Publisher, PublisherId
from digest.letters.values import Colours, Imprint


@dataclass(frozen=True, kw_only=True)
class Publication:
    """Who publishes, where, and in which language and time zone.

    `public_url` ends with a slash. `title` is what the site is called. `bounce_address` is where letters come back to,
    and where wishes to leave are read, if there is such a mailbox.
    """

    public_url: str
    title: str
    language: str
    zone: ZoneInfo
    publishers: Mapping[PublisherId, Publisher]
    imprint: Imprint
    colours: Colours
    bounce_address: str | None = None

    def names(self, publishers: Iterable[PublisherId]) -> tuple[str, ...]:
        """What publishers are called; one that the installation does not know any more has no name."""
        return tuple(self.publishers[id_].name for id_ in publishers if id_ in self.publishers)
