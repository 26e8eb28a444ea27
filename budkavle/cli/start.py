"""Beginning: a folder ready to run, and a look at its configuration."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from budkavle.checks.preflight import Reach, notes, worries
from budkavle.cli.terminal import DEFAULT_CONFIG, ConfigFile, Exit, WrongUseError, complain, say
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
    return Exit.NEEDS_A_PERSON if found else Exit.DONE
