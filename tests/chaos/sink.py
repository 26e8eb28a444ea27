"""The receiving side: Postfix's smtp-sink, which counts letters and keeps each in a file before it answers the dot."""

import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_COUNT = re.compile(rb"mesg=(\d+)\r")
_RECIPIENT = re.compile(rb"^X-Rcpt-Args: <(.+?)>", re.MULTILINE)
_SMTP_SINK = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Sink:
    """smtp-sink on a port, with options of its own. What it takes is counted and kept in `record`, where one is given.

    Without one, the option `-c` makes it count.
    """

    def __init__(self, port: int, record: Path | None, *options: str) -> None:
        self.count = 0
        self._record = record
        words = [_SMTP_SINK, *options]
        if os.geteuid() == 0:
            words += ["-u", "root"]  # it wants to be told whom to become
        if record is not None:
            record.mkdir(parents=True, exist_ok=True)
            words += ["-c", "-d", f"{record}/%H%M%S."]
        self._words = [*words, f"127.0.0.1:{port}", "500"]
        self._port = port
        self._counted = threading.Condition()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._words, stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        while self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self._port)).close()
            except ConnectionRefusedError:
                time.sleep(0.01)  # it says nothing when it begins to listen
            else:
                return self
        raise self._gone()

    def __exit__(self, *_: object) -> None:
        gone = self._process.poll() is not None
        self._process.kill()
        self._process.wait()
        self._reader.join()
        if gone:
            raise self._gone()

    def _gone(self) -> RuntimeError:
        return RuntimeError(f"{' '.join(self._words)} ended before its time, with {self._process.returncode}")

    def waited_for(self, count: int, sender: "subprocess.Popen[bytes]") -> bool:
        """Wait until it holds this many letters; False when the sender ended first.

        Raises RuntimeError when the sink itself has ended: nothing can be learnt from such a run.
        """
        with self._counted:
            while self.count < count:
                if self._process.poll() is not None:
                    raise self._gone()
                if sender.poll() is not None:
                    return False
                self._counted.wait(0.1)
        return True

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while said := os.read(pipe.fileno(), 1 << 16):
                if counts := _COUNT.findall(said):
                    with self._counted:
                        self.count = int(counts[-1])
                        self._counted.notify_all()


@dataclass(frozen=True, kw_only=True)
class Captured:
    """A letter that came with its final dot."""

    recipient: str
    text: bytes


def captured(record: Path) -> Iterator[Captured]:
    """What sinks have kept in this folder and below; a file that broke off with its sink is no letter."""
    for path in record.rglob("*"):
        if path.is_file() and (text := path.read_bytes()).endswith(b"--\n\n"):
            found = _RECIPIENT.search(text)
            assert found, path
            yield Captured(recipient=found[1].decode(), text=text)
