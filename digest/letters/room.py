"""Room in a letter: a bound in bytes, kept when a variant is made (docs/selection.md, "Room").

Mail programs clip what is longer, and the link for leaving stands last. Notices go first.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import accumulate

from digest.letters.content import Content, ContentRow, Showing


@dataclass(frozen=True, kw_only=True)
class Room:
    """How many bytes a letter's rows may have together, what each has, and how many items may stand in a letter."""

    bytes: int
    size: Callable[[ContentRow], int]
    items: int


_MISSES = 10
"""After so many items without room a letter is full: of thousands, not each is measured."""

Fit = Callable[[Content], Content]
"""Decides what of a content stands in the letter, how long, and what does not."""


def unbounded(content: Content) -> Content:
    """All of it, in any number of bytes."""
    return content


def fitted(content: Content, room: Room) -> Content:
    """The content as there is room for it: the same again for the same, and never empty when it was not.

    Notices come first, the oldest first, and then items, the newest first; each short before any is whole. A notice
    without room is left out and owed, and then no item stands in its place; an item without room is named. What is in
    a letter stays in it when others leave.
    """
    if _is_whole(content, room):
        return replace(content, rows=frozenset(_whole(row) for row in content.rows))
    notices = [row for row in content.rows if row.showing.is_notice or row.article in content.corrected]
    notices.sort(key=lambda row: (row.seq, row))
    items = sorted(content.rows.difference(notices), key=_rank)
    in_letter = _Letter(room)
    for row in notices:
        in_letter.take(row)
    owed = [row for row in notices if row not in in_letter.short]
    for row in items if not owed else []:
        in_letter.take(row)
    named = [replace(row, showing=Showing.NAMED, short=False) for row in items if row not in in_letter.short]
    rows = frozenset([*in_letter.rows(), *named]) or frozenset(_shortened(row) for row in owed[:1])
    return replace(content, rows=rows, owed=content.owed + len(owed))


def _is_whole(content: Content, room: Room) -> bool:
    """Whether all that may stand in the letter finds room at its full length."""
    shown = [_whole(row) for row in content.rows if row.showing is not Showing.NAMED]
    items = sum(not row.showing.is_notice for row in shown)
    is_full = items == room.items or len(shown) == len(content.rows)
    sizes = accumulate(map(room.size, shown))  # measured only until it is too much
    return is_full and items <= room.items and all(size <= room.bytes for size in sizes)


def _rank(row: ContentRow) -> tuple[bool, int, ContentRow]:
    return row.showing is Showing.NAMED, -row.seq, row


class _Letter:
    """A letter that fills: what it holds, and how many bytes and items are left."""

    def __init__(self, room: Room) -> None:
        self._room, self._left, self._items, self._missed = room, room.bytes, room.items, 0
        self.short: dict[ContentRow, int] = {}

    def take(self, row: ContentRow) -> None:
        """Take in a row, short, where there is room."""
        is_item = not row.showing.is_notice
        if is_item and not (self._items and self._missed < _MISSES):
            return
        size = self._room.size(_shortened(row))
        if size <= self._left:
            self.short[row] = size
            self._left -= size
            self._items -= is_item
        else:
            self._missed += is_item

    def rows(self) -> Iterable[ContentRow]:
        """What is held, as much of it whole as there is room for."""
        for row, size in self.short.items():
            whole = _whole(_shortened(row))
            extra = self._room.size(whole) - size
            if extra <= self._left:
                self._left -= extra
                yield whole
            else:
                yield _shortened(row)


def _whole(row: ContentRow) -> ContentRow:
    return replace(row, short=False)


def _shortened(row: ContentRow) -> ContentRow:
    """The row as it stands shortened in a letter."""
    showing = Showing.ITEM if row.showing is Showing.NAMED else row.showing
    return replace(row, showing=showing, short=True)
