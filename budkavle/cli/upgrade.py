"""Upgrade of the store: its schema is brought up to date by a command, not by whoever happens to look first."""

from budkavle.cli.terminal import DEFAULT_CONFIG, ConfigFile, say
from budkavle.config.load import load
from budkavle.installation.open_store import upgrade_store
from budkavle.installation.secret import NAME as SECRET
from budkavle.installation.wiring import open_to_write
from storage.database import head_revision


def upgrade(*, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Bring the store's schema up to date, after a copy of it is kept; refused while a daemon runs (75)."""
    loaded = load(config)
    path = loaded.store_path
    before, copy = upgrade_store(path, path.with_name(SECRET))
    with open_to_write(loaded):  # as the next command does: a secret that does not fit is told now
        pass
    if copy is None:
        say(f"{path} is up to date: schema {before}")
    else:
        say(f"{path}: schema {before} is now {head_revision()}")
        say(f"kept as it was: {copy}; delete it when all is well, for it holds addresses")
