"""Pictures as enclosures: what a reader can show beside the text."""

from collections.abc import Iterable
from posixpath import splitext
from urllib.parse import urlsplit

from articles.article import Image
from feeds.entry import Link

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
    """A link to each picture whose name says what type it is (RFC 4287, 4.2.7.2); its length is not known."""
    placed = ((image.src, _type(image.src)) for image in images if image.src)
    return tuple(dict.fromkeys(Link(rel="enclosure", href=src, type=kind) for src, kind in placed if kind))


def _type(address: str) -> str:
    return _TYPES.get(splitext(urlsplit(address).path)[1].lower(), "")
