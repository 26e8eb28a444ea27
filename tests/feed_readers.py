"""Real feed readers, each with a home of its own: what they tell their people of at a visit, and what they keep.

`Newsboat`, `Rss2email` and `Sfeed` are Debian's programs, `Library` is the reader library of PyPI, and `ByTime` is what
Home Assistant and feediverse do: all that changed after the newest change they know is news. Each is given the address
of a feed, so that a scenario can be walked through whatever serves it.
"""

import email
import os
import re
import shutil
import sqlite3
import subprocess
from calendar import timegm
from contextlib import closing
from datetime import UTC, datetime
from email.header import decode_header, make_header
from pathlib import Path
from typing import Protocol

import feedparser
from reader import FeedNotFoundError, ParseError, make_reader

_SECONDS = 60
_SFEEDRC = """sfeedpath="{home}/feeds"
feeds() {{
    feed "f" "{address}"
}}
"""
_R2E = {
    "from": "reader@example.org",
    "email-protocol": "maildir",
    "maildir-path": "{home}/mail",
    "maildir-mailbox": "r2e",
}


class FeedReader(Protocol):
    """A program that reads one feed."""

    def visit(self) -> list[str]:
        """Read the feed: the titles that people are told of as new, sorted."""

    def titles(self) -> set[str]:
        """The titles that people find in it."""


class Newsboat:
    """Debian's newsboat: what is new is what has an id that it did not know."""

    def __init__(self, home: Path, address: str) -> None:
        home.mkdir()
        (home / "urls").write_text(f"{address}\n", encoding="utf-8")
        (home / "config").touch()
        self._home = home

    def visit(self) -> list[str]:
        before = self._items()
        words = ["-C", "config", "-u", "urls", "-c", "cache.db", "-x", "reload"]
        own = {"HOME": str(self._home), "XDG_CONFIG_HOME": str(self._home), "XDG_DATA_HOME": str(self._home)}
        run(["newsboat", *words], self._home, own)
        return sorted(title for guid, title in self._items().items() if guid not in before)

    def titles(self) -> set[str]:
        return set(self._items().values())

    def _items(self) -> dict[str, str]:
        if not (self._home / "cache.db").exists():
            return {}
        with closing(sqlite3.connect(self._home / "cache.db")) as cache:
            return dict(cache.execute("SELECT guid, title FROM rss_item WHERE deleted = 0").fetchall())


class Rss2email:
    """Debian's rss2email: each new entry is a letter in a Maildir."""

    def __init__(self, home: Path, address: str) -> None:
        for folder in ("cur", "new", "tmp"):
            (home / "mail" / "r2e" / folder).mkdir(parents=True)
        self._home = home
        self._run("new", "reader@example.org")
        text = (home / "c.cfg").read_text(encoding="utf-8")
        for name, value in _R2E.items():
            text = re.sub(rf"^{name} = .*$", f"{name} = {value.format(home=home)}", text, flags=re.MULTILINE)
        (home / "c.cfg").write_text(text, encoding="utf-8")
        self._run("add", "f", address)

    def visit(self) -> list[str]:
        before = set(self._letters())
        self.said = self._run("run")
        return sorted(self._subject(path) for path in self._letters() if path not in before)

    def titles(self) -> set[str]:
        return {self._subject(path) for path in self._letters()}

    def _run(self, *words: str) -> str:
        return run(["r2e", "-c", "c.cfg", "-d", "d.json", *words], self._home, {"HOME": str(self._home)})

    def _letters(self) -> list[Path]:
        return sorted((self._home / "mail" / "r2e" / "new").iterdir())

    def _subject(self, path: Path) -> str:
        return str(make_header(decode_header(email.message_from_bytes(path.read_bytes())["Subject"])))


class Sfeed:
    """Debian's sfeed, which fetches with curl: each new line of its file is new; another title is another line."""

    def __init__(self, home: Path, address: str) -> None:
        home.mkdir()
        (home / "sfeedrc").write_text(_SFEEDRC.format(home=home, address=address), encoding="utf-8")
        self._home = home

    def visit(self) -> list[str]:
        before = self._lines()
        run(["sfeed_update", "sfeedrc"], self._home, {"HOME": str(self._home)}, fails=True)
        return sorted(title for title in self._lines() if title not in before)

    def titles(self) -> set[str]:
        return set(self._lines())

    def _lines(self) -> list[str]:
        path = self._home / "feeds" / "f"
        return [line.split("\t")[1] for line in path.read_text().splitlines()] if path.exists() else []


class Library:
    """The reader library: what is new is what it says is new; what changed is no news."""

    def __init__(self, home: Path, address: str) -> None:
        home.mkdir()
        self._reader = make_reader(str(home / "reader.db"))
        self._reader.add_feed(address)
        self._address = address

    def visit(self) -> list[str]:
        before = {entry.id for entry in self._reader.get_entries()}
        try:
            self._reader.update_feed(self._address)
        except (FeedNotFoundError, ParseError):
            return []
        return sorted(str(entry.title) for entry in self._reader.get_entries() if entry.id not in before)

    def titles(self) -> set[str]:
        return {str(entry.title) for entry in self._reader.get_entries()}


class ByTime:
    """A program on feedparser that goes by time: an entry is news when it changed after the last one told."""

    def __init__(self, _home: Path, address: str) -> None:
        self._address = address
        self._last: tuple[int, ...] = ()
        self.of_feed = datetime.min.replace(tzinfo=UTC)
        self._etag = ""
        self._titles = set[str]()
        self.rose = False

    def visit(self) -> list[str]:
        parsed = feedparser.parse(self._address, etag=self._etag)
        self.rose = False
        if not parsed.version:  # nothing new, or no feed any more
            return []
        self._etag = parsed.get("etag", "")
        of_feed = datetime.fromtimestamp(timegm(parsed.feed.updated_parsed), UTC)
        self.rose, self.of_feed = of_feed > self.of_feed, of_feed
        new = [entry for entry in parsed.entries if tuple(entry.updated_parsed) > self._last]
        self._last = max((self._last, *(tuple(entry.updated_parsed) for entry in parsed.entries)))
        self._titles |= {str(entry.title) for entry in new}
        return sorted(str(entry.title) for entry in new)

    def titles(self) -> set[str]:
        return self._titles


KINDS = {"newsboat": Newsboat, "rss2email": Rss2email, "sfeed": Sfeed, "reader": Library, "by time": ByTime}


def readers(folder: Path, address: str) -> dict[str, FeedReader]:
    """One of each, subscribed to this address."""
    return {name: kind(folder / name.replace(" ", "-"), address) for name, kind in KINDS.items()}


def run(words: list[str], home: Path, own: dict[str, str], *, fails: bool = False) -> str:
    """What a program says; it may fail only where that is expected: at a feed that is no more."""
    program = shutil.which(words[0]) or f"/usr/bin/{words[0]}"
    done = subprocess.run(
        [program, *words[1:]],
        cwd=home,
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=not fails,
        timeout=_SECONDS,
    )
    return done.stdout + done.stderr
