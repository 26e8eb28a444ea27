"""Lookup of an article or a held input by the words on the command line."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

from cyclopts import Parameter

from articles.adapters.held import HeldInput, UnknownHeldInputError
from articles.adapters.named_articles import find_named
from articles.article import ArticleId
from articles.naming import SourcePath, TypedName, is_file
from articles.sources.source_reader import SourceReader
from budkavle.cli.terminal import WrongUseError
from budkavle.installation.wiring import Service
from budkavle.rendering.wording import counted

ArticleName = Annotated[
    tuple[str, ...],
    Parameter(
        name="ARTICLE",
        negative=(),
        help="Its id or the last 16 signs of it, its address, its file, or words of its title.",
    ),
]
_DIGITS = 18
"""Digits of the largest number that a store counts to."""
_MOST = 20
"""Choices that are listed."""


class AmbiguousNameError(WrongUseError):
    """A name fits several: which these are."""

    def __init__(self, name: str, what: str, choices: Sequence[str]) -> None:
        super().__init__(f'"{name}" may be {counted(len(choices), what)}; name one of them in another way:')
        more = [f"and {len(choices) - _MOST} more"] if len(choices) > _MOST else []
        self.choices = (*choices[:_MOST], *more)


def article_named(service: Service, words: Sequence[str]) -> ArticleId:
    """The article that these words name. Raises WrongUseError when there is none, AmbiguousNameError for several."""
    text = " ".join(words)
    readable = text.encode(errors="replace").decode()  # a path may hold bytes that are no UTF-8; no other name does
    named = find_named(
        service.database.read, TypedName(text=readable, files=tuple(_files(service.importing.sources, text)))
    )
    match named:
        case [article]:
            return article.id
        case []:
            folders = ", ".join(reader.place for reader in service.importing.sources)
            raise WrongUseError(
                f'no article is "{text}": it is no id or end of one, no address, no file that came from {folders},'
                " and no title has these words; `budkavle articles list` shows them all"
            )
        case several:
            raise AmbiguousNameError(
                text, "article", [f"{match.id}  {match.day}  {match.titles[0]}" for match in several]
            )


def held_named(service: Service, text: str) -> HeldInput:
    """The held input with this number, or of this file. Raises UnknownHeldInputError, AmbiguousNameError."""
    if text.isdecimal() and len(text) <= _DIGITS:
        return service.held_inputs.get(int(text))
    places = set(_files(service.importing.sources, text))
    waiting = service.held_inputs.waiting()
    named = [held_input for held_input in waiting if (held_input.source, held_input.address) in places] or [
        held_input for held_input in waiting if is_file(text, held_input.address)
    ]
    match named:
        case [held_input]:
            return held_input
        case []:
            raise UnknownHeldInputError(text)
        case several:
            choices = [
                f"{held_input.number:>4}  {held_input.source} {held_input.address}: {held_input.draft.title}"
                for held_input in several
            ]
            raise AmbiguousNameError(text, "held input", choices)


def _files(sources: Iterable[SourceReader], text: str) -> Iterator[SourcePath]:
    """What a path, absolute or from here, is to the sources that it lies in."""
    if not text or "\0" in text:
        return
    for reader in sources:
        address = reader.address_of(text)
        if address not in {None, "."}:
            yield reader.source.name, str(address)
