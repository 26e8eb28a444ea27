"""What the daemon does with its folders, round after round: takes in what changed, and rebuilds the feeds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from pathlib import Path

import structlog

from articles.article import ArticleId, Seq
from articles.importing.import_files import Imported, import_all
from articles.importing.lapse import Lapsing
from articles.importing.locate import Found, everything
from articles.importing.vanished import files_of, lines, missing
from articles.sources.reading import Refused
from budkavle.alarms.alarms import Alarm, AlarmKind, alarm
from budkavle.alarms.monitor import Watch
from budkavle.installation.wiring import Service
from digest.sending.send import drop_erased_forms
from feeds.publishing.expected_documents import going_on
from feeds.publishing.publish import Regenerated, build_feeds, mend_documents

log = structlog.get_logger()

_Stamp = tuple[date, int, int]


class Newsdesk:
    """One daemon's view of the folders: what it has seen of each file, and what it refused.

    `published` hears after every build which documents changed.
    """

    def __init__(
        self,
        service: Service,
        watch: Watch,
        stopping: Callable[[], bool],
        published: Callable[[Sequence[str]], None] = lambda _: None,
    ) -> None:
        self._service = service
        self._published = published
        self._watch = watch
        self._stopping = stopping
        self._stamps: dict[Found, _Stamp] = {}
        self._refused: dict[str, list[Imported]] = {}
        self._missing: set[ArticleId] = set()
        self._lapsing = Lapsing(service)
        self._built: tuple[Seq, int] | None = None
        self._mended = False

    def round(self, now: datetime) -> None:
        """Take in what changed since the last round, and rebuild the feeds when the store has. Never raises."""
        with self._watch.over(AlarmKind.IMPORT_FAILED, "import"):
            self._take_in(now)
        with self._watch.over(AlarmKind.FEED_FAILED, "feeds"):
            self._let_time_pass(now)
            self._publish(now)

    def _take_in(self, now: datetime) -> None:
        stamps = self._stamps_now(now)
        changed = [found for found, stamp in stamps.items() if self._stamps.get(found) != stamp]
        for name in self._refused.keys() - {found.name for found in stamps if found not in changed}:
            del self._refused[name]
        for one in import_all(self._service, changed, now):
            self._hear(one)
            if self._stopping():
                return
        self._stamps = stamps  # only now: what failed on the way is tried again
        self._watch.report(AlarmKind.INPUT_REFUSED, self._refusals(list(stamps)))
        self._tell_vanished(stamps)

    def _tell_vanished(self, found: Iterable[Found]) -> None:
        """Log which files are gone, once, and that their articles stay: nothing but that has to be done.

        Only those that were gone a round ago as well: a program that saves a file may take the old one away first.
        """
        still, self._missing = self._missing, set()
        for place, gone in missing(self._service, found):
            sure = [one for one in gone if one.article_id in still]
            self._missing |= {one.article_id for one in gone}
            for line in lines(place.folder, sure):
                log.warning("source_file_vanished", source=place.source.name, said=line)
            files_of(self._service).forget(sure)

    def _hear(self, one: Imported) -> None:
        if isinstance(one.outcome, Refused):
            self._refused.setdefault(one.given.file, []).append(one)
        if one.needs_a_person:
            log.warning("input_needs_a_person", said=one.line)
        elif one.kind:
            log.info("article_stored", article=one.id, kind=one.kind)

    def _refusals(self, found: list[Found]) -> Iterator[Alarm]:
        """One alarm a source, however many of its files are refused."""
        of_source = {each.name: str(each.source.name) for each in found}
        for source, names in groupby(sorted(self._refused, key=of_source.__getitem__), of_source.__getitem__):
            lines = [one.line for name in names for one in self._refused[name]]
            more = f" (and {len(lines) - 1} more; `budkavle import` lists them all)" if len(lines) > 1 else ""
            yield alarm(AlarmKind.INPUT_REFUSED, source, f"{lines[0]}{more}")

    def _let_time_pass(self, now: datetime) -> None:
        """Write down what time has changed, and drop letters with erased texts that were under way when it was said."""
        self._lapsing.round(now)
        drop_erased_forms(self._service)

    def _publish(self, now: datetime) -> None:
        # Documents are made of the store alone; which of them there are, of the feeds that are not over as well.
        newest = self._service.articles.last_seq(), len(going_on(self._service, now))
        if self._stopping() or newest == self._built:
            return
        if not self._mended:  # a kill is followed by a start
            self._mended = mend_documents(self._service)
        done = build_feeds(self._service, stopping=self._stopping, now=now)
        self._published(done.changed)  # before the round counts as done: when this fails, it is told again
        self._built = None if done.faults else newest
        if done.changed:
            log.info("feeds_published", changed=len(done.changed))
        self._watch.report(AlarmKind.FEED_FAILED, _faults(done))

    def _stamps_now(self, now: datetime) -> dict[Found, _Stamp]:
        """What tells each file from what it was last time; the day counts too, for dates come of age."""
        today = now.astimezone(self._service.config.settings.timezone).date()
        return {found: (today, *_stamp(found.path)) for found in everything(self._service.config)}


def _stamp(path: Path) -> tuple[int, int]:
    try:
        known = path.stat()
    except OSError:
        return 0, 0
    return known.st_mtime_ns, known.st_size


def _faults(done: Regenerated) -> Iterator[Alarm]:
    remedy = "see the article with `budkavle articles show`, mend its text and import it again"
    for aside in done.set_aside:
        yield alarm(AlarmKind.FEED_FAILED, aside.article_id, f"left out of its feeds: {aside.why}; {remedy}")
    by_feed: dict[str, list[str]] = {}
    for fault in done.faults:
        feed, _, what = fault.partition(": ")
        by_feed.setdefault(feed, []).append(what)
    for feed, whats in by_feed.items():
        more = f" (and {len(whats) - 1} more; the log has them all)" if len(whats) > 1 else ""
        yield alarm(AlarmKind.FEED_FAILED, feed, f"not published: {whats[0]}{more}")
