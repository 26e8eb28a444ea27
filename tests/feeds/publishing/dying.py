"""Publishers that die: `dying.py FOLDER STORE` reads a line of JSON for each, and says whether it was killed.

Each is a fork of this process, so that nothing has to be loaded anew. It kills itself at its so-manieth step, or is
killed after so many seconds. Only the tests beside it start this.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Mapping
from itertools import count
from pathlib import Path

from feeds.publishing.adapters.document_folder import DocumentFolder
from feeds.publishing.adapters.last_modified_ledger import LastModifiedLedger
from feeds.serving.last_modified import Stamp
from storage.database import Database
from tests.feeds.publishing.served import Clock

_CALLS = ("open", "utime", "fsync", "unlink", "rename")


class Fate:
    """Counts the steps of a publisher, and ends it with SIGKILL before or after the one that is meant.

    Steps of several threads run side by side: each has a number of its own.
    """

    def __init__(self, step: int, *, after: bool) -> None:
        self._meant = step
        self._after = after
        self._numbers = count(1)

    def step(self, call: Callable[..., object]) -> Callable[..., object]:
        """The same call, as a step."""

        def stepping(*args: object, **kwargs: object) -> object:
            last = next(self._numbers) == self._meant
            if last and not self._after:
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return call(*args, **kwargs)
            finally:
                if last:
                    os.kill(os.getpid(), signal.SIGKILL)

        return stepping

    def write(self, call: Callable[[int, memoryview], int]) -> Callable[[int, memoryview], int]:
        """Writing, which may die half way."""

        def writing(number: int, data: memoryview) -> int:
            if next(self._numbers) == self._meant:
                call(number, data if self._after else data[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return call(number, data)

        return writing


class DyingLedger(LastModifiedLedger):
    """The real ledger, whose commits are steps."""

    fate = Fate(0, after=False)

    def begin(self, stamps: Mapping[str, Stamp]) -> None:
        self.fate.step(super().begin)(stamps)

    def settle(self, stamps: Mapping[str, Stamp], dropped: Collection[str] = ()) -> None:
        self.fate.step(super().settle)(stamps, dropped)


def _publish(folder: Path, store: str, asked: Mapping[str, object]) -> None:
    database = Database(store)
    ledger = DyingLedger(database.read, database.write)
    clock = Clock(float(str(asked["now"])))
    fate = ledger.fate = Fate(int(str(asked["step"])), after=bool(asked["after"]))
    os.write = fate.write(os.write)  # type: ignore[assignment]
    for name in _CALLS:
        setattr(os, name, fate.step(getattr(os, name)))
    data = str(asked["data"]).encode()
    names = [f"{number}.atom" for number in range(int(str(asked["names"])))]
    DocumentFolder(folder, ledger, now=clock.now, sleep=clock.sleep).publish_all(dict.fromkeys(names, data))


def main(folder: Path, store: str) -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                _publish(folder, store, asked)
                os._exit(0)
            finally:
                os._exit(1)
        if asked["seconds"]:
            time.sleep(asked["seconds"])
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
