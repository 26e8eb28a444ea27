"""The daemon's command."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import nullcontext

from budkavle.cli.terminal import DEFAULT_CONFIG, ConfigFile
from budkavle.config.load import Config, load
from budkavle.daemon.daemon import Front
from budkavle.daemon.daemon import run as run_daemon
from budkavle.daemon.hangup import note_hangups
from budkavle.daemon.restarting import Restarting, handed_over
from budkavle.installation.logs import set_up_logging
from budkavle.installation.open_store import make_if_none
from budkavle.installation.secret import NAME as SECRET
from budkavle.installation.wiring import open_service
from storage.store import SENDER
from storage.store_file import StoreFile


def run(*, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the daemon: scheduler, sender and web, until it is asked to stop. SIGHUP: with new configuration."""
    set_up_logging(logging.INFO)
    serve(lambda: load(config))


def serve(configured: Callable[[], Config], front: Front = lambda _, web: web) -> None:
    """Be the daemon of an installation until it is asked to stop.

    Raises LockHeldError, PortTakenError, and what opening the store raises.
    """
    hangup, before = note_hangups(), handed_over()
    loaded = configured()
    path = loaded.store_path
    make_if_none(path, path.with_name(SECRET), loaded.folder)  # first: the lock is a file beside it
    with (
        StoreFile(path).lock(SENDER, inherited=before.lock) as lock,
        before.listener_for(loaded.settings.web.listen) as listener,
    ):
        restarting = Restarting(loaded, lock.descriptor, listener)
        while True:
            with open_service(loaded, alone=lambda _: nullcontext()) as service:  # alone by the lock it has
                anew = asyncio.run(run_daemon(service, lock.holder, restarting, hangup, front))
            if not anew:
                return
            anew()
            restarting.go_or_say_why()
