"""Room in an edition's letters: each part of a letter measured once, by the templates that make it."""

from dataclasses import replace
from datetime import UTC, datetime

from digest.editions.compose import Composer, masthead
from digest.editions.digest import Digest
from digest.editions.edition import Edition
from digest.letters.content import Content, ContentRow
from digest.letters.letter import HTML_BYTES, html_size
from digest.letters.room import Fit, Room, fitted
from digest.letters.values import Dateline

_RESERVE = 2_000
"""Bytes for what is in no part alone: the next headlines, numbers with more digits, what a test letter says of itself.
"""
_MANY = 9_999
_ANY = Dateline(key="2026-12-31", label="30 september 2025–31 december 2026", date=datetime(2026, 12, 31, tzinfo=UTC))
"""A line as long as that of any edition to come."""


def fit_of(composer: Composer, digest: Digest, edition: Edition | None = None) -> Fit:
    """What decides which parts of a content find room in a letter of this edition, or of the one to come."""
    sizes = _Sizes(composer, digest, edition)

    def fit(content: Content) -> Content:
        bytes_ = HTML_BYTES - _RESERVE - sizes.frame(content)
        return fitted(content, Room(bytes=bytes_, size=sizes.of, items=digest.items))

    return fit


class _Sizes:
    """The bytes of each part, by what a letter of it is longer than one without it; each is measured once."""

    def __init__(self, composer: Composer, digest: Digest, edition: Edition | None) -> None:
        self._composer = composer
        self._render = composer.render_of(edition) if edition else composer.render
        self._masthead = masthead(composer.publication, digest)
        self._dateline = composer.dateline(digest, edition) if edition else _ANY
        self._measured: dict[tuple[ContentRow | None, int], int] = {}

    def of(self, row: ContentRow) -> int:
        """A part's own bytes, without those of the box that a notice shares with others."""
        if row.showing.is_notice:
            return self._length(row, times=2) - self._length(row)
        return self._length(row) - self._length(None)

    def frame(self, content: Content) -> int:
        """The bytes of all that stands around the parts: the letter's own, and the boxes that notices stand in."""
        empty = self._length(None)
        examples = {row.showing: row for row in sorted(content.rows) if row.showing.is_notice}
        return empty + sum(self._length(row) - self.of(row) - empty for row in examples.values())

    def _length(self, row: ContentRow | None, times: int = 1) -> int:
        """The length of a letter with this part alone, so many times; with nothing for None."""
        if (row, times) not in self._measured:
            one = self._composer.shown(Content(rows=frozenset([row] if row else []), more=_MANY))
            several = replace(
                one, items=times * one.items, corrected=times * one.corrected, withdrawn=times * one.withdrawn
            )
            self._measured[row, times] = html_size(self._masthead, self._dateline, several, self._render)
        return self._measured[row, times]
