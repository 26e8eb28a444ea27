"""The demonstration: six weeks of a sample newsroom on a simulated calendar, without any server."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from articles.article import Kind
from articles.sources.file_kinds import MANIFEST
from budkavle import delivering
from budkavle.config import Config, load
from budkavle.finding import at_path, everything
from budkavle.importing import import_all
from budkavle.planning import plan_due, rhythm
from budkavle.publishing import build_feeds
from budkavle.sample.weeks import Act, Calendar, Week, calendar
from budkavle.starting import write_config
from budkavle.wiring import Service, open_service
from digest.adapters.subscribers import Wish
from digest.edition import EditionState
from digest.period import slot_on
from digest.subscription import filter_of
from mail.address import parse_address

PUBLIC_URL = "https://nyheter.example.org/"


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What the folder holds when the demo has run, and how many letters this run sent."""

    config: Config
    articles: int
    feeds: int
    editions: int
    letters: int
    sent_now: int
    changed_now: bool


def weeks() -> tuple[date, ...]:
    """The Fridays that the demo lives through."""
    return tuple(week.friday for week in calendar().weeks)


async def replay(folder: Path, told: Callable[[date], None]) -> Replayed:
    """Run the sample newsroom's weeks that this folder has not seen yet; `told` hears each Friday when it is done."""
    config = _set_up(folder)
    plot = calendar()
    sent = 0
    changed = False
    with open_service(config) as opened:
        # Weeks pass in less than a second, so Last-Modified runs ahead of the clock by a few: nobody reads meanwhile.
        service = replace(opened, wait=lambda _: None)
        for week in plot.weeks:
            if not _has_been(service, week):
                sent += await _live_through(service, plot, week)
                changed = True
            told(week.friday)
        documents = build_feeds(service)
        statuses = list(service.editions.status())
        return Replayed(
            config=config,
            articles=len(list(service.articles.histories())),
            feeds=len(service.feeds),
            editions=len(statuses),
            letters=sum(1 for _ in (config.outbox / "new").iterdir()),
            sent_now=sent,
            changed_now=changed or bool(documents.changed),
        )


def _set_up(folder: Path) -> Config:
    path = folder / "config.toml"
    if not path.exists():
        write_config(folder, {"public_url": PUBLIC_URL, "target": "public", "path": "outbox"})
    return load(path)


def _has_been(service: Service, week: Week) -> bool:
    """Whether the week's edition is finished: it is the last thing that happens in a week."""
    done = {status.edition.key for status in service.editions.status() if status.edition.state is EditionState.FINISHED}
    return week.friday.isoformat() in done


async def _live_through(service: Service, plot: Calendar, week: Week) -> int:
    """One week: people come and go, articles come in and change, the feeds are built, the edition goes out."""
    digest = service.config.settings.digests[0]
    friday = slot_on(rhythm(service, digest), week.friday).due
    monday = friday - timedelta(days=4)
    service.editions.first_seen(digest.name, monday)
    _come_and_go(service, plot, week, monday)
    for file in week.files:
        _lay_out(service, file.file, file.text, file.url)
    # Only what is new: a text that an act left behind when it was killed must be taken in by the act, as what it is.
    new = {service.config.folder / "newsroom" / file.file for file in week.files}
    found = [each for each in everything(service.config) if each.path in new]
    list(import_all(service, found, friday - timedelta(days=1)))
    for act in week.acts:
        _act(service, act, friday - timedelta(hours=12))
    build_feeds(service)
    plan_due(service, digest, friday)
    outcomes: list[object] = []
    await delivering.send(service, lambda: friday, lambda: False, outcomes.append)
    return len(outcomes)


def _come_and_go(service: Service, plot: Calendar, week: Week, now: datetime) -> None:
    digest = service.config.settings.digests[0].name
    for reader in plot.readers:
        address = parse_address(reader.address)
        if reader.joins == week.friday:
            wanted = filter_of(reader.topics, reader.publishers)
            wish = Wish(address=address, digest=digest, wanted=wanted, consent="demo")
            service.subscribers.join(wish, service.articles.last_seq(), now)
        if reader.leaves == week.friday:
            service.subscribers.end(address, digest, "asked", now)


def _lay_out(service: Service, file: str, text: str, url: str | None) -> None:
    """Put a text where its source finds it, and its address into the folder's manifest."""
    path = service.config.folder / "newsroom" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if url is not None:
        manifest = path.parent / MANIFEST
        line = json.dumps({"file": path.name, "url": url})
        known = manifest.read_text(encoding="utf-8").splitlines() if manifest.exists() else []
        if line not in known:
            manifest.write_text("\n".join([*known, line, ""]), encoding="utf-8")


def _act(service: Service, act: Act, now: datetime) -> None:
    """What an editor does: change the page and say what kind of change it is, or take the article back."""
    if act.text is not None:
        _lay_out(service, act.file, act.text, None)
    asked = act.kind if act.kind is not Kind.EDITED else None
    path = service.config.folder / "newsroom" / act.file
    found = at_path(service.config, path, None, anywhere=False)
    list(import_all(service, [replace(one, asked=asked, note=act.note) for one in found], now))
