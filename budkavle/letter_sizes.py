"""Room in an edition's letters: each part of a letter measured once, by the templates that make it."""

from collections.abc import Callable
from datetime import UTC, datetime

from budkavle.config_settings import Digest
from budkavle.letters import dateline, masthead, render_of, shown
from budkavle.wiring import Service
from digest.content import Content, Row
from digest.edition import Edition
from digest.letter import HTML_BYTES, html_size
from digest.letter_room import Fit, Room, fitted
from digest.letter_values import Dateline, Shown

_RESERVE = 2_000
"""Bytes for what is in no part alone: the next headlines, numbers with more digits, what a test letter says of itself.
"""
_MANY = 9_999
_ANY = Dateline(key="2026-12-31", label="30 september 2025–31 december 2026", date=datetime(2026, 12, 31, tzinfo=UTC))
"""A line as long as that of any edition to come."""


def fit_of(service: Service, digest: Digest, edition: Edition | None = None) -> Fit:
    """What decides which parts of a content find room in a letter of this edition, or of the one to come.

    A part is measured as what a letter of it alone is longer than a letter of nothing: rather too much than too little.
    """
    size_of = _measure(service, digest, edition)
    sizes: dict[Row, int] = {}

    def size(row: Row) -> int:
        if row not in sizes:
            sizes[row] = size_of(shown(service, Content(rows=frozenset([row]), more=_MANY))) - empty()
        return sizes[row]

    measured: list[int] = []

    def empty() -> int:
        if not measured:
            measured.append(size_of(Shown(more=_MANY)))
        return measured[0]

    def fit(content: Content) -> Content:
        return fitted(content, Room(bytes=HTML_BYTES - _RESERVE - empty(), size=size, items=digest.items))

    return fit


def _measure(service: Service, digest: Digest, edition: Edition | None) -> Callable[[Shown], int]:
    render = render_of(service, edition) if edition else service.render
    head, line = masthead(service.config.settings, digest), _ANY
    if edition:
        line = dateline(service, digest, edition)
    return lambda part: html_size(head, line, part, render)
