"""Detection of alarms: what needs a person, seen in the stores, in the sources' folders and on the disk."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from budkavle.alarms.alarms import Alarm, AlarmKind, alarm, carried_over
from budkavle.alarms.bounce_rules import (
    BOUNCES_SHOWN,
    REFUSALS_SHOWN,
    bounce_rate_alarms,
    brake_alarm,
    paused_domain_alarms,
    sender_refused_alarm,
    unread_bounces_alarm,
)
from budkavle.alarms.heartbeats import Heartbeats, heartbeat_alarms
from budkavle.alarms.rules import (
    digest_alarms,
    feed_alarms,
    flood_alarms,
    full_disk_alarms,
    hub_alarm,
    quiet_source_alarms,
    withheld_letter_alarms,
)
from budkavle.alarms.store import alarm_store_of
from budkavle.installation.gone_names import gone_names
from budkavle.installation.stored_names import stored_names
from budkavle.installation.wiring import Service
from budkavle.rendering.wording import counted
from digest.bounces.adapters.bounces import each_brake
from digest.bounces.adapters.edition_health import came_back_since, health_of, refused_now, refused_since, unread_since
from digest.lifecycle.rate_limits import HOUR
from feeds.outbound.self_check_rules import alarms_by_feed
from feeds.outbound.websub_rules import in_trouble
from mail.address import domain_of
from mail.failure.status_codes import status_of
from storage.database import plain_faults


def detect(service: Service, now: datetime) -> tuple[Alarm, ...]:
    """All alarms that can be seen without running anything. Raises StoreError."""
    with plain_faults(service.config.store_path):
        return (
            *_digests(service, now),
            *_sources(service, now),
            *_held_inputs(service),
            *_outside(service),
            *_disk(service),
            *_bounces(service, now),
            *_pages(service, now),
            *heartbeat_alarms(Heartbeats(service.database).read(), now),
            *_names(service),
        )


def detect_and_recall(service: Service, now: datetime) -> tuple[Alarm, ...]:
    """All alarms: those seen now, and those that the daemon's jobs met when they last ran. Raises StoreError."""
    with plain_faults(service.config.store_path):
        remembered = alarm_store_of(service).read()
    return (*detect(service, now), *carried_over(remembered, ()))


def _digests(service: Service, now: datetime) -> Iterator[Alarm]:
    for digest in service.digests:
        yield from digest_alarms(
            digest.name,
            digest.rhythm,
            service.editions.known_since(digest.name),
            service.edition_counts.newest_status(digest.name),
            now,
            service.planning.schedule(digest, now),
        )


def _bounces(service: Service, now: datetime) -> Iterator[Alarm]:
    with service.database.read.begin() as connection:
        for brake in each_brake(connection, now - BOUNCES_SHOWN):
            yield brake_alarm(f"{brake.digest} {brake.period_key}", brake.what)
        for edition in came_back_since(connection, now - BOUNCES_SHOWN):
            health = health_of(connection, edition.id)
            yield from bounce_rate_alarms(f"{edition.digest} {edition.period_key}", health)
        for row in unread_since(connection, now - BOUNCES_SHOWN):
            yield unread_bounces_alarm(f"{row.digest} {row.period_key}", row.number)
    yield from _domains(service, now)


def _domains(service: Service, now: datetime) -> Iterator[Alarm]:
    """Alarms of domains that refuse us: whose letters wait, and of the others all that refused any."""
    zone, paused_names = service.config.settings.timezone, set[str]()
    for domain in service.domains.paused(now):
        if alarms := [*paused_domain_alarms(domain, now, zone)]:
            paused_names.add(domain.name)
            yield from alarms
    with service.database.read.begin() as connection:
        refusals = {
            row.domain: (row.number, row.status, row.diagnostic)
            for row in refused_since(connection, now - REFUSALS_SHOWN)
        }
        for row in refused_now(connection):
            name = domain_of(row.address)
            number, status, reply = refusals.get(name, (0, status_of("", row.reply) or "no code", row.reply))
            refusals[name] = number + 1, status, reply
    yield from (sender_refused_alarm(name, *what) for name, what in refusals.items() if name not in paused_names)


def _sources(service: Service, now: datetime) -> Iterator[Alarm]:
    last = service.articles.last_news()
    allowed = {source.name: source.quiet_days for source in service.config.settings.sources}
    for reader in service.importing.sources:
        name = reader.source.name
        if trouble := reader.trouble():
            yield alarm(AlarmKind.SOURCE_FAILED, name, trouble)
        yield from quiet_source_alarms(name, allowed[name], last.get(name), now)


def _held_inputs(service: Service) -> Iterator[Alarm]:
    waiting = sorted(service.held_inputs.waiting(), key=lambda held_input: held_input.source)
    for source, group in groupby(waiting, key=lambda held_input: held_input.source):
        held_inputs = list(group)
        first = f"{held_inputs[0].address}: {held_inputs[0].reason}"
        what = f"{_inputs(len(held_inputs))} for a person ({first}); see `budkavle articles held`"
        yield alarm(AlarmKind.INPUT_HELD, source, what)


def _inputs(number: int) -> str:
    return counted(number, "input waits", "inputs wait")


def _outside(service: Service) -> Iterator[Alarm]:
    hubs = [hub.address for hub in service.syndication.hubs]
    for ping in in_trouble(service.syndication.queue.all(), hubs).values() if hubs else ():
        yield hub_alarm(ping)
    if service.config.settings.publish.check:
        wrong = alarms_by_feed(service.syndication.notes.documents())
        yield from feed_alarms(service.config.settings.public_url, wrong)


def _pages(service: Service, now: datetime) -> Iterator[Alarm]:
    service.rate_limits.write_down()
    refused = service.rate_limits.refused(now - HOUR)
    yield from flood_alarms(refused, service.limits)
    yield from withheld_letter_alarms(refused, service.limits)


def _names(service: Service) -> Iterator[Alarm]:
    with service.database.read.begin() as connection:
        names = stored_names(connection, service.config)
    for gone_name in gone_names(names, service.config):
        yield alarm(AlarmKind.NAME_GONE, f"{gone_name.kind} {gone_name.name}", f"{gone_name.what}; {gone_name.remedy}")


def _disk(service: Service) -> Iterator[Alarm]:
    path = service.config.store_path
    yield from full_disk_alarms(str(path.parent), shutil.disk_usage(path.parent).free, path.stat().st_size)
