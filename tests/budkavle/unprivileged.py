"""The command as an unprivileged user: root may read everything, so root's own process shows nothing.

A Python that has loaded the program forks for each command and gives up its rights: it is the installed one of
`wheel.for_everybody`, for the checkout may lie where that user may not look.
"""

import grp
import json
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.budkavle.postfix import OWNER
from tests.installed import Outcome

_SERVER = """
import importlib, json, os, pkgutil, sys, traceback
import budkavle.cli
from budkavle.cli.main import main
for module in pkgutil.walk_packages(budkavle.cli.__path__, "budkavle.cli."):
    importlib.import_module(module.name)
for line in sys.stdin:
    words, user, group, files = json.loads(line)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            for number, path in enumerate(files, 1):
                os.dup2(os.open(path, os.O_WRONLY | os.O_TRUNC), number)
            os.setgroups([])
            os.setgid(group)
            os.setuid(user)
            sys.argv = ["budkavle", *words]
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Unprivileged:
    """Commands of the user that an installation's mail system runs as."""

    def __init__(self, server: "subprocess.Popen[str]", folder: Path) -> None:
        self._server = server
        self._files = [folder / "out", folder / "err"]
        self._ids = pwd.getpwnam(OWNER).pw_uid, grp.getgrnam("nogroup").gr_gid

    def budkavle(self, *words: str | Path) -> Outcome:
        """Run the command and wait for it."""
        for file in self._files:
            file.write_text("")
        request = [[*map(str, words)], *self._ids, [*map(str, self._files)]]
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        code = int(self._server.stdout.readline())
        return Outcome(code, *(file.read_text(encoding="utf-8") for file in self._files))


@contextmanager
def unprivileged(program: Path) -> Iterator[Unprivileged]:
    """Who may type commands until the block ends."""
    folder = program.parent
    environment = {
        "LD_LIBRARY_PATH": str(folder / "python" / "lib"),
        "PYTHONPATH": str(folder / "packages"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
    typed = [folder / "python" / "bin" / "python3", "-s", "-c", _SERVER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(typed, env=environment, cwd="/", text=True, **pipes) as server:
        try:
            yield Unprivileged(server, folder)
        finally:
            server.kill()
