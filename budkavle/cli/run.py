"""The daemon's command."""

import asyncio
import logging

from budkavle.cli.terminal import DEFAULT_CONFIG, ConfigFile
from budkavle.config import load
from budkavle.daemon.daemon import run as run_daemon
from budkavle.logs import set_up_logging
from budkavle.wiring import open_service


def run(*, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the daemon: scheduler, sender and web, until it is asked to stop."""
    set_up_logging(logging.INFO)
    with open_service(load(config)) as service:
        asyncio.run(run_daemon(service))
