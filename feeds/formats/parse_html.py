"""HTML twins read back by their microformats (h-entry), as a program would; content is taken as it is written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from html.parser import HTMLParser

from feeds.entries.headings import shallower
from feeds.formats.parse_xml import ParsedEntry, ParsedTombstone, UnreadableError, moment

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
"""The elements that nothing closes (HTML, 13.1.2)."""


@dataclass
class Element:
    """An element of the page in its order: name, attributes, and everything written inside it.

    The elements inside it are those of the page behind it, before `end`.
    """

    name: str
    attributes: dict[str, str]
    end: int = 0
    source: list[str] = field(default_factory=list)

    @cached_property
    def classes(self) -> frozenset[str]:
        """The words of its class attribute."""
        return frozenset(self.attributes.get("class", "").split())

    @property
    def text(self) -> str:
        """What is written inside, when that is text only."""
        return unescape("".join(self.source))


Page = list[Element]


def parse_html(document: bytes) -> Page:
    """The page's elements in their order; UnreadableError when one is not closed where it must be."""
    parser = _Parser()
    try:
        parser.feed(document.decode())
        parser.close()
    except UnicodeDecodeError as cause:
        msg = f"it is not UTF-8: {cause}"
        raise UnreadableError(msg) from cause
    if parser.opened or not parser.page:
        msg = f"it is not well-formed: {', '.join(element.name for element in parser.opened) or 'nothing'} stays open"
        raise UnreadableError(msg)
    return parser.page


def entries(page: Page) -> Iterator[Page]:
    """The elements of each h-entry, the article itself first."""
    for start, element in enumerate(page):
        if "h-entry" in element.classes:
            yield page[start : element.end]


def read_html(page: Page) -> tuple[ParsedEntry | ParsedTombstone, ...]:
    """The items in the page's order."""
    return tuple(_item(entry) for entry in entries(page))


def values(entry: Page, name: str, attribute: str) -> tuple[str, ...]:
    """The attribute of every element of a class, in their order."""
    return tuple(element.attributes.get(attribute, "") for element in entry if name in element.classes)


def _item(entry: Page) -> ParsedEntry:
    entry_id = _one(entry, "u-uid", "value")
    content = "".join("".join(element.source) for element in entry if "e-content" in element.classes)
    rels = (("alternate", "u-url", "href"), ("related", "u-related", "value"), ("enclosure", "u-photo", "value"))
    return ParsedEntry(
        id=entry_id,
        title="".join(element.text for element in entry if "p-name" in element.classes),
        links=tuple((rel, href) for rel, name, attribute in rels for href in values(entry, name, attribute)),
        published=moment(_one(entry, "dt-published", "datetime")),
        updated=moment(_one(entry, "dt-updated", "value")),
        language=_one(entry, "e-content", "lang"),
        summary=_one(entry, "p-summary", "value"),
        content=shallower(content, entry_id),
        authors=tuple(element.text for element in entry if "p-author" in element.classes),
        categories=values(entry, "p-category", "value"),
    )


def _one(entry: Page, name: str, attribute: str) -> str:
    attributes = values(entry, name, attribute)
    if len(attributes) != 1:
        msg = f"an entry has {len(attributes)} elements of the class {name}"
        raise UnreadableError(msg)
    return attributes[0]


class _Parser(HTMLParser):
    """Keeps every element, and in each what is written inside it to the letter."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.page: Page = []
        self.opened: Page = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._write(self.get_starttag_text() or "")
        element = Element(name=tag, attributes={name: value or "" for name, value in attrs})
        self.page.append(element)
        if tag not in _VOID:
            self.opened.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:  # written as <br/>
            return
        closed = self.opened.pop() if self.opened else None
        if not closed or closed.name != tag:
            msg = f"it is not well-formed: </{tag}> closes nothing"
            raise UnreadableError(msg)
        closed.end = len(self.page)
        self._write(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._write(data)

    def handle_entityref(self, name: str) -> None:
        self._write(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._write(f"&#{name};")

    def _write(self, text: str) -> None:
        for element in self.opened:
            element.source.append(text)
