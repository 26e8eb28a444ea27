"""Subscribers: in, out, and who they are."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from budkavle.cli.digest import find_digest
from budkavle.cli.terminal import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigFile,
    Exit,
    WrongUseError,
    complain,
    now,
    progress,
    say,
    say_json,
)
from budkavle.config import Config, load
from budkavle.subscribing import Line, import_lines, read_csv, wish_of
from budkavle.wiring import open_service
from digest.adapters.subscribers import Joined
from digest.address import parse_address

app = App(name="subscribers", help="Add, import, list and end subscriptions.")
Names = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative=())]
DigestName = Annotated[str | None, Parameter(help="The digest; needed only where there are several.")]


_SAID = {
    Joined.NEW: "subscribed",
    Joined.CHANGED: "subscribed again",
    Joined.UNCHANGED: "subscribes already, unchanged",
}


def _digest(config: Config, name: str | None) -> str:
    if name is not None:
        return find_digest(config, name).name
    names = [each.name for each in config.settings.digests]
    if len(names) != 1:
        raise WrongUseError(f"say which digest with --digest ({', '.join(names) or 'none is configured'})")
    return names[0]


@app.command
def add(  # noqa: PLR0913 - one option each, as the manual lists them
    address: str,
    /,
    *,
    digest: DigestName = None,
    topics: Names = (),
    publishers: Names = (),
    consent: Annotated[str, Parameter(help="Where and when it was given.")] = "",
    again: Annotated[bool, Parameter(negative=(), help="Somebody who left wants to come back.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Subscribe an address, or change the choices of one that subscribes already."""
    loaded = load(config)
    line = Line(
        number=0,
        address=address,
        digest=_digest(loaded, digest),
        topics=topics,
        publishers=publishers,
        consent=consent,
    )
    wish = wish_of(loaded, line)
    if isinstance(wish, str):
        raise WrongUseError(wish)
    with open_service(loaded) as service:
        join = service.subscribers.join_again if again else service.subscribers.join
        joined = join(wish, service.articles.last_seq(), now())
        chosen = joined is Joined.UNCHANGED and bool(topics or publishers)
        changed = chosen and service.subscribers.choose(wish.address, wish.digest, wish.wanted, now())
    if joined is Joined.LEFT_BEFORE:
        complain("this address left before and is left alone; if its owner asks to come back: --again")
        return Exit.NEEDS_A_PERSON
    say("changed its choices" if changed else _SAID[joined])
    return Exit.DONE


@app.command(name="import")
def take(file: Path, /, *, digest: DigestName = None, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Import a CSV file with the columns address, and perhaps digest, topics, publishers, language, consent.

    Whoever subscribes already, or has left, stays as they are. A bad line is named and the others go on.
    """
    loaded = load(config)
    lines = read_csv(file, digest or (loaded.settings.digests[0].name if len(loaded.settings.digests) == 1 else None))
    if isinstance(lines, str):
        raise WrongUseError(lines)
    with open_service(loaded) as service:
        done = import_lines(service, progress(lines, "Importing", len(lines)), now())
    for number, why in done.refused:
        complain(f"{file}:{number}: {why}")
    counted = ", ".join(f"{number} {joined}" for joined, number in done.counts.items())
    say(f"{len(lines)} lines: {counted or '0 new'}, {len(done.refused)} refused")
    return Exit.NEEDS_A_PERSON if done.refused else Exit.DONE


@app.command(name="list")
def show_all(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """List every subscription, ended ones included."""
    with open_service(load(config)) as service:
        for each in service.subscribers.all():
            topics, publishers = sorted(each.wanted.topics), sorted(each.wanted.publishers)
            if json:
                facts = {"address": each.address, "digest": each.digest, "state": each.state}
                say_json({**facts, "topics": topics, "publishers": publishers, "ended_reason": each.ended_reason})
            else:
                wants = " ".join([*topics, *publishers]) or "everything"
                say(f"{each.state:<8} {each.digest}  {each.address}  {wants}")


@app.command
def end(address: str, /, *, digest: str | None = None, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """End the subscriptions of an address, to one digest or to all: at once, before the next letter."""
    loaded = load(config)
    if digest is not None:
        find_digest(loaded, digest)
    with open_service(loaded) as service:
        ended = service.subscribers.end(parse_address(address), digest, "asked the operator", now())
    say(f"ended {ended}" if ended else "there was nothing to end")
    return Exit.DONE if ended else Exit.NEEDS_A_PERSON


@app.command
def pause(address: str, /, *, digest: DigestName = None, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Send nothing to an address until it is resumed; the edition after that makes up for it."""
    loaded = load(config)
    with open_service(loaded) as service:
        done = service.subscribers.pause(parse_address(address), _digest(loaded, digest), now())
    say("paused" if done else "there is no active subscription to pause")
    return Exit.DONE if done else Exit.NEEDS_A_PERSON


@app.command
def resume(address: str, /, *, digest: DigestName = None, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Send to a paused address again."""
    loaded = load(config)
    with open_service(loaded) as service:
        done = service.subscribers.resume(parse_address(address), _digest(loaded, digest), now())
    say("resumed" if done else "there is no paused subscription to resume")
    return Exit.DONE if done else Exit.NEEDS_A_PERSON
