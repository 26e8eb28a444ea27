"""Plan: from a digest's calendar to an edition in which everybody of its audience has a delivery.

    slots ─due_now→ Slot ─open→ Edition (planning: cut and templates fixed) ─newsroom→ standings at the cut
      ─selection→ content of each subscription ─fit→ what finds room ─planner→ variants and deliveries (sending)

Each arrow can be broken off by a kill and is taken up again by the next call: what is fixed stays as it was fixed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from articles.adapters.store import ArticleStore
from articles.article import Seq
from digest.editions.adapters.editions import Editions
from digest.editions.adapters.planner import Planner
from digest.editions.compose import Composer
from digest.editions.digest import Digest
from digest.editions.edition import Edition, EditionState
from digest.editions.letter_sizes import fit_of
from digest.editions.schedule import due_slot, upcoming_slot
from digest.editions.selection import Newsroom, newsroom
from digest.editions.slots import PeriodKey, Slot, latest_slot

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Planning:
    """Planning: fixes editions and plans them. `letter_templates` reads the templates that an edition is fixed with.

    `end_pauses` ends those pauses of a digest whose day has come: who is back is in the audience.
    """

    articles: ArticleStore
    editions: Editions
    planner: Planner
    composer: Composer
    letter_templates: Callable[[], Mapping[str, str]]
    end_pauses: Callable[[str, datetime], object]

    def schedule(self, digest: Digest, now: datetime) -> Sequence[Edition]:
        """The editions that a digest's slots around `now` and after it have to do with."""
        return self.editions.recent(digest.name, latest_slot(digest.rhythm, now).key)

    def upcoming(self, digest: Digest, now: datetime) -> Slot:
        """The digest's next slot that can have an edition of its own."""
        return upcoming_slot(digest.rhythm, now, self.schedule(digest, now))

    def due_now(self, digest: Digest, now: datetime) -> Slot | None:
        """The slot whose edition should be planned at this moment, or None."""
        first_seen = self.editions.first_seen(digest.name, now)
        return due_slot(digest.rhythm, now, first_seen, self.schedule(digest, now))

    def open_due(self, digest: Digest, now: datetime) -> Edition | None:
        """Fix the edition that is due, where one is; else the one whose planning was broken off, or None."""
        self.end_pauses(digest.name, now)
        slot = self.due_now(digest, now)
        if slot:
            return self.open_period(digest, slot.key, now)
        newest = self.editions.newest(digest.name)
        return newest if newest and newest.state is EditionState.PLANNING else None

    def open_period(self, digest: Digest, key: PeriodKey, now: datetime) -> Edition:
        """Fix the edition of this period, due or not; one that exists stays as it was fixed."""
        self.editions.first_seen(digest.name, now)
        return self.editions.open(digest.name, key, self.articles.last_seq(), now, self.letter_templates())

    def plan(self, digest: Digest, edition: Edition) -> Edition:
        """Give everybody in an edition's audience a delivery, as the holder of the sender's lock."""
        if edition.state is not EditionState.PLANNING:
            return edition
        room = self.newsroom_at(digest, edition.cut)
        self.planner.plan(edition, room, digest.items, fit_of(self.composer, digest, edition))
        planned = self.editions.get(edition.digest, edition.key)
        if planned.is_planned:
            log.info("edition_planned", digest=planned.digest, edition=planned.key, cut_seq=planned.cut)
        return planned

    def plan_due(self, digest: Digest, now: datetime) -> Edition | None:
        """Fix and plan the edition that is due, where one is."""
        edition = self.open_due(digest, now)
        return self.plan(digest, edition) if edition else None

    def newsroom_at(self, digest: Digest, cut: Seq) -> Newsroom:
        """All that a digest's editions can hold at this place of the article store, and what was said of it."""
        standings = self.articles.standings(cut)
        return newsroom(standings, digest.selection, cut, self.editions.reach(digest.name))
