"""Past edition: the values that its pages are filled with."""

from dataclasses import dataclass
from datetime import date

from articles.article import Kind
from digest.letters.items import Item


@dataclass(frozen=True, kw_only=True)
class LaterAct:
    """What was done to an article after the edition that showed it: `kind` is `corrected` or `withdrawn`."""

    kind: Kind
    day: date
    note: str


@dataclass(frozen=True, kw_only=True)
class ArchivedItem:
    """An article as the letters showed it. Of one that was withdrawn `since`, the headline alone is left."""

    item: Item
    since: LaterAct | None = None


@dataclass(frozen=True, kw_only=True)
class ArchivedEdition:
    """All that the letters of an edition showed, in page order. `label` says its period in words.

    `named` is what stood in no letter: there was no room, or it was more than a letter holds.
    Of what was erased since nothing is left but how many texts there were.
    """

    label: str
    day: date
    items: tuple[ArchivedItem, ...] = ()
    named: tuple[ArchivedItem, ...] = ()
    corrected: tuple[ArchivedItem, ...] = ()
    withdrawn: tuple[ArchivedItem, ...] = ()
    erased: int = 0


@dataclass(frozen=True, kw_only=True)
class ListedEdition:
    """A line in the list of a digest's editions."""

    key: str
    label: str
    year: int
