"""The head of a page: what stands above and around the headline, and which line the headline is."""

from dataclasses import dataclass, field
from enum import Enum, auto
from zoneinfo import ZoneInfo

from articles.article import Image
from articles.sources.dates import DateLine, date_line, is_update_line, is_update_note
from articles.sources.furniture import RuleSet, opens, says
from articles.sources.pieces import Piece, could_be_title, is_credit
from articles.sources.plain import Title, one_line, title
from articles.sources.reading import Refused

_MAX_ALT = 250
_MAX_SENTENCE_TITLE = 150


class _Part(Enum):
    HEADER = auto()
    DATE = auto()
    UPDATED = auto()
    NOTE = auto()
    NO_ALT = auto()
    ALT = auto()
    TEXT = auto()


@dataclass(kw_only=True)
class PageHead:
    """What the head of a page gave. `rest` is the page below it; `notes` are lines that belong to its text."""

    title: Title
    rest: tuple[Piece, ...] = ()
    hold_reason: str | None = None
    dates: list[DateLine] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    notes: list[Piece] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def head(page: tuple[Piece, ...], rules: RuleSet, zone: ZoneInfo) -> PageHead | Refused:
    """The headline of a page with its dates and pictures, or why there is none."""
    above = _Above(page, rules, zone)
    place = next((index for index in range(len(page)) if above.part(index) is _Part.TEXT), None)
    if place is None:
        return Refused(reason="nothing but the furniture of a page; give the whole page", line=_first_line(page))
    piece = page[place]
    if not _is_headline(piece):
        why = "no headline: the text begins with a paragraph or a list; put the title on a line of its own before it"
        return Refused(reason=why, line=piece.line)
    shown = title(piece.text, piece.line)
    if isinstance(shown, Refused):
        return shown
    page_head = PageHead(title=shown, warnings=list(shown.warnings), hold_reason=_doubt(piece))
    for index in range(place):
        _keep(page_head, page[index], above.part(index), zone)
    _below(page_head, page[place + 1 :], rules, zone)
    return page_head


def _below(page_head: PageHead, page: tuple[Piece, ...], rules: RuleSet, zone: ZoneInfo) -> None:
    """Take the lines right under the headline that are not yet the text, and labelled dates wherever they stand."""
    index = 0
    while index < len(page):
        piece = page[index]
        part = _part_below(piece, rules, zone)
        if part is _Part.TEXT and not is_credit(piece) and one_line(piece.text) != page_head.title.text:
            break
        if one_line(piece.text) != page_head.title.text:
            _keep(page_head, piece, part if part is not _Part.TEXT else _Part.NOTE, zone)
        index += 1
    page_head.rest = tuple(piece for piece in page[index:] if not _take_label(page_head, piece, zone))


def _take_label(page_head: PageHead, piece: Piece, zone: ZoneInfo) -> bool:
    line = date_line(piece.as_line, zone)
    if line and line.labelled:
        page_head.dates.append(line)
        return True
    if not is_update_line(piece.as_line):
        return False
    _keep(page_head, piece, _Part.UPDATED, zone)
    return True


class _Above:
    """What the lines above the headline are. Each line is looked at a few times, however many stand there."""

    def __init__(self, page: tuple[Piece, ...], rules: RuleSet, zone: ZoneInfo) -> None:
        self._page, self._rules, self._zone = page, rules, zone
        self._follows: dict[int, bool] = {}

    def part(self, index: int) -> _Part:
        """What a line is; TEXT is the headline itself, or what stands where it should."""
        piece = self._page[index]
        if says(piece.text, self._rules.header):
            return _Part.HEADER
        part = _part_below(piece, self._rules, self._zone)
        if part is _Part.ALT or (part is _Part.TEXT and _is_sentence(piece, _MAX_ALT)):
            return _Part.ALT if self._headline_follows(index) else _Part.TEXT
        return part

    def _headline_follows(self, index: int) -> bool:
        """Whether a headline comes below this line, past dates and picture texts; said of all these lines at once."""
        if index not in self._follows:
            lines = range(index + 1, len(self._page))
            end = next((line for line in lines if not self._is_passed(self._page[line])), len(self._page))
            answer = end < len(self._page) and could_be_title(self._page[end])
            self._follows |= dict.fromkeys(range(index, end), answer)
        return self._follows[index]

    def _is_passed(self, piece: Piece) -> bool:
        passed = {_Part.DATE, _Part.NO_ALT, _Part.ALT}
        return says(piece.text, self._rules.header) or _part_below(piece, self._rules, self._zone) in passed


def _part_below(piece: Piece, rules: RuleSet, zone: ZoneInfo) -> _Part:
    line = piece.as_line
    if date_line(line, zone):
        return _Part.DATE
    if is_update_line(line):
        return _Part.UPDATED
    if is_update_note(piece.text):
        return _Part.NOTE
    if says(piece.text, rules.placeholder_alts):
        return _Part.NO_ALT
    return _Part.ALT if not piece.mark and opens(piece.text, rules.alt_openings) else _Part.TEXT


def _keep(page_head: PageHead, piece: Piece, part: _Part, zone: ZoneInfo) -> None:
    match part:
        case _Part.DATE:
            line = date_line(piece.as_line, zone)
            page_head.dates += [line] if line else []
        case _Part.ALT:
            page_head.images.append(Image(src=None, alt=piece.text))
        case _Part.NO_ALT:
            page_head.warnings.append(f"line {piece.line}: a picture has no text alternative; write one on the page")
        case _Part.UPDATED:
            page_head.warnings.append(f"line {piece.line}: {one_line(piece.text)!r} is no date of publication")
        case _Part.NOTE | _Part.TEXT:
            page_head.notes.append(piece)
        case _Part.HEADER:
            pass


def _is_headline(piece: Piece) -> bool:
    return could_be_title(piece) or _is_sentence(piece, _MAX_SENTENCE_TITLE)


def _doubt(piece: Piece) -> str | None:
    if could_be_title(piece):
        return None
    return f"line {piece.line}: is {one_line(piece.text)!r} the headline? It ends like a sentence; release it if it is"


def _is_sentence(piece: Piece, longest: int) -> bool:
    """Whether the piece is one sentence with its full stop."""
    text = piece.text
    return not piece.mark and text.endswith(".") and len(text) <= longest and ". " not in text and ".." not in text


def _first_line(page: tuple[Piece, ...]) -> int | None:
    return page[0].line if page else None
