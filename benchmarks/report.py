"""What a run measured, in words and as a table."""

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.chaos.installation import today

_DOCS = Path(__file__).parents[1] / "docs"


def number_of(name: str, otherwise: int) -> int:
    """A number from the environment, if it has one of that name."""
    return int(os.environ.get(name, otherwise))


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a run is; the environment can make it smaller."""

    pairs: int = field(default_factory=lambda: number_of("PAIRS", 5))
    letters: int = field(default_factory=lambda: number_of("LETTERS", 100_000))
    naive: int = field(default_factory=lambda: number_of("NAIVE", 2_000))
    million: int = field(default_factory=lambda: number_of("MILLION", 1_000_000))
    connections: int = field(default_factory=lambda: number_of("CONNECTIONS", 20))

    @property
    def is_full(self) -> bool:
        """Whether figures of this size may stand in the documentation."""
        return (self.pairs, self.letters, self.million, self.connections) == (5, 100_000, 1_000_000, 20)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One sending: how many letters in how many seconds, and what it cost the processor."""

    letters: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Letters a second."""
        return self.letters / self.seconds

    @property
    def cost(self) -> float:
        """Microseconds of processor time a letter."""
        return self.cpu_seconds / self.letters * 1e6


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What was measured in turn: smtp-source over 10 and 20 connections, Budkavle, and the naive way."""

    ten: Run
    twenty: Run
    ours: Run
    naive: Run

    def row(self) -> tuple[float, ...]:
        """The figures of its row."""
        rates = (self.ten.rate, self.twenty.rate, self.ours.rate, self.naive.rate)
        costs = (self.ten.cost, self.ours.cost, self.naive.cost)
        return (*rates, self.ours.rate / self.ten.rate, *costs, self.naive.cost / self.ours.cost)


_COLUMNS = (
    ("smtp-source, 10", "{:.0f}/s"),
    ("smtp-source, 20", "{:.0f}/s"),
    ("Budkavle", "{:.0f}/s"),
    ("naive", "{:.0f}/s"),
    ("Budkavle ÷ smtp-source, 10", "{:.2f}"),
    ("smtp-source", "{:.0f} µs"),
    ("Budkavle", "{:.0f} µs"),
    ("naive", "{:.0f} µs"),
    ("naive ÷ Budkavle", "{:.0f}"),
)
_TARGETS = ("", "", "", "", "≥ 0.60, aim 0.90", "", "≤ 150 µs", "", "≥ 20")


def table(pairs: Sequence[Pair]) -> str:
    """The pairs one under the other, their medians and the targets: letters a second, then processor time a letter."""
    rows = [pair.row() for pair in pairs]
    medians = [median(column) for column in zip(*rows, strict=True)]
    lines = [("pair", *(name for name, _ in _COLUMNS)), ("---", *("--:" for _ in _COLUMNS))]
    lines += [(str(number), *_written(row)) for number, row in enumerate(rows, start=1)]
    lines += [("**median**", *_written(medians)), ("target", *_TARGETS)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _written(figures: Sequence[float]) -> list[str]:
    return [form.format(figure) for (_, form), figure in zip(_COLUMNS, figures, strict=True)]


_BEGIN, _END = "<!-- begin: make bench -->\n", "<!-- end: make bench -->\n"


def tell(words: str, picture: str, size: Size) -> None:
    """Print what was measured. A run of full size is written into docs/benchmarks.md, with its picture."""
    words = f"Run on {today()}, {os.cpu_count()} cores, Python {platform.python_version()}.\n\n{words}"
    sys.stdout.write(words)
    if size.is_full:
        page = _DOCS / "benchmarks.md"
        before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
        page.write_text(f"{before}{_BEGIN}{words}{_END}{rest.partition(_END)[2]}", encoding="utf-8")
        (_DOCS / "memory.svg").write_text(picture, encoding="utf-8")
