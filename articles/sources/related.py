"""Related texts, which a page points to, with their own dates: never those of the page itself."""

from zoneinfo import ZoneInfo

from articles.article import Related
from articles.sources.dates import DateLine, date_line, day
from articles.sources.pieces import Piece, is_cut, is_sentence_end

_TEASER = 80


def related(block: tuple[Piece, ...], zone: ZoneInfo) -> tuple[Related, ...]:
    """The items of a related block: title, date, teaser, in the page's order."""
    dates = [date_line(piece.as_line, zone) for piece in block]
    dates_first = bool(dates) and dates[0] is not None
    starts = [index for index in range(len(block)) if _starts(block, dates, index, dates_first=dates_first)]
    ends = [*starts[1:], len(block)] if starts else []
    return tuple(
        _item(block[start:end], zone) for start, end in zip(starts, ends, strict=True) if _has_title(dates[start:end])
    )


def _has_title(dates: list[DateLine | None]) -> bool:
    return any(line is None for line in dates)


def _starts(block: tuple[Piece, ...], dates: list[DateLine | None], index: int, *, dates_first: bool) -> bool:
    """Whether an item begins here: with its date, or with the title before one, or with any line that is no teaser."""
    if index == 0:
        return True
    if dates_first:
        return dates[index] is not None
    if dates[index] is not None:
        return False
    if index + 1 < len(block) and dates[index + 1] is not None:
        return True
    return not _is_teaser(block, index)


def _is_teaser(block: tuple[Piece, ...], index: int) -> bool:
    piece = block[index]
    return not piece.mark and (is_sentence_end(piece.text) or is_cut(piece.text) or len(piece.text) >= _TEASER)


def _item(item: tuple[Piece, ...], zone: ZoneInfo) -> Related:
    texts = [piece.text for piece in item if date_line(piece.as_line, zone) is None]
    date_of = next((line for piece in item if (line := date_line(piece.as_line, zone))), None)
    teaser = "\n".join(texts[1:])
    when = day(date_of.value) if date_of and date_of.value else None
    return Related(title=" ".join(texts[0].split()), day=when, teaser=teaser, truncated=is_cut(teaser))
