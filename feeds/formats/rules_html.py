"""Rules of HTML twins: what is demanded of one, whatever it is to say: it cannot act, and everyone can read it."""

from collections.abc import Iterator

from feeds.entries.address import is_web_address
from feeds.formats.parse_html import Page, entries, values
from feeds.formats.rules import repeated

_ACTIVE = {"base", "button", "embed", "form", "iframe", "input", "object", "script", "style", "svg"}


def html_faults(page: Page) -> Iterator[str]:
    """Where a page could do more than be read, or lacks what readers and their aids need."""
    names = [element.name for element in page]
    if "script" in names:
        yield "it has a script"
    if page[0].name != "html" or not page[0].attributes.get("lang"):
        yield "its root is no html with a lang (WCAG 3.1.1)"
    yield from (f"it must have one {name}" for name in ("title", "h1", "main") if names.count(name) != 1)
    for element in page:
        if any(name.startswith("on") for name in element.attributes):
            yield f"its {element.name} has a handler"
        if element.name == "img" and "alt" not in element.attributes:
            yield "a picture has no alt (WCAG 1.1.1)"
    for entry in entries(page):
        yield from _entry_faults(entry)
    yield from repeated(uid for entry in entries(page) for uid in values(entry, "u-uid", "value"))


def _entry_faults(entry: Page) -> Iterator[str]:
    where = next(iter(values(entry, "u-uid", "value")), "an entry without u-uid")
    yield from (f"{where} has a {element.name}" for element in entry[1:] if element.name in _ACTIVE)
    if not any(element.text.strip() for element in entry if "p-name" in element.classes):
        yield f"{where} has an empty title"
    for href in values(entry, "u-url", "href"):
        if not is_web_address(href):
            yield f"{where}: the link {href!r} is no absolute web address"
