"""Page parser: a page saved as plain text, read into a draft."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from articles.article import Block, BulletList, Draft, Paragraph, Quote
from articles.sources.contacts import cards
from articles.sources.dates import PublicationDate, settle
from articles.sources.furniture import RuleSet, strip
from articles.sources.head import PageHead, head
from articles.sources.pieces import breaks_off, pieces
from articles.sources.plain import clean, lines
from articles.sources.quotes import Memory
from articles.sources.reading import Input, Parsed, Refused, Source
from articles.sources.related import related
from articles.sources.sections import Heading, parts, sections
from articles.sources.zones import Zones, listing, zones


def read_page(given: Input, source: Source, rules: RuleSet, *, today: date, zone: ZoneInfo) -> Parsed | Refused:
    """The draft that a page holds, without its furniture, or why the page is no article."""
    bare = strip(lines(clean(given.text)), rules)
    page = pieces(bare.lines)
    if refused := listing(page, rules, zone, given.url):
        return refused
    top = head(page, rules, zone)
    if isinstance(top, Refused):
        return top
    dated = settle(top.dates, given.url, today)
    if isinstance(dated, Refused):
        return dated
    below = zones(top.rest, rules)
    draft = _draft(given, source, top, dated, below)
    if isinstance(draft, Refused):
        return draft
    for_person = [why for why in (top.hold_reason, _cut_off(below, closed=bare.closed), dated.hold_reason) if why]
    return Parsed(
        draft=replace(draft, related=related(below.related, zone)),
        hold_reason="; ".join(for_person) or None,
        warnings=(*top.warnings, *bare.warnings, *dated.warnings),
    )


def with_lead(parts: list[Heading | Block]) -> tuple[str, list[Heading | Block]]:
    """The first paragraph as the lead, and the rest; one that announces a list or a quote stays with it."""
    match parts:
        case [Paragraph(text=text), BulletList() | Quote(), *_] if text.endswith(":"):
            return "", parts
        case [Paragraph(text=text), *rest]:
            return text, rest
    return "", parts


def _draft(given: Input, source: Source, top: PageHead, dated: PublicationDate, below: Zones) -> Draft | Refused:
    people = cards(below.cards)
    lead, text = with_lead(parts(below.body, Memory()))
    if not lead and not text:
        return Refused(reason="only a title and no text; give the whole page")
    left: list[Heading | Block] = [Paragraph(text=piece.full) for piece in people.left]
    notes = [Paragraph(text=piece.full) for piece in top.notes]
    return Draft(
        publishers=(source.publisher,),
        title=top.title.text,
        url=given.url,
        lead=lead,
        sections=sections([*notes, *text, *([Heading(text=below.cards_heading)] if left else []), *left]),
        contacts=people.contacts,
        images=tuple(top.images),
        language=source.language,
        published=dated.published,
    )


def _cut_off(below: Zones, *, closed: bool) -> str | None:
    """Why the text seems to be cut off, when nothing on the page comes after it."""
    if closed or not below.ends_in_body or not below.body or not breaks_off(below.body[-1]):
        return None
    where = f"line {below.body[-1].line}"
    return f"{where}: the text breaks off in the middle of a sentence; give the whole page, or release it"
