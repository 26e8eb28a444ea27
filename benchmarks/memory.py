"""An edition for a million: its time, and the memory of the one process that plans and sends it."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Size
from tests.chaos.installation import install, period, publish
from tests.chaos.sink import Sink, free_port

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_EVERY_SECONDS = 0.5
_MB = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Sample:
    """How much memory was held at a moment of the run, and how many letters the sink had then."""

    seconds: float
    rss_bytes: int
    letters: int


@dataclass(frozen=True, kw_only=True)
class Memory:
    """A run's samples, of so many letters of such a size."""

    readers: int
    letter_bytes: int
    samples: Sequence[Sample]

    @property
    def planning(self) -> float:
        """Seconds from the start of the command to its first letter."""
        return next(each.seconds for each in self.samples if each.letters)

    @property
    def total(self) -> float:
        """Seconds from the start of the command to its end."""
        return self.samples[-1].seconds

    @property
    def peak(self) -> float:
        """The most megabytes at any moment, planning included."""
        return max(each.rss_bytes for each in self.samples) / _MB

    @property
    def growth(self) -> float:
        """Megabytes more at the most, between a tenth of the letters and all of them, than at the tenth."""
        later = [each.rss_bytes for each in self.samples if each.letters >= self.readers / 10]
        return (max(later) - later[0]) / _MB

    def told(self) -> str:
        """The run in words."""
        sending = max(self.total - self.planning, 0.001)  # a small run may be over between two looks
        return (
            f"\nAn edition for {self.readers} subscribers, letters of {self.letter_bytes} bytes: planned in"
            f" {self.planning:.0f} s, sent in {sending:.0f} s ({self.readers / sending:.0f} letters/s).\n"
            f"Memory (RSS) at the most {self.peak:.0f} MB (target ≤ 200); from a tenth of the letters to all of them"
            f" it grew by {self.growth:.1f} MB (target ≤ 5).\n"
        )


def watched(folder: Path, size: Size) -> Memory:
    """Plan and send one edition, and look at the process's memory meanwhile."""
    home = install(folder, port=free_port(), readers=size.million, connections=size.connections)
    publish(home, 2)
    samples: list[Sample] = []
    with Sink(home.port, None, "-c") as sink:
        began, held = time.monotonic(), 0
        sender = home.sender(period(0))
        while sender.poll() is None:
            held = _rss_bytes(sender.pid) or held
            samples.append(Sample(seconds=time.monotonic() - began, rss_bytes=held, letters=sink.count))
            time.sleep(_EVERY_SECONDS)
        samples.append(Sample(seconds=time.monotonic() - began, rss_bytes=held, letters=sink.count))
    if sender.returncode != 0:
        raise RuntimeError(f"the sender ended with {sender.returncode}; {folder / 'sender.log'} says why")
    return Memory(readers=size.million, letter_bytes=home.letter_bytes(period(0)), samples=samples)


def _rss_bytes(process: int) -> int:
    """The resident memory of a process, by proc(5); 0 when it has just ended."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES
    except (FileNotFoundError, ProcessLookupError):
        return 0


_STEPS, _MARKS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800), 8
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 800, 400, 70, 60, 40, 20


def drawn(memory: Memory) -> str:
    """The samples as a picture: memory in megabytes over the seconds of the run."""
    top = max(200.0, memory.peak) * 1.1
    across, up = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(seconds: float) -> float:
        return _LEFT + seconds / memory.total * across

    def y(megabytes: float) -> float:
        return _HEIGHT - _BOTTOM - megabytes / top * up

    line = " ".join(f"{x(each.seconds):.1f},{y(each.rss_bytes / _MB):.1f}" for each in memory.samples)
    heights = "".join(
        f'<path d="M{_LEFT} {y(mark):.1f}h{across}" stroke="#ddd"/>'
        f'<text x="{_LEFT - 8}" y="{y(mark) + 4:.1f}" text-anchor="end">{mark}</text>'
        for mark in range(0, int(top), 50)
    )
    step = next(each for each in _STEPS if memory.total / each <= _MARKS)
    times = "".join(
        f'<text x="{x(mark):.1f}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{mark}</text>'
        for mark in range(0, int(memory.total) + 1, step)
    )
    first = x(memory.planning)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif"'
        ' font-size="13" fill="#222" role="img" aria-label="Memory of the sending process over the run">'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>{heights}{times}'
        f'<text x="{_LEFT}" y="22" font-size="15">Memory of the process that plans and sends an edition for'
        f" {memory.readers:,} subscribers</text>"
        f'<path d="M{first:.1f} {_TOP}V{_HEIGHT - _BOTTOM}" stroke="#888" stroke-dasharray="4 4"/>'
        f'<text x="{first + 6:.1f}" y="{_TOP + 14}">first letter</text>'
        f'<path d="M{_LEFT} {y(200):.1f}h{across}" stroke="#b00" stroke-dasharray="6 4"/>'
        f'<text x="{_WIDTH - _RIGHT}" y="{y(200) - 6:.1f}" text-anchor="end" fill="#b00">target: 200 MB</text>'
        f'<polyline points="{line}" fill="none" stroke="#0b4f8a" stroke-width="2"/>'
        f'<text x="{_LEFT + across / 2:.0f}" y="{_HEIGHT - 16}" text-anchor="middle">seconds since the start</text>'
        f'<text transform="translate(18 {_TOP + up / 2:.0f}) rotate(-90)" text-anchor="middle">resident memory, MB'
        "</text></svg>\n"
    )
