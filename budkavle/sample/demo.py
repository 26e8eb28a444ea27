"""The demonstration: six weeks of a sample newsroom on a simulated calendar, without any server.

It is made in a folder beside and appears whole. The sample's weeks are those of one winter. What was due since is one
edition, as after an outage, in which there is no news: so nothing is overdue when the demo is made, nor when it is
made or served again some weeks later.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from articles.article import DateSource, Kind, Published
from articles.importing.locate import at_path, everything
from articles.sources.file_kinds import MANIFEST
from budkavle.config.load import Config, load
from budkavle.installation.wiring import Service, open_service
from budkavle.sample.config import free_port, write_demo_config
from budkavle.sample.folder import alone_in, whole_folder
from budkavle.sample.site import INDEX, SITE, lay_out, website
from budkavle.sample.weeks import Act, Calendar, LaidOut, Week, calendar
from digest.editions.delivery import DeliveryState
from digest.editions.edition import CLOSED, EditionState, EditionStatus
from digest.editions.slots import latest_slot, slot_on
from digest.lifecycle.adapters.by_operator import Wish
from digest.subscribers.subscription import filter_of
from feeds.formats.forms import MEDIA_TYPES
from mail.address import parse_address
from storage.store import SENDER, LockHeldError

Say = Callable[[str], None]


class NoDemoError(ValueError):
    """A folder that holds something else, or a demo of another port."""


class DemoFailedError(RuntimeError):
    """An edition of the sample's weeks did not go out whole."""

    def __init__(self, status: EditionStatus) -> None:
        edition, counts = status.edition, {state: number for state, number in status.counts.items() if number}
        letters = ", ".join(f"{number} {state}" for state, number in counts.items())
        super().__init__(
            f"the edition of {edition.key} is {edition.state} ({letters}); the log above says why, and nothing is left "
            "of this try: mend it, then try again"
        )


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What the folder holds when the demo has run, and how many letters this run sent. `editions` had a letter each."""

    config: Config
    articles: int
    feeds: int
    editions: int
    letters: int
    sent_now: int
    changed_now: bool


async def replay(folder: Path, port: int | None, now: datetime, say: Say) -> Replayed:
    """Make the demo, or bring one that is there up to date; `say` hears of each step.

    `port` is where it will be served; None takes a free one. Raises NoDemoError and DemoFailedError.
    """
    with alone_in(folder):
        is_new = not _is_whole(folder)
        sent = await _make(folder, port, say) if is_new else 0
    config = load(folder / "config.toml")
    if port not in {None, config.settings.web.listen.port}:
        msg = f"{folder} was made for port {config.settings.web.listen.port}, which its letters and feeds name"
        raise NoDemoError(f"{msg}; leave out --port, or remove the folder first")
    with open_service(config) as opened:
        service = _unhurried(opened)
        caught_up = await _catch_up(service, now, say)
        documents = service.syndication.publish.build()
        _note(service, now)
        lay_out(service)
        return Replayed(
            config=config,
            articles=service.articles.count(),
            feeds=len(service.syndication.feeds),
            editions=len(service.past_editions.listed(service.digests[0])),
            letters=sum(1 for _ in (config.outbox / "new").iterdir()),
            sent_now=sent,
            changed_now=is_new or caught_up or bool(documents.changed),
        )


def _is_whole(folder: Path) -> bool:
    """Whether the demo is there. Raises NoDemoError when something else is."""
    if not folder.exists() or not any(folder.iterdir()):
        return False
    if not (folder / SITE / INDEX).is_file():
        msg = f"{folder} holds no whole demo, but one of an older version, or something else"
        raise NoDemoError(f"{msg}; name another folder, or remove this one if it is an old demo, then try again")
    return True


async def _make(folder: Path, port: int | None, say: Say) -> int:
    """Live through the sample's weeks; how many letters were sent. Nothing is left of what fails."""
    with whole_folder(folder) as unfinished:
        config = load(write_demo_config(unfinished, port or free_port()))
        plot, sent = calendar(website(config.settings.public_url)), 0
        with open_service(config) as opened:
            service = _unhurried(opened)
            for number, week in enumerate(plot.weeks, 1):
                letters = await _live_through(service, plot, week)
                say(f"week {number} of {len(plot.weeks)}, {week.friday}: {_events(week)}, {letters} letters")
                sent += letters
            lay_out(service)
    return sent


def _unhurried(service: Service) -> Service:
    """Weeks pass in less than a second, so Last-Modified runs ahead of the clock by a few: nobody reads meanwhile."""
    return replace(service, wait=lambda _: None)


def _note(service: Service, now: datetime) -> None:
    """Note what is published. How long it took after the news came is not said: the sample's news is months older."""
    service.syndication.log.note(sorted(service.syndication.log.names(MEDIA_TYPES)), lambda _: (), (), None, now)


