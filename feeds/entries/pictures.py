"""Enclosures: pictures that a reader can show beside the text."""

from collections.abc import Iterable
from posixpath import splitext
from urllib.parse import urlsplit

from articles.article import Image
from feeds.entries.entry import Link
from feeds.entries.text import one_line

# Of our own: what the `mimetypes` module knows differs between machines, and equal articles must give equal bytes.
_TYPES = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}


def enclosures(images: Iterable[Image]) -> tuple[Link, ...]:
    """A link to each picture whose name says of what type it is (RFC 4287, 4.2.7.2); its length is not known."""
    links = [link for image in images if image.src and (link := _link(image.src, image.alt))]
    return tuple({link.href: link for link in reversed(links)}.values())[::-1]


def _link(address: str, alt: str) -> Link | None:
    kind = _TYPES.get(splitext(urlsplit(address).path)[1].lower())
    title = one_line("text of a picture", alt)
    return Link(rel="enclosure", href=address, type=kind, title=title) if kind else None
