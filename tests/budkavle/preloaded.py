"""A program `budkavle` for shells whose Python and imports are loaded already: they would take a second a command.

What is typed connects to a server, which forks a process for it: with its words, folder, environment and streams, and
with an exit code of its own. Signals do not reach that process.
"""

import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from budkavle.cli.main import main
from tests.forks import Fork

_LARGEST = 1 << 17
_STREAMS = 3
_PROGRAM = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
    server.connect({place!r})
    said = json.dumps([sys.argv, os.getcwd(), dict(os.environ)])
    socket.send_fds(server, [said.encode()], [0, 1, 2])
    code = server.recv(9)
sys.exit(int(code))
"""


@contextmanager
def preloaded(folder: Path) -> Iterator[Path]:
    """The folder of the program, to be put first in a PATH until the block ends."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.bind("")  # the system gives it a name of its own, which is no file
        door.listen()
        program = folder / "budkavle"
        program.write_text(_PROGRAM.format(python=sys.executable, place=door.getsockname()), encoding="utf-8")
        program.chmod(0o755)
        server = Fork(_serve, door)
        try:
            yield folder
        finally:
            server.kill()
            server.wait()


def _serve(door: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for who waits for a command
    while True:
        client, _ = door.accept()
        with client:
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _answer(client)
                os._exit(0)


def _answer(client: socket.socket) -> None:
    said, streams, _, _ = socket.recv_fds(client, _LARGEST, _STREAMS)
    child = os.fork()
    if child == 0:
        client.close()
        _be_the_command(said, streams)
    _, status = os.waitpid(child, 0)
    client.send(str(os.waitstatus_to_exitcode(status)).encode())


def _be_the_command(said: bytes, streams: list[int]) -> None:
    code = 1
    try:
        words, folder, environment = json.loads(said)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.argv = words
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - as Python itself does with what nobody catches
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
