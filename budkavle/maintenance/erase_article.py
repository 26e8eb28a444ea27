"""Erasure of an article everywhere this service keeps it, and what of it lies beyond our reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from articles.article import ArticleId, Seq
from budkavle.installation.slices.sending import transport
from budkavle.installation.wiring import Service
from budkavle.maintenance.file_kinds import copies


@dataclass(frozen=True, kw_only=True)
class Erased:
    """Result of an erasure. `seq` is None when the article was erased before; then it was only looked after again.

    `documents` of feeds changed; `faults` say which could not be put in place, and hold the text still.

    `letters` lost the text while they waited, `forms` are kept copies of letters that were dropped. `under_way` says
    that letters with the text are being handed to the relay: their copies are dropped when that is done. `scrubbed` is
    False when the store's log could not be cut, because others were at it for too long.
    """

    seq: Seq | None
    documents: int
    faults: tuple[str, ...]
    letters: int
    forms: int
    under_way: bool
    scrubbed: bool


def erase(service: Service, article_id: ArticleId, now: datetime) -> Erased:
    """Erase an article from the store, from feeds, letters that wait and kept copies. Raises UnknownArticleError.

    Whatever breaks it off, doing it again does the rest.
    """
    seq = service.articles.erase(article_id, now)
    pulled = service.letters.pull_gone(now)
    forms = service.letters.drop_erased()
    service.syndication.publish.repair()  # a folder that was put back by hand may hold what no round would look at
    published = service.syndication.publish.build(now=now)
    service.syndication.notes.note(published.changed, now)
    return Erased(
        seq=seq,
        documents=len(published.changed),
        faults=published.faults,
        letters=pulled.letters,
        forms=forms,
        under_way=pulled.under_way,
        scrubbed=service.database.scrub(),
    )


def beyond_reach(service: Service, article_id: ArticleId, now: datetime) -> Sequence[str]:
    """Remaining steps of an erasure for a person, a line each: where else its text may be."""
    config = service.config
    places = ", ".join(service.articles.addresses(article_id))  # none, where another article has its place by now
    steps = [f"take the text away where it came from ({places}): the next import would hold it"] if places else []
    if outbox := transport(config).keeps_letters_in:
        steps.append(f"delete its letters in {outbox}")
    steps += [f"delete {copy}, a copy of the store as it was" for copy in copies(config)]
    if others := service.syndication.expected.surplus(now).others:
        steps.append(f"look into what others have put into {config.publish_folder / 'feeds'}: {', '.join(others)}")
    if any(config.returned_folder.glob("*")):
        steps.append(f"look through {config.returned_folder}: letters that came back may show it")
    steps.append("delete older backups, or erase it again after restoring one")
    steps.append("what was sent lies in mailboxes, and what was published with whoever fetched it: neither comes back")
    return steps
