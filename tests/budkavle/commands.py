"""The command in this process, with all that a process of its own has; a start of Python would cost a second each.

What is about the process itself (signals, kills, terminals, pipes, locks, another locale) starts a real one instead.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, chdir, contextmanager
from contextvars import Context
from io import TextIOWrapper
from tempfile import TemporaryFile
from typing import IO, TypeVar
from unittest.mock import patch

import structlog

from budkavle.cli.main import main

T = TypeVar("T")
_STREAMS = ("stdin", "stdout", "stderr")
_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def called(argv: list[str], folder: os.PathLike[str], given: bytes) -> tuple[int, str, str]:
    """The exit code of one command, and what it wrote to standard output and error; `given` is its standard input."""
    with ExitStack() as world:
        files = [world.enter_context(TemporaryFile()) for _ in _STREAMS]
        files[0].write(given)
        files[0].seek(0)
        with (
            chdir(folder),
            patch.object(sys, "argv", argv),
            patch.dict(os.environ),
            _own_signals(),
            _own_log(),
            _own_streams(files),
        ):
            code = _outside_any_loop(lambda: Context().run(_code))
        return code, _text(files[1]), _text(files[2])


def _code() -> int:
    """The code that the process would end with."""
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    except Exception:  # noqa: BLE001 - as Python itself does with what nobody catches
        traceback.print_exc()
    return 1


@contextmanager
def _own_streams(files: list[IO[bytes]]) -> Iterator[None]:
    """The files as standard streams, by their numbers, too: the command opens these anew."""
    before = [getattr(sys, name) for name in _STREAMS]
    kept = [os.dup(number) for number in range(len(_STREAMS))]
    for number, (name, file) in enumerate(zip(_STREAMS, files, strict=True)):
        os.dup2(file.fileno(), number)
        setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for number, (name, stream) in enumerate(zip(_STREAMS, before, strict=True)):
            os.dup2(kept[number], number)
            os.close(kept[number])
            setattr(sys, name, stream)


@contextmanager
def _own_log() -> Iterator[None]:
    """A log as at the start of a process; afterwards that of the tests is back."""
    root, scheduler = logging.getLogger(), logging.getLogger("apscheduler")
    handlers, levels = root.handlers[:], (root.level, scheduler.level)
    configured, settings = structlog.is_configured(), structlog.get_config()
    root.handlers.clear()
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        scheduler.setLevel(levels[1])
        if configured:
            structlog.configure(**settings)
        else:
            structlog.reset_defaults()


@contextmanager
def _own_signals() -> Iterator[None]:
    """Handlers of signals may be set; afterwards those of the tests are back."""
    if threading.current_thread() is not threading.main_thread():
        yield  # no handler can be set here
        return
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _outside_any_loop(work: Callable[[], T]) -> T:
    """In another thread where this one is in an event loop, such as a browser's: a command starts loops of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as other:
        return other.submit(work).result()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    with TextIOWrapper(file, encoding="utf-8") as text:
        return text.read()
