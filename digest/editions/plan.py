"""From a digest's calendar to a planned edition."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from budkavle.config.settings import Digest
from budkavle.installation.wiring import Service
from budkavle.rendering.templates import letter_templates
from digest.editions.edition import Edition, EditionState
from digest.editions.letter_sizes import fit_of
from digest.editions.rhythm import rhythm
from digest.editions.schedule import due_slot, upcoming_slot
from digest.editions.selection import newsroom
from digest.editions.slots import PeriodKey, Slot, latest_slot
from digest.lifecycle.adapters.preferences import Choosing
from digest.subscribers.subscription import filter_of

log = structlog.get_logger()


def schedule(service: Service, digest: Digest, now: datetime) -> Sequence[Edition]:
    """The editions that a digest's slots around `now` and after it have to do with."""
    return service.editions.recent(digest.name, latest_slot(rhythm(service, digest), now).key)


def upcoming(service: Service, digest: Digest, now: datetime) -> Slot:
    """The digest's next slot that can have an edition of its own."""
    return upcoming_slot(rhythm(service, digest), now, schedule(service, digest, now))


def due_now(service: Service, digest: Digest, now: datetime) -> Slot | None:
    """The slot whose edition should be planned at this moment, or None."""
    first_seen = service.editions.first_seen(digest.name, now)
    return due_slot(rhythm(service, digest), now, first_seen, schedule(service, digest, now))


def open_due(service: Service, digest: Digest, now: datetime) -> Edition | None:
    """Fix the edition that is due, where one is; else the one whose planning was broken off, or None.

    Pauses whose day has come end before: who is back is in its audience.
    """
    Choosing(service.database.read, service.database.write).resume_due(digest.name, now)
    slot = due_now(service, digest, now)
    if slot:
        return open_period(service, digest, slot.key, now)
    newest = service.editions.newest(digest.name)
    return newest if newest and newest.state is EditionState.PLANNING else None


def open_period(service: Service, digest: Digest, key: PeriodKey, now: datetime) -> Edition:
    """Fix the edition of this period, due or not; one that exists stays as it was fixed."""
    service.editions.first_seen(digest.name, now)
    fixed = letter_templates(service.config.templates_folder)
    return service.editions.open(digest.name, key, service.articles.last_seq(), now, fixed)


def plan(service: Service, digest: Digest, edition: Edition) -> Edition:
    """Give everybody in an edition's audience a delivery, as the holder of the sender's lock."""
    if edition.state is not EditionState.PLANNING:
        return edition
    selection = filter_of(digest.topics, digest.publishers)
    reach = service.editions.reach(digest.name)
    room = newsroom(service.articles.standings(edition.cut), selection, edition.cut, reach)
    service.planner.plan(edition, room, digest.items, fit_of(service, digest, edition))
    planned = service.editions.get(edition.digest, edition.key)
    if planned.is_planned:
        log.info("edition_planned", digest=planned.digest, edition=planned.key, cut_seq=planned.cut)
    return planned


def plan_due(service: Service, digest: Digest, now: datetime) -> Edition | None:
    """Fix and plan the edition that is due, where one is."""
    edition = open_due(service, digest, now)
    return plan(service, digest, edition) if edition else None
