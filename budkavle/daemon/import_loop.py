"""The import loop: round after round the daemon takes in what changed in its sources, and rebuilds the feeds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import compress, groupby

import structlog

from articles.article import ArticleId, Seq
from articles.importing.import_articles import ImportResult
from articles.importing.locate import Candidate, Listing, candidates_of, listings
from articles.importing.vanished import lines
from articles.sources.reading import Refused
from articles.sources.source_reader import Item
from budkavle.alarms.alarms import Alarm, AlarmKind, alarm
from budkavle.alarms.monitor import Monitor
from budkavle.installation.wiring import Service
from feeds.publishing.publish import PublishingResult

log = structlog.get_logger()


class ImportLoop:
    """The import loop of one daemon: what it has taken in of its sources, and what it refused.

    `published` hears after every build which documents changed.
    """

    def __init__(
        self,
        service: Service,
        monitor: Monitor,
        stopping: Callable[[], bool],
        published: Callable[[Sequence[str]], None] = lambda _: None,
    ) -> None:
        self._service = service
        self._published = published
        self._monitor = monitor
        self._stopping = stopping
        self._importing = service.importing
        self._taken_in = frozenset[tuple[date, str, str, Item]]()
        self._refused: dict[str, list[ImportResult]] = {}
        self._missing: set[ArticleId] = set()
        self._built: tuple[Seq, int] | None = None
        self._mended = False

    def round(self, now: datetime) -> None:
        """Take in what changed since the last round, and rebuild the feeds when the store has. Never raises."""
        with self._monitor.alarm_on_error(AlarmKind.IMPORT_FAILED, "import"):
            self._take_in(now)
        with self._monitor.alarm_on_error(AlarmKind.FEED_FAILED, "feeds"):
            self._let_time_pass(now)
            self._publish(now)

    def _take_in(self, now: datetime) -> None:
        listed = listings(self._importing.sources)
        candidates = candidates_of(listed)
        # The day counts, too: dates come of age.
        today = now.astimezone(self._service.config.settings.timezone).date()
        versions = [(today, *candidate.version) for candidate in candidates]
        is_new = [version not in self._taken_in for version in versions]
        changed = [*compress(candidates, is_new)]
        unchanged = {candidate.item.name for candidate, new in zip(candidates, is_new, strict=True) if not new}
        for name in self._refused.keys() - unchanged:
            del self._refused[name]
        for imported in self._importing.store.import_all(changed, now):
            self._hear(imported)
            if self._stopping():
                return
        self._taken_in = frozenset(versions)  # only now: what failed on the way is tried again
        self._monitor.report(AlarmKind.INPUT_REFUSED, self._refusals(candidates))
        self._tell_vanished(listed)

    def _tell_vanished(self, listed: Iterable[Listing]) -> None:
        """Log which files are gone, once, and that their articles stay: nothing but that has to be done.

        Only those that were gone a round ago as well: a program that saves a file may take the old one away first.
        """
        still, self._missing = self._missing, set()
        for reader, files in self._importing.vanished.missing(listed):
            sure = [vanished for vanished in files if vanished.article_id in still]
            self._missing |= {vanished.article_id for vanished in files}
            for line in lines(reader, sure):
                log.warning("source_file_vanished", source=reader.source.name, said=line)
            self._importing.vanished.forget(sure)

    def _hear(self, imported: ImportResult) -> None:
        if isinstance(imported.outcome, Refused):
            self._refused.setdefault(imported.given.file, []).append(imported)
        if imported.needs_a_person:
            log.warning("input_needs_a_person", said=imported.line)
        elif imported.kind:
            log.info("article_stored", article=imported.id, kind=imported.kind)

    def _refusals(self, candidates: Iterable[Candidate]) -> Iterator[Alarm]:
        """One alarm a source, however many of its inputs are refused."""
        of_source = {candidate.item.name: str(candidate.reader.source.name) for candidate in candidates}
        for source, names in groupby(sorted(self._refused, key=of_source.__getitem__), of_source.__getitem__):
            refusals = [imported.line for name in names for imported in self._refused[name]]
            more = f" (and {len(refusals) - 1} more; `budkavle import` lists them all)" if len(refusals) > 1 else ""
            yield alarm(AlarmKind.INPUT_REFUSED, source, f"{refusals[0]}{more}")

    def _let_time_pass(self, now: datetime) -> None:
        """Write down what time has changed, and drop letters with erased texts that were under way when it was said."""
        self._importing.lapse.round(now)
        self._service.letters.drop_erased()

    def _publish(self, now: datetime) -> None:
        # Documents are made of the store alone; which of them there are, of the feeds that are not over as well.
        newest = self._service.articles.last_seq(), len(self._service.syndication.expected.going_on(now))
        if self._stopping() or newest == self._built:
            return
        if not self._mended:  # a kill is followed by a start
            self._mended = self._service.syndication.publish.repair()
        published = self._service.syndication.publish.build(stopping=self._stopping, now=now)
        self._published(published.changed)  # before the round counts as done: when this fails, it is told again
        self._built = None if published.faults else newest
        if published.changed:
            log.info("feeds_published", changed=len(published.changed))
        self._monitor.report(AlarmKind.FEED_FAILED, _faults(published))


def _faults(published: PublishingResult) -> Iterator[Alarm]:
    remedy = "see the article with `budkavle articles show`, mend its text and import it again"
    for aside in published.set_aside:
        yield alarm(AlarmKind.FEED_FAILED, aside.article_id, f"left out of its feeds: {aside.why}; {remedy}")
    by_feed: dict[str, list[str]] = {}
    for fault in published.faults:
        feed, _, what = fault.partition(": ")
        by_feed.setdefault(feed, []).append(what)
    for feed, whats in by_feed.items():
        more = f" (and {len(whats) - 1} more; the log has them all)" if len(whats) > 1 else ""
        yield alarm(AlarmKind.FEED_FAILED, feed, f"not published: {whats[0]}{more}")