def _events(week: Week) -> str:
    """What happened in a week, in words."""
    note = ", 1 of them held until an editor gave its date" * any(file.released for file in week.files)
    acts = "".join(f", 1 {act.kind}" for act in week.acts)
    return f"{len(week.files)} articles{note}{acts}"


async def _catch_up(service: Service, now: datetime, say: Say) -> bool:
    """Plan and send the edition of the last slot that passed, if nobody has: it makes up for all before it."""
    digest = service.digests[0]
    slot, newest = latest_slot(digest.rhythm, now), service.editions.newest(digest.name)
    if newest and newest.key >= slot.key and newest.state in CLOSED:
        return False
    edition = newest if newest and newest.key >= slot.key else service.planning.open_period(digest, slot.key, now)
    try:
        with service.database.lock(SENDER) as lock:
            service.planning.plan(digest, edition)
            await service.sending.send_holding(lock.holder, lambda: now, lambda: False, lambda _: None)
    except LockHeldError:  # a daemon runs: it plans and sends what is open
        return False
    say(f"{edition.key}: the edition that was due since then, made up for at once")
    return True


async def _live_through(service: Service, plot: Calendar, week: Week) -> int:
    """One week: people come and go, articles come in and change, the feeds are built, the edition goes out."""
    digest = service.digests[0]
    friday = slot_on(digest.rhythm, week.friday).due
    monday = friday - timedelta(days=4)
    service.editions.first_seen(digest.name, monday)
    _come_and_go(service, plot, week, monday)
    for file in week.files:
        _lay_out(service, file.file, file.text, file.url)
    # Only what is new: a text that an act left behind when it was killed must be taken in by the act, as what it is.
    new = {service.config.folder / "newsroom" / file.file for file in week.files}
    texts = everything(service.importing.sources)
    candidates = [candidate for candidate in texts if Path(candidate.item.path) in new]
    list(service.importing.store.import_all(candidates, friday - timedelta(days=1)))
    for file in week.files:
        _release(service, file, friday - timedelta(hours=20))
    for act in week.acts:
        _act(service, act, friday - timedelta(hours=12))
    service.syndication.publish.build()
    service.planning.plan_due(digest, friday)
    outcomes: list[object] = []
    await service.sending.send(lambda: friday, lambda: False, outcomes.append)
    status = service.edition_counts.newest_status(digest.name)
    if status and not _is_out(status):
        raise DemoFailedError(status)
    return len(outcomes)


def _is_out(status: EditionStatus) -> bool:
    """Whether an edition is over, and everybody was sent their letter or has none to get."""
    sent_or_skipped = status.counts[DeliveryState.SENT] + status.counts[DeliveryState.SKIPPED]
    return status.edition.state is EditionState.FINISHED and sent_or_skipped == status.audience


def _come_and_go(service: Service, plot: Calendar, week: Week, now: datetime) -> None:
    digest = service.digests[0].name
    for reader in plot.readers:
        address = parse_address(reader.address)
        if reader.joins == week.friday:
            wanted = filter_of(reader.topics, reader.publishers)
            wish = Wish(address=address, digest=digest, wanted=wanted, consent="demo")
            service.by_operator.join(wish, service.articles.last_seq(), now)
        if reader.leaves == week.friday:
            service.by_operator.end(address, digest, "asked", now)


def _lay_out(service: Service, file: str, text: str, url: str | None) -> None:
    """Put a text where its source finds it, and its address into the folder's manifest."""
    path = service.config.folder / "newsroom" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if url is not None:
        manifest = path.parent / MANIFEST
        line = json.dumps({"file": path.name, "url": url})
        entries = manifest.read_text(encoding="utf-8").splitlines() if manifest.exists() else []
        if line not in entries:
            manifest.write_text("\n".join([*entries, line, ""]), encoding="utf-8")


def _release(service: Service, file: LaidOut, now: datetime) -> None:
    """What an editor does for a text that is held for want of a date: say when it was published."""
    for waiting in service.held_inputs.waiting():
        if file.released and waiting.address == Path(file.file).name:
            published = Published(value=file.released, source=DateSource.GIVEN, raw=file.released.isoformat())
            service.importing.release.release(waiting.number, published, now)


def _act(service: Service, act: Act, now: datetime) -> None:
    """What an editor does: change the page and say what kind of change it is, or take the article back."""
    if act.text is not None:
        _lay_out(service, act.file, act.text, None)
    kind = act.kind if act.kind is not Kind.EDITED else None
    path = service.config.folder / "newsroom" / act.file
    texts = at_path(service.importing.sources, str(path))
    changed = [replace(text, asked=kind, note=act.note) for text in texts]
    list(service.importing.store.import_all(changed, now))
