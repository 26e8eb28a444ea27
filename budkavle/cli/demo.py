"""The demonstration's command."""

import asyncio
import logging
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from starlette.types import ASGIApp

from budkavle.cli.run import serve as serve_daemon
from budkavle.cli.terminal import Exit, WrongUseError, complain, now, say
from budkavle.installation.logs import set_up_logging
from budkavle.installation.wiring import Service
from budkavle.sample.config import free_port
from budkavle.sample.demo import DemoFailedError, NoDemoError, Replayed, replay
from budkavle.sample.serving import DemoFirst
from budkavle.sample.site import INDEX, PREFIX, SITE
from budkavle.web.server import PortTakenError

_Folder = Annotated[Path, Parameter(show_default=True, help="Where it is laid.")]
_Port = Annotated[int | None, Parameter(help="Where it is served; a free one if left out. Letters and feeds name it.")]
_Serve = Annotated[bool, Parameter(negative=(), help="Then serve it on this machine alone, until Ctrl-C.")]


_FOLDER = Path("demo")


def demo(folder: _Folder = _FOLDER, *, port: _Port = None, serve: _Serve = False) -> int:
    """Six weeks of a sample newsroom, from pages to letters, in a folder: nothing leaves this machine."""
    try:
        replayed = asyncio.run(replay(folder, port, now(), complain))
    except NoDemoError as error:
        raise WrongUseError(str(error)) from error
    except DemoFailedError as error:
        complain(str(error))
        return Exit.NEEDS_A_PERSON
    except KeyboardInterrupt:
        complain("stopped; nothing is left of what was half done")
        return Exit.TRY_LATER
    if serve:
        _serve(replayed, folder)
    else:
        _report(replayed, folder)
    return Exit.DONE


def _report(replayed: Replayed, folder: Path) -> None:
    """A table of what there is, and the one command that leads on."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for what, number, where in (
        ("articles", replayed.articles, folder / "newsroom"),
        ("feeds", replayed.feeds, folder / "public" / "feeds"),
        ("editions", replayed.editions, f"budkavle digest status --config {folder / 'config.toml'}"),
        ("letters", replayed.letters, folder / SITE / "brev"),
        ("an index", 1, folder / SITE / INDEX),
    ):
        table.add_row(what, str(number), str(where))
    Console(soft_wrap=True).print(table)
    if not replayed.changed_now:
        say("Nothing changed: everything was there already, and nobody was mailed twice.")
    say(f"To click through it: {_command(folder)} --serve")


def _serve(replayed: Replayed, folder: Path) -> None:
    """Run the daemon with the demo's pages before it; only what a person should see is logged."""
    set_up_logging(logging.WARNING)
    complain("starting the server")

    def front(service: Service, web: ASGIApp) -> ASGIApp:
        say(f"The demo is at {service.config.settings.public_url}{PREFIX} until Ctrl-C ends it.")
        sys.stdout.flush()  # whoever reads it through a pipe waits for this line, too
        return DemoFirst(service, web)

    try:
        serve_daemon(lambda: replayed.config, front)
    except PortTakenError as error:
        anew = f"rm -r {shlex.quote(str(folder))} && {_command(folder)} --port {free_port()} --serve"
        where = replayed.config.settings.web.listen
        msg = f"another program listens at {where.host}:{where.port}, which this demo's letters and feeds name"
        raise WrongUseError(f"{msg}; stop that program, or make the demo anew elsewhere: {anew}") from error


def _command(folder: Path) -> str:
    """What was typed to get here, so that it can be typed again."""
    program = Path(sys.argv[0])
    on_path = shutil.which("budkavle")
    if on_path and program.exists() and program.samefile(on_path):
        words = ["budkavle"]
    elif program.name == "__main__.py":
        words = [sys.executable, "-m", "budkavle"]
    else:
        words = [str(program)]
    return shlex.join([*words, "demo", *([] if folder == _FOLDER else [str(folder)])])
