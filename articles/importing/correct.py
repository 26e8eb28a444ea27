"""Corrections by command: whether the text that would be marked as corrected is the corrected one."""

import shlex
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from articles.acts import decide
from articles.adapters.named_articles import places_of
from articles.article import ArticleId, History, Kind
from articles.importing.import_files import reading_of
from articles.importing.locate import at_path
from articles.sources.reading import Refused
from budkavle.installation.wiring import Service


def why_not_yet(service: Service, article: ArticleId, now: datetime, *, unchanged: bool) -> str | None:
    """Why an article's newest text cannot be called a correction yet, with the remedy; None when it can.

    Its file holds a text that nobody has read yet: to mark the one before it would tell readers of a correction beside
    the error. Or nothing has changed since readers were last told of it, unless that is meant (`unchanged`).
    """
    known = service.articles.history(article)
    if known.withdrawn or known.erased:
        return None
    for path in _files(service, article):
        if reason := _why_unread(service, known, path, now):
            return f"{path} {reason}: budkavle import {shlex.quote(str(path))}; then correct it"
    return None if unchanged else _why_the_same(known)


def _why_unread(service: Service, known: History, path: Path, now: datetime) -> str | None:
    found = next(one for one in at_path(service.config, path, None, anywhere=False) if one.path.name == path.name)
    reading = reading_of(service.config, found, now)
    if isinstance(reading, Refused):
        return f"cannot be read as it is now ({reason_of(reading)}); mend it, and first"
    changed = decide(known, reading.draft, reading.act, reading.note)
    return "has changed, and that text was not read yet; first" if changed else None


def reason_of(refused: Refused) -> str:
    """The reason of a refusal, with its line where it has one."""
    return f"line {refused.line}: {refused.reason}" if refused.line else refused.reason


def _why_the_same(known: History) -> str | None:
    newest = known.newest
    if newest.kind is Kind.EDITED:
        return None
    was = "corrected" if newest.kind is Kind.CORRECTED else "published"
    return (
        f"{known.article.id} has not changed since it was {was} as seq {newest.seq}: change its file, budkavle import,"
        " then correct it; when the text shall stay and readers shall be told the note alone: --unchanged"
    )


def _files(service: Service, article: ArticleId) -> Iterator[Path]:
    """The files of an article that lie in their sources now."""
    folders = {place.source.name: place.folder for place in service.config.sources()}
    for source, address in places_of(service.database.read, article):
        path = folders[source] / address if source in folders else None
        if path and "://" not in address and path.is_file():
            yield path
