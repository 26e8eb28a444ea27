"""The benchmarks in small, so that `make bench` works on the day it is needed. What they measure here says nothing."""

from pathlib import Path

from lxml import etree

from benchmarks.lists import compared
from benchmarks.memory import drawn, watched
from benchmarks.report import Size
from benchmarks.sending import pairs
from benchmarks.serving import served


def test_the_pairs_are_measured_and_told(tmp_path: Path) -> None:
    told = pairs(tmp_path, Size(pairs=1, letters=100, naive=5, million=100, connections=5))
    assert "100 letters of" in told
    assert "| **median** |" in told
    assert len(told.splitlines()) == 8


def test_the_memory_of_a_run_is_watched_told_and_drawn(tmp_path: Path) -> None:
    memory = watched(tmp_path, Size(pairs=1, letters=100, naive=5, million=300, connections=5))
    assert memory.peak > 10
    assert "An edition for 300 subscribers" in memory.told()
    lines = etree.fromstring(drawn(memory).encode()).iter("{http://www.w3.org/2000/svg}polyline")
    assert [len(line.get("points", "").split()) for line in lines] == [len(memory.samples)]


def test_servers_of_feeds_are_compared(tmp_path: Path) -> None:
    told = served(tmp_path, rounds=1, seconds=1)
    assert "| 304, Budkavle |" in told
    assert "| 304, StaticFiles |" in told
    assert "| 304, Budkavle | – |" not in told


def test_an_import_is_compared_with_its_bare_necessities(tmp_path: Path) -> None:
    told = compared(tmp_path, lines=300, rounds=1)
    assert "300 lines" in told
    assert "| **median** |" in told
    assert "waited for the lock at most" in told
