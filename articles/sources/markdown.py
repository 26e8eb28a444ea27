"""Markdown parser: a file with front matter, read into a draft."""

from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from articles.article import Block, BulletList, Draft, Image, Kind, Paragraph, Quote
from articles.sources.dates import PublicationDate, impossible, settle
from articles.sources.declared import Declared, declared, line_of, web_address
from articles.sources.matter import Matter, MatterError, split
from articles.sources.page import with_lead
from articles.sources.plain import Title, clean, one_line, title
from articles.sources.quotes import Memory, signed, spoken
from articles.sources.reading import Input, Parsed, Refused, Source, Vocabulary
from articles.sources.sections import Heading, sections

_SIGNATURE = ("— ", "– ", "—", "-- ")


@dataclass(kw_only=True)
class _Body:
    """What the text below the front matter holds."""

    title: str | None = None
    title_line: int | None = None
    parts: list[Heading | Block] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)


def read_markdown(
    given: Input, source: Source, vocabulary: Vocabulary, *, today: date, zone: ZoneInfo
) -> Parsed | Refused:
    """The draft that a Markdown file holds; its front matter says what it declares, nothing is guessed beyond it."""
    try:
        matter = split(clean(given.text))
        said = declared(matter, vocabulary, zone)
    except MatterError as error:
        return error.refused
    body = _body(matter, said)
    shown = _title(said, body, matter)
    if isinstance(shown, Refused):
        return shown
    url = given.url or said.url
    dated = _dated(said, matter, url, today)
    if isinstance(dated, Refused):
        return dated
    lead, parts = (said.lead, body.parts) if said.lead else with_lead(body.parts)
    if not lead and not parts and said.act is not Kind.WITHDRAWN:
        return Refused(reason="only a title and no text; write the text below the front matter")
    draft = Draft(
        publishers=said.publishers or (source.publisher,),
        title=shown.text,
        url=url,
        lead=lead,
        sections=sections(parts),
        topics=said.topics,
        contacts=said.contacts,
        images=(*said.images, *body.images),
        related=said.related,
        language=said.language or source.language,
        published=dated.published,
    )
    warnings = (*shown.warnings, *body.warnings, *dated.warnings, *_two_addresses(given.url, said.url))
    return Parsed(draft=draft, hold_reason=dated.hold_reason, warnings=warnings, act=said.act, note=said.note)


def _title(said: Declared, body: _Body, matter: Matter) -> Title | Refused:
    text = said.title if said.title is not None else body.title
    if text is None:
        return Refused(reason="no headline; add title: to the front matter, or begin the text with # and the headline")
    return title(text, line_of(matter, "title") or body.title_line)


def _dated(said: Declared, matter: Matter, url: str | None, today: date) -> PublicationDate | Refused:
    if said.published is None:
        return settle((), url, today)
    return impossible(said.published, today, line_of(matter, "published")) or PublicationDate(published=said.published)


def _two_addresses(given: str | None, said: str | None) -> tuple[str, ...]:
    differ = given is not None and said is not None and given != said
    return (f"the file says its address is {said}; {given}, given with it, counts",) if differ else ()


def _body(matter: Matter, said: Declared) -> _Body:
    # Raw HTML stays visible as text: nobody's markup runs in a reader's mailbox.
    tree = SyntaxTreeNode(MarkdownIt("commonmark", {"html": False}).parse(matter.text))
    body = _Body(title=None)
    for node in tree.children:
        first_heading = node.type == "heading" and node.tag == "h1" and body.title is None
        if first_heading and (said.title is None or one_line(_text(node, body)) == one_line(said.title)):
            body.title, body.title_line = _text(node, body), (node.map[0] if node.map else 0) + matter.above + 1
        else:
            _take(node, body)
    return body


def _take(node: SyntaxTreeNode, body: _Body) -> None:
    """Add one block of the Markdown to the body."""
    match node.type:
        case "heading":
            text = one_line(_text(node, body))
            body.parts += [Heading(text=text)] if text else []
        case "paragraph":
            text = one_line(_text(node, body))
            body.parts += [spoken(text, body.memory)] if text else []
        case "bullet_list" | "ordered_list":
            items = [one_line(_text(item, body)) for item in node.children]
            body.parts += [BulletList(items=tuple(item for item in items if item))] if any(items) else []
        case "blockquote":
            body.parts += _quoted(node, body)
        case "hr":
            pass
        case _:
            body.parts += [Paragraph(text=node.content.strip())] if node.content.strip() else []


def _quoted(node: SyntaxTreeNode, body: _Body) -> list[Block]:
    """A quote when its last line is a signature, or when it says who speaks, else plain paragraphs."""
    texts = [text for child in node.children if (text := _text(child, body).strip())]
    lines = "\n".join(texts).split("\n")
    last = lines[-1].strip()
    if len(lines) > 1 and last.startswith(_SIGNATURE):
        speakers = signed(last.lstrip("—–- "))
        if speakers:
            speakers = tuple(body.memory.filled(speaker) for speaker in speakers)
            body.memory.quote(speakers)
            return [Quote(text=one_line(" ".join(lines)), speakers=speakers)]
    return [spoken(one_line(text), body.memory) for text in texts]


def _text(node: SyntaxTreeNode, body: _Body) -> str:
    """The words of a node, a line end where the source has one; pictures are put aside."""
    match node.type:
        case "text" | "code_inline" | "code_block" | "fence":
            return node.content
        case "softbreak" | "hardbreak":
            return "\n"
        case "image":
            _picture(node, body)
            return ""
        case "inline" | "link" | "em" | "strong" | "heading":
            return "".join(_text(child, body) for child in node.children)
    return "\n".join(_text(child, body) for child in node.children)


def _picture(node: SyntaxTreeNode, body: _Body) -> None:
    src, alt = str(node.attrs.get("src", "")), one_line(node.content)
    if not web_address(src):
        body.warnings.append(f"the picture {src!r} has no address on the web; only its text alternative is kept")
    if not alt:
        body.warnings.append(f"the picture {src!r} has no text alternative; write one between the square brackets")
    if web_address(src) or alt:
        body.images.append(Image(src=src if web_address(src) else None, alt=alt))
