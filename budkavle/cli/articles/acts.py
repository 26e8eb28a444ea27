"""Acts on an article: it was wrong and is corrected, or it is taken back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from articles.article import ArticleId, Kind
from articles.importing.locate import at_path
from budkavle.cli.articles.commands import tell
from budkavle.cli.articles.names import ArticleName, article_named
from budkavle.cli.terminal import DEFAULT_CONFIG, ConfigFile, Exit, WrongUseError, now, say
from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_to_write

Note = Annotated[str, Parameter(name="--note", help="What was wrong, in words for readers.")]


def correct(
    article: ArticleName,
    /,
    *,
    note: Note,
    file: Annotated[Path | None, Parameter(help="The corrected text; without it, the newest one is meant.")] = None,
    unchanged: Annotated[
        bool, Parameter(negative=(), help="The text stays as it was published; only the note is told.")
    ] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Say that an article was wrong and is corrected: readers of the error are told."""
    loaded = load(config)
    with open_to_write(loaded) as service:
        article_id = article_named(service, article)
        if file is None:
            return _corrected(service, article_id, note, now(), unchanged=unchanged)
        _refuse_other_texts(service, file, article_id, article)
        texts = at_path(service.importing.sources, str(file))
        corrected = [replace(text, asked=Kind.CORRECTED, note=note) for text in texts]
        (imported,) = service.importing.store.import_all(corrected, now())
        tell(imported, json=False)
        if imported.needs_a_person:
            return Exit.NEEDS_A_PERSON
        if imported.kind is None:  # it was imported before, perhaps by the daemon: then that was the correction
            return _corrected(service, article_id, note, now(), unchanged=unchanged)
        return Exit.DONE


def _refuse_other_texts(service: Service, file: Path, article_id: ArticleId, article: Sequence[str]) -> None:
    """Raises WrongUseError unless the file is one text, and the article's."""
    if file.is_dir() or not file.exists():
        what = "a folder" if file.is_dir() else "not there"
        raise WrongUseError(f"--file {file} is {what}; name the file of the corrected text")
    text_of = service.importing.store.article_at(next(at_path(service.importing.sources, str(file))), now())
    if text_of != article_id:
        what = f"a text of {text_of}" if text_of else "no text that is known"
        names = " ".join(article)
        raise WrongUseError(f"{file} is {what}, not one of {names}; name a file and an article that belong together")


def _corrected(service: Service, article: ArticleId, note: str, moment: datetime, *, unchanged: bool) -> int:
    if reason := service.importing.corrections.why_not_yet(article, moment, unchanged=unchanged):
        raise WrongUseError(reason)
    return _act(service.articles.act(article, Kind.CORRECTED, note, moment), "corrected")


def withdraw(article: ArticleName, /, *, note: Note, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Take an article back: feeds show a notice, waiting letters lose it, those who had it are told."""
    with open_to_write(load(config)) as service:
        article_id = article_named(service, article)
        return _act(service.articles.act(article_id, Kind.WITHDRAWN, note, now()), "withdrawn")


def _act(seq: int | None, what: str) -> int:
    say(f"{what} as seq {seq}" if seq else "it was withdrawn or erased before; nothing is changed")
    return Exit.DONE if seq else Exit.NEEDS_A_PERSON
