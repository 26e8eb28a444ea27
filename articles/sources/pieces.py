"""The lines of a page as pieces: paragraphs, bullets and short lines, each with its line number."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from articles.sources.plain import Line

_BULLET = re.compile(r"\s*(?:([•*·▪◦‣●■])\s+|([-–—])\s+|([–—])(?=[^\W\d_]))")
_ORDERED = re.compile(r"\s+\d{1,2}[.)]\s+")
# Lines of a paragraph that was broken by hand are about this long.
_WRAPPED = range(40, 101)
_PROSE = 60
_MAX_HEADING = 120
_MAX_HEADING_WORDS = 16
_OPEN_END = re.compile(r"\b(?:att|om|för|till|och|med|på|av|i|som|vid|från|eller|samt|the|of|and)$", re.IGNORECASE)
_LINKISH = re.compile(r"(?:www\.|https?:|\S@\S|\.(?:se|nu|com|org|test)$)|\d{5,}|\d[\d -]{5,}\d$", re.IGNORECASE)
_CREDIT = re.compile(
    r"(?:foto(?:graf)?|bild|text|illustration|källa|fotnot|tid|plats|datum|var|när)\s*:", re.IGNORECASE
)
_STOPS = ".!?…"
_CLOSERS = "”\"»)’'*"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One block of a page. `mark` is its bullet or dash, or empty; `labelled`: furniture stood at its end."""

    line: int
    text: str
    mark: str = ""
    indented: bool = False
    labelled: bool = False

    @property
    def as_line(self) -> Line:
        """The piece as one line."""
        return Line(number=self.line, text=self.text, labelled=self.labelled)

    @property
    def full(self) -> str:
        """The piece with its dash, if it had one."""
        return f"{self.mark} {self.text}" if self.is_dash else self.text

    @property
    def is_dash(self) -> bool:
        """Whether the piece begins with a dash: a list or somebody's words."""
        return self.mark in {"-", "–", "—"}


def pieces(lines: tuple[Line, ...]) -> tuple[Piece, ...]:
    """The blocks of a page, in its order; lines that were broken by hand are joined."""
    groups = [list(group) for filled, group in groupby(lines, lambda line: bool(line.text.strip())) if filled]
    return tuple(piece for group in groups for piece in _group(group, alone=len(groups) == 1))


def is_sentence_end(text: str) -> bool:
    """Whether the text ends as a sentence does."""
    return text.rstrip(_CLOSERS + " ")[-1:] in _STOPS or text.rstrip(_CLOSERS + " \xa0")[-1:] == ":"


def is_prose(piece: Piece) -> bool:
    """Whether the piece is running text: long enough for a sentence, and ended like one."""
    return not piece.mark and len(piece.text) >= _PROSE and is_sentence_end(piece.text)


def is_cut(text: str) -> bool:
    """Whether dots show that the text was cut short."""
    return text.endswith(("...", "…"))


def is_credit(piece: Piece) -> bool:
    """Whether the piece names a photographer, a writer, a time or a place behind a colon."""
    return not piece.mark and _CREDIT.match(piece.text) is not None


def breaks_off(piece: Piece) -> bool:
    """Whether a text that has this as its last piece seems to be cut off."""
    if is_cut(piece.text) or (piece.text.endswith(":") and not piece.labelled):
        return True
    ends = piece.mark or piece.labelled or is_sentence_end(piece.text) or is_credit(piece)
    return not ends and not _LINKISH.search(piece.text[-100:])


def could_be_title(piece: Piece) -> bool:
    """Whether the piece has the form of a headline: one line that does not end as a sentence."""
    return not piece.mark and piece.text[-1] not in ".,;:…" and not piece.labelled


def could_be_heading(piece: Piece) -> bool:
    """Whether the piece has the form of a heading inside a text."""
    words = piece.text.split()
    short = len(piece.text) <= _MAX_HEADING and len(words) <= _MAX_HEADING_WORDS
    if not short or piece.mark or piece.labelled or piece.text[-1] in ".,;:…!":
        return False
    begins = piece.text[0].isupper() or piece.text[0].isdigit() or piece.text[0] in "”\"“«»’'("
    return begins and not _OPEN_END.search(piece.text) and not _LINKISH.search(piece.text) and not is_credit(piece)


def headings(body: tuple[Piece, ...]) -> frozenset[int]:
    """Which pieces are headings: short lines that open a block of text.

    Of three or more short lines in a row only the first and the last are, and of those at the end of the text none is:
    they are lines of their own kind (a programme, a signature), and doubt leaves them paragraphs.
    """
    opening: set[int] = set()
    for is_short, run in groupby(range(len(body)), lambda index: could_be_heading(body[index])):
        places = list(run)
        if is_short and places[-1] + 1 < len(body):
            opening |= {places[0], places[-1]}
    return frozenset(opening)


def _group(group: list[Line], *, alone: bool) -> Iterator[Piece]:
    plain = [line for line in group if not _BULLET.match(line.text)]
    wrapped = not alone and len(plain) > 1 and all(len(line.text.strip()) in _WRAPPED for line in plain[:-1])
    current: Piece | None = None
    for line in group:
        piece = _piece(line)
        if current and not piece.mark and (wrapped or _continues(current, piece)):
            current = replace(current, text=f"{current.text} {piece.text}", labelled=piece.labelled)
            continue
        if current:
            yield current
        current = piece
    if current:
        yield current


def _continues(current: Piece, piece: Piece) -> bool:
    """Whether a line goes on with the piece above it: an item's second line, or a sentence broken in two."""
    if current.mark and piece.indented:
        return True
    long = len(current.text) >= _WRAPPED.start
    return long and piece.text[0].islower() and not current.labelled and not is_sentence_end(current.text)


def _piece(line: Line) -> Piece:
    bullet = _BULLET.match(line.text)
    if bullet is None:
        indented = line.text[0].isspace() and not _ORDERED.match(line.text)
        return Piece(line=line.number, text=line.text.strip(), indented=indented, labelled=line.labelled)
    mark = next(group for group in bullet.groups() if group)
    text = line.text[bullet.end() :].strip()
    if not text:
        return Piece(line=line.number, text=line.text.strip(), labelled=line.labelled)
    return Piece(line=line.number, text=text, mark=mark, labelled=line.labelled)
