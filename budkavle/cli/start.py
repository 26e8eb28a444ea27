"""Beginning: a folder ready to run, a look at its configuration, and the demonstration."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from budkavle.checks.preflight import Reach, notes, worries
from budkavle.cli.terminal import DEFAULT_CONFIG, ConfigFile, Exit, WrongUseError, complain, say, ticking
from budkavle.config import load
from budkavle.starting import write_config


def init(folder: Path) -> None:
    """Make a folder with a config.toml that is complete and runs as it stands."""
    if (folder / "config.toml").exists():
        msg = f"{folder / 'config.toml'} exists already and stays as it is; remove it first, or name another folder"
        raise WrongUseError(msg)
    path = write_config(folder, {})
    say(f"wrote {path}; its comments say what to change. Then: budkavle check --config {path}")


def check(
    *,
    offline: Annotated[bool, Parameter(negative=(), help="Leave out the relay.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Say every fault of configuration, templates, store and relay, with its line and remedy; nothing is changed."""
    loaded = load(config)
    for note in notes(loaded):
        complain(f"note: {note}")
    found = worries(loaded, Reach.HERE if offline else Reach.RELAY)
    for worry in found:
        say(str(worry))
    if not found:
        say(f"{config}: in order")
    if found and all(worry.passes for worry in found):
        return Exit.TRY_LATER
    return Exit.NEEDS_A_PERSON if found else Exit.DONE


def demo(folder: Path = Path("demo")) -> int:
    """Six weeks of a sample newsroom, from pages to letters, in a folder: nothing leaves this machine."""
    from budkavle.demo import replay, weeks  # noqa: PLC0415 - `check` must not wait for what the demo needs

    with ticking("Six weeks of news", len(weeks())) as tick:
        done = asyncio.run(replay(folder, tick))
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for what, number, where in (
        ("articles", done.articles, done.config.folder / "newsroom"),
        ("feeds", done.feeds, done.config.publish_folder / "feeds"),
        ("editions", done.editions, f"budkavle digest status --config {done.config.file}"),
        ("letters", done.letters, done.config.outbox),
    ):
        table.add_row(what, str(number), str(where))
    Console(soft_wrap=True).print(table)
    if done.changed_now:
        say(f"{done.sent_now} letters were laid in the outbox; open one with any mail program.")
    else:
        say("Nothing changed: everything was there already, and nobody was mailed twice.")
    return Exit.DONE
