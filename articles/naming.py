"""Names of articles as people type them: an id or its end, an address, a file, or words of the title.

`named` tries the kinds from the surest to the loosest, and the first that fits anything decides: whole ids before ends
of ids, addresses and files before titles, a whole title before words that may begin any of its words.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from articles.article import ArticleId, SourceName

_WORD = re.compile(r"\w+")
_PORTS = {"http": ":80", "https": ":443", "": ""}
SourcePath = tuple[SourceName, str]
"""A file as a source knows it: by its path in the source's folder, with `/` and in NFC."""


@dataclass(frozen=True, kw_only=True)
class ArticleNames:
    """What an article can be named by: its id, every place and address it was seen at, and its titles, newest first."""

    id: ArticleId
    seen_at: Sequence[SourcePath]
    titles: Sequence[str]
    day: str = ""


@dataclass(frozen=True, kw_only=True)
class TypedName:
    """A name as it was typed, and the files that it may be as a path: in its source, absolute, or from here."""

    text: str
    files: Sequence[SourcePath] = ()


def named(name: TypedName, articles: Sequence[ArticleNames]) -> Sequence[ArticleNames]:
    """The articles of a name: one when it is clear, several to choose from, or none. It never names one by nothing."""
    for fits in _kinds(name):
        fitting = [article for article in articles if fits(article)]
        if fitting:
            return fitting
    return ()


def is_file(typed: str, address: str) -> bool:
    """Whether a path is a file's address in its source, or the end of it from a folder on: `b.md` is `a/b.md`."""
    wanted = unicodedata.normalize("NFC", typed).removeprefix("./")
    return bool(wanted) and f"/{address}".endswith(f"/{wanted}")


def web_address(text: str) -> str:
    """An address reduced to what tells pages apart: no scheme, no closing slash, no fragment, nothing encoded.

    A name may leave out what browsers hide and add what they add. The query stays: some platforms name pages by it.
    """
    parts = urlsplit(text if "://" in text else f"//{text.removeprefix('//')}")
    host = (parts.netloc.rpartition("@")[2]).lower().removesuffix(_PORTS.get(parts.scheme.lower(), ""))
    path = unquote(parts.path).rstrip("/")
    query = f"?{unquote(parts.query)}" if parts.query else ""
    return unicodedata.normalize("NFC", f"{_readable(host)}{path}{query}")


def _kinds(name: TypedName) -> Iterator[Callable[[ArticleNames], bool]]:
    text = unicodedata.normalize("NFC", name.text).strip()
    if not text:
        return
    yield lambda article: article.id == text
    yield lambda article: article.id.endswith((f"/{text.lower()}", f":{text.lower()}"))
    if address := _address_or_none(text):
        yield lambda article: any(_is_web(seen) and web_address(seen) == address for _, seen in article.seen_at)
    yield lambda article: not set(name.files).isdisjoint(article.seen_at)
    yield lambda article: any(not _is_web(seen) and is_file(text, seen) for _, seen in article.seen_at)
    yield lambda article: _folded(text) in map(_folded, article.titles[:1])
    if words := _WORD.findall(_folded(text)):
        yield lambda article: any(_begun_by(words, title) for title in article.titles[:1])
        yield lambda article: any(_begun_by(words, title) for title in article.titles)


def _address_or_none(text: str) -> str | None:
    try:
        return web_address(text)
    except ValueError:  # such as a bracket that is no IPv6 address
        return None


def _is_web(seen: str) -> bool:
    return "://" in seen


def _begun_by(words: Sequence[str], title: str) -> bool:
    """Whether every word begins a word of the title: "buss barr" is "Ny busslinje till Barrvik"."""
    there = _WORD.findall(_folded(title))
    return all(any(word.startswith(typed) for word in there) for typed in words)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().strip()


def _readable(host: str) -> str:
    """A host as people write it: xn--… in its own letters (RFC 3492), where it has any."""
    try:
        return host.encode("ascii").decode("idna") if "xn--" in host else host
    except UnicodeError:
        return host
