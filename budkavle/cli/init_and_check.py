"""Commands to begin with: `init` makes a folder ready to run, `check` looks at its configuration."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from budkavle.checks.preflight import Reach, notes, worries
from budkavle.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigFile, Exit, WrongUseError, complain, say, say_json
from budkavle.config.faults import ConfigError, ConfigFault
from budkavle.config.load import load
from budkavle.installation.shipped_config import write_config


def init(folder: Annotated[Path, Parameter(help="The folder; it is made where it is missing.")]) -> None:
    """Make a folder with a config.toml that is complete and runs as it stands."""
    if (folder / "config.toml").exists():
        msg = f"{folder / 'config.toml'} exists already and stays as it is; remove it first, or name another folder"
        raise WrongUseError(msg)
    path = write_config(folder, {})
    say(f"wrote {path}; its comments say what to change. Then: budkavle check --config {path}")


def check(
    *,
    offline: Annotated[bool, Parameter(negative=(), help="Leave out the relay.")] = False,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Say every fault of configuration, templates, store and relay, with its line and remedy; nothing is changed."""
    try:
        loaded = load(config)
    except ConfigError as refused:
        if not json:
            raise
        for fault in refused.faults:
            say_json(_record(fault))
        return Exit.WRONG_USE
    for note in notes(loaded):
        complain(f"note: {note}")
    faults = worries(loaded, Reach.HERE if offline else Reach.RELAY)
    for worry in faults:
        if json:
            say_json(_record(worry))
        else:
            say(str(worry))
    if not faults and not json:
        say(f"{config}: in order")
    if faults and all(worry.passes for worry in faults):
        return Exit.TRY_LATER
    return Exit.NEEDS_A_PERSON if faults else Exit.DONE


def _record(fault: ConfigFault) -> dict[str, object]:
    return {name: value for name, value in asdict(fault).items() if name != "passes"}
