"""Zones of a page: where its text ends, and its contacts and related news begin; which pages are no article."""

import re
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from articles.sources.contacts import is_card, is_reach
from articles.sources.dates import date_line
from articles.sources.furniture import RuleSet, says
from articles.sources.pieces import Piece, could_be_heading, could_be_title, is_cut, is_prose
from articles.sources.reading import Refused

_ENOUGH = 3
_LIST_ADDRESS = re.compile(r"[?&](?:start|end|cat|pageno|page|sida|offset)=|/api/", re.IGNORECASE)
_DATED_ITEM = re.compile(r"\d{4}-\d{2}-\d{2}[ \t:|–-]+\S.{8,}|\S.{8,}[ \t|–-]\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, kw_only=True)
class Zones:
    """The parts of a page below its headline. `cards_heading` is the heading of its contacts."""

    body: tuple[Piece, ...]
    cards: tuple[Piece, ...]
    related: tuple[Piece, ...]
    cards_heading: str = ""
    ends_in_body: bool = True


def zones(page: tuple[Piece, ...], rules: RuleSet) -> Zones:
    """The page parted at the headings that its rules know; a contact heading counts only before a contact."""
    pieces_of: dict[str, list[Piece]] = {"body": [], "cards": [], "related": []}
    zone = "body"
    heading = ""
    for index, piece in enumerate(page):
        if not piece.mark and says(piece.text, rules.related_headings):
            zone = "related"
        elif not piece.mark and says(piece.text, rules.contact_headings) and is_card(page[index + 1 :]):
            zone, heading = "cards", heading or " ".join(piece.text.split())
        else:
            zone = "body" if zone == "cards" and _opens_text(page, index) else zone
            pieces_of[zone].append(piece)
    parts = {name: tuple(pieces) for name, pieces in pieces_of.items()}
    return Zones(**parts, cards_heading=heading, ends_in_body=zone == "body")


def _opens_text(page: tuple[Piece, ...], index: int) -> bool:
    """Whether a heading with running text under it stands here: then the contacts are over."""
    below = page[index + 1] if index + 1 < len(page) else None
    return could_be_heading(page[index]) and below is not None and is_prose(below) and not is_reach(below.text)


def listing(page: tuple[Piece, ...], rules: RuleSet, zone: ZoneInfo, url: str | None) -> Refused | None:
    """A refusal when the page lists articles rather than being one, else None."""
    if url and _LIST_ADDRESS.search(url):
        return Refused(reason=f"{url} is the address of a list, not of an article; give the articles it links to")
    pieces = _above_related(page, rules)
    for places, what in (
        (_dated(pieces, zone), "dates with headlines of their own"),
        (_bulleted(pieces), "headlines with teasers under bullets"),
        (_teased(pieces), "teasers that are cut short"),
        ([piece.line for piece in pieces if _DATED_ITEM.fullmatch(piece.text)], "lines with a date and a headline"),
    ):
        if len(places) >= _ENOUGH:
            why = f"a list of articles, not one: {len(places)} {what}; give the articles it links to"
            return Refused(reason=why, line=places[0])
    return None


def _above_related(page: tuple[Piece, ...], rules: RuleSet) -> tuple[Piece, ...]:
    """The page down to the heading of its related news; the same words above any text are a link, not that heading."""
    first = next((index for index, piece in enumerate(page) if is_prose(piece)), len(page))
    ends = (index for index, piece in enumerate(page) if index > first and says(piece.text, rules.related_headings))
    return page[: next(ends, len(page))]


def _dated(page: tuple[Piece, ...], zone: ZoneInfo) -> list[int]:
    """The lines of dates that stand beside a headline."""
    dates = [date_line(piece.as_line, zone) is not None for piece in page]
    titles = [could_be_title(piece) and not dated for piece, dated in zip(page, dates, strict=True)]
    beside = [before or after for before, after in zip([False, *titles], [*titles[1:], False], strict=False)]
    return [piece.line for piece, dated, near in zip(page, dates, beside, strict=False) if dated and near]


def _bulleted(page: tuple[Piece, ...]) -> list[int]:
    pairs = pairwise(page)
    return [piece.line for piece, below in pairs if piece.mark and below.indented and not below.mark]


def _teased(page: tuple[Piece, ...]) -> list[int]:
    pairs = pairwise(page)
    return [below.line for piece, below in pairs if could_be_title(piece) and not below.mark and is_cut(below.text)]
