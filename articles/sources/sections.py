"""Sections with anchors, made of headings and blocks."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from articles.article import Block, BulletList, Paragraph, Section
from articles.sources.pieces import Piece, headings
from articles.sources.quotes import Memory, is_said, spoken

_WORD = re.compile(r"[a-z0-9]+")
_MAX_ANCHOR = 80


@dataclass(frozen=True, kw_only=True)
class Heading:
    """The opening of a section."""

    text: str


def sections(parts: Iterable[Heading | Block]) -> tuple[Section, ...]:
    """The sections of a text; the first has no heading, and no blocks where a heading comes first."""
    grouped: list[tuple[str, list[Block]]] = [("", [])]
    for part in parts:
        if isinstance(part, Heading):
            grouped.append((part.text, []))
        else:
            grouped[-1][1].append(part)
    if grouped == [("", [])]:
        return ()
    anchors = _anchors(heading for heading, _ in grouped[1:])
    return tuple(
        Section(heading=heading, anchor=anchor, blocks=tuple(blocks))
        for (heading, blocks), anchor in zip(grouped, ("", *anchors), strict=True)
    )


def parts(body: tuple[Piece, ...], memory: Memory) -> list[Heading | Block]:
    """The pieces of a page as headings, paragraphs, lists and quotes, nothing left out."""
    opening = headings(body)
    content: list[Heading | Block] = []
    index = 0
    while index < len(body):
        if index in opening and not is_said(body[index].text):
            content.append(Heading(text=" ".join(body[index].text.split())))
            index += 1
            continue
        run = _run(body, index)
        content += _blocks(run, memory)
        index += len(run)
    return content


def slug(text: str) -> str:
    """The text as an anchor: å and ä as a, ö as o, other letters by their base, words joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("ø", "o").replace("æ", "a").replace("ß", "ss"))
    words = _WORD.findall("".join(sign for sign in plain if not unicodedata.combining(sign)))
    return "-".join(words)[:_MAX_ANCHOR].strip("-") or "avsnitt"


def _anchors(names: Iterable[str]) -> list[str]:
    taken: dict[str, int] = {}
    for name in map(slug, names):
        anchor = name
        while anchor in taken:
            taken[name] += 1
            anchor = f"{name}-{taken[name]}"
        taken[anchor] = 1
    return list(taken)


def _run(body: tuple[Piece, ...], first: int) -> tuple[Piece, ...]:
    """The piece, with all that follow it under the same kind of mark."""
    mark = body[first].mark
    last = first + 1
    while mark and last < len(body) and body[last].mark and body[last].is_dash == body[first].is_dash:
        last += 1
    return body[first:last]


def _blocks(run: tuple[Piece, ...], memory: Memory) -> list[Block]:
    if run[0].mark and not run[0].is_dash:
        return [BulletList(items=tuple(piece.text for piece in run))]
    # A dash may open a list or somebody's words: one word of attribution decides for the whole run, and so does
    # a dash that stands alone, for a list has more than one item.
    if len(run) == 1 or any(is_said(piece.full) for piece in run):
        return [spoken(piece.full, memory) for piece in run]
    if all(piece.text[-1] in ".!?" and piece.mark != "-" for piece in run):
        return [Paragraph(text=piece.full) for piece in run]
    return [BulletList(items=tuple(piece.text for piece in run))]
