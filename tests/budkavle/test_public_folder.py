"""After any sequence of configuration changes, erasures and builds the folder holds what should be there, no more."""

import gzip
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from articles.adapters.store import Arrival
from articles.article import ArticleId, SourceName
from articles.identity import mint
from budkavle.config import load
from budkavle.erasing import beyond_reach, erase
from budkavle.expected import surplus_now
from budkavle.noting import Noting
from budkavle.publishing import build_feeds, mend_documents
from budkavle.starting import write_config
from budkavle.verifying import verify
from budkavle.wiring import Service, open_service
from feeds import place
from tests.given import LINGONMARK, NOW, draft

FORMS = ("atom", "rss", "json", "html")
SLUGS = ("alla", "vard", "skola")
WORD = "kornknarr"
TODAY = datetime(2026, 5, 1, 12, tzinfo=UTC)
OTHERS = {"index.html": b"<h1>Min sida</h1>", ".htaccess": b"Options -Indexes", "data.tar.gz": b"x"}


@dataclass
class Newsroom:
    """An installation whose configuration changes, and what its operator would say is published."""

    folder: Path
    base: str
    feeds: dict[str, str] = field(default_factory=lambda: {"alla": ""})
    moved: dict[str, str] = field(default_factory=dict)
    articles: dict[int, ArticleId] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)

    @contextmanager
    def opened(self) -> Iterator[Service]:
        tables = [
            f'[[feeds]]\nslug = "{slug}"\ntitle = "{slug}"\nsize = 2\n{ends}' for slug, ends in self.feeds.items()
        ]
        tables += [f'[[moved]]\nfrom = "{old}"\nto = "{new}"\n' for old, new in self.moved.items()]
        (self.folder / "config.toml").write_text(self.base + "\n".join(tables), encoding="utf-8")
        with open_service(load(self.folder / "config.toml")) as service:
            yield replace(service, wait=lambda _: None)

    @property
    def public(self) -> Path:
        return self.folder / "var" / "public" / "feeds"

    def expected(self) -> set[str]:
        """By the operator's own reckoning: every article is in every feed, two in the current document."""
        first = {number: seq for seq, number in enumerate(self.articles, 1)}
        names = {"alla.opml"}
        for slug, ends in self.feeds.items():
            if "2026-04" not in ends:
                names |= {f"{slug}.{form}" for form in FORMS}
        return names | ({f"{slug}.N" for slug in self.feeds} if len(first) > 2 else set())

    def there(self) -> set[str]:
        """The documents on the disk, archives of a feed counted as one, and all with their copies or not at all."""
        files = {path.name for path in self.public.iterdir()} - OTHERS.keys()
        documents = {name for name in files if not name.endswith((".gz", ".br"))}
        assert files == {name + suffix for name in documents for suffix in ("", ".gz", ".br")}
        return {name if name.count(".") == 1 else f"{name.partition('.')[0]}.N" for name in documents}


def words(path: Path) -> bytes:
    """What somebody reads who fetches this file."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    return brotli.decompress(data) if path.suffix == ".br" else data


def publish(service: Service, newsroom: Newsroom, number: int) -> None:
    made = draft(f"Nyhet {number}", lead=f"Hemligheten heter {WORD}{number}x.")
    arrival = Arrival(source=SourceName("lingonmark-pages"), addresses=(f"{number}.txt",), draft=made)
    service.articles.take(arrival, LINGONMARK, NOW + timedelta(minutes=number))
    newsroom.articles[number] = mint(LINGONMARK, SourceName("lingonmark-pages"), f"{number}.txt", 0)


def change(newsroom: Newsroom, act: str, number: int) -> None:
    """One change of the configuration, or of the folder behind our back."""
    slug = SLUGS[number % 3]
    kept, public = newsroom.folder / "kept", newsroom.public
    match act:
        case "add":
            newsroom.feeds[slug] = ""
            newsroom.moved.pop(slug, None)
        case "delete" if len(newsroom.feeds) > 1:
            newsroom.feeds.pop(slug, None)
        case "end" if slug in newsroom.feeds:
            newsroom.feeds[slug] = f"ends = 2026-0{4 + number % 2}-30\n"
        case "move" if slug in newsroom.feeds and len(newsroom.feeds) < 3:
            new = next(each for each in SLUGS if each not in newsroom.feeds)
            newsroom.feeds[new] = newsroom.feeds.pop(slug)
            newsroom.moved.pop(new, None)
            newsroom.moved[slug] = new
        case "keep" if public.is_dir():
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(public, kept)
        case "put back" | "put back without times" if kept.is_dir():
            shutil.rmtree(public)
            copy = shutil.copy2 if act == "put back" else shutil.copyfile
            shutil.copytree(kept, public, copy_function=copy)
        case "half written":
            public.mkdir(parents=True, exist_ok=True)
            (public / f".{slug}.atom.gz.new").write_bytes(f"{WORD}{number}x".encode())
            (public / f"{slug}.7.atom.br").write_bytes(b"torn")
    newsroom.moved = {old: new for old, new in newsroom.moved.items() if new in newsroom.feeds}


ACTS = ["publish", "publish", "erase", "add", "delete", "end", "move", "keep", "put back", "put back without times"]
acts = st.tuples(st.sampled_from([*ACTS, "half written", "build"]), st.integers(0, 5))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(acts, max_size=12))
def test_after_any_changes_the_folder_holds_the_documents_that_should_exist_and_no_erased_word(
    steps: list[tuple[str, int]],
) -> None:
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of its own is made in it
    with tempfile.TemporaryDirectory(dir=memory) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, "BLOCK", 2)
        patch.setattr("feeds.adapters.shelf.BLOCK", 2)
        newsroom = Newsroom(Path(folder), base(Path(folder)))
        newsroom.public.mkdir(parents=True)
        for name, data in OTHERS.items():
            (newsroom.public / name).write_bytes(data)
        for act, number in steps:
            live(newsroom, act, number)
        with newsroom.opened() as service:
            judge(service, newsroom)


def base(folder: Path) -> str:
    """The configuration without feeds, moves and digests."""
    text = write_config(folder, {"public_url": "https://nyheter.example.org/"}).read_text(encoding="utf-8")
    before, _, _ = text.partition("# Feeds for feed readers.")
    return before


def live(newsroom: Newsroom, act: str, number: int) -> None:
    match act:
        case "publish":
            with newsroom.opened() as service:
                publish(service, newsroom, number)
        case "erase" if number in newsroom.articles:
            newsroom.erased.add(number)
            with newsroom.opened() as service:
                assert not erase(service, newsroom.articles[number], TODAY).faults
                assert left_over(newsroom) == []
        case "build":
            with newsroom.opened() as service:
                assert not build_feeds(service, now=TODAY).faults
        case _:
            change(newsroom, act, number)


def judge(service: Service, newsroom: Newsroom) -> None:
    mend_documents(service)
    assert not build_feeds(service, now=TODAY).faults
    there = newsroom.there()
    assert {name for name in there if not name.endswith(".N")} == {
        name for name in newsroom.expected() if not name.endswith(".N")
    }
    assert there <= newsroom.expected()
    assert left_over(newsroom) == []
    assert list(verify(service, lambda _: None, TODAY)) == []
    assert set(surplus_now(service, TODAY).others) == OTHERS.keys()
    assert all((newsroom.public / name).read_bytes() == data for name, data in OTHERS.items())
    assert build_feeds(service, now=TODAY).changed == ()


def left_over(newsroom: Newsroom) -> list[str]:
    """The files that hold a word of an erased text."""
    gone = [f"{WORD}{number}x".encode() for number in newsroom.erased]
    files = [path for path in newsroom.public.iterdir() if path.name not in OTHERS]
    return [path.name for path in files if any(word in words(path) for word in gone)]


def opened(tmp_path: Path, feeds: tuple[str, ...] = ("alla", "vard")) -> Newsroom:
    newsroom = Newsroom(tmp_path, base(tmp_path), feeds=dict.fromkeys(feeds, ""))
    with newsroom.opened() as service:
        publish(service, newsroom, 1)
        build_feeds(service, now=TODAY)
    return newsroom


def test_what_others_put_there_is_named_and_never_touched(tmp_path: Path) -> None:
    newsroom = opened(tmp_path)
    document = (newsroom.public / "alla.atom").read_bytes()
    others = {
        "index.html": b"<h1>Min sida</h1>",
        "index.html.gz": gzip.compress(b"<h1>Min sida</h1>"),
        "podd.rss": b'<rss version="2.0"><channel><title>Podd</title></channel></rss>',
        "data.json": b"{}",
        "sidor.json.gz": gzip.compress(b"{}"),
        "alla.atom~": document,
        "alla (kopia).atom": document,
        "robots.txt": b"",
        ".htaccess": b"",
        "stor.tar.gz": b"x",
        "utdrag.json.zst": b"\x28\xb5\x2f\xfd of another program",
        "nyheter.html.etag": b"of another program",
        "Nyheter.html": b"",
    }
    for name, data in others.items():
        (newsroom.public / name).write_bytes(data)
    (newsroom.public / "arkiv").mkdir()
    (newsroom.public / "gammal.atom").symlink_to("alla.atom")
    with newsroom.opened() as service:
        mend_documents(service)
        build_feeds(service, now=TODAY, everything=True)
        named = {*others, "arkiv/", "gammal.atom"}
        assert set(surplus_now(service, TODAY).others) == named
        steps = beyond_reach(service, newsroom.articles[1], TODAY)
        assert any("alla (kopia).atom" in step for step in steps)
    assert {name: (newsroom.public / name).read_bytes() for name in others} == others


def test_a_name_of_others_in_any_bytes_hinders_nothing(tmp_path: Path) -> None:
    newsroom = opened(tmp_path)
    odd = [os.fsdecode(name) for name in (b"bilder-\xe5.atom", b"a\nb.rss", "å.json".encode())]
    for name in odd:
        (newsroom.public / name).write_bytes(b"x")
    (newsroom.public / os.fsdecode(b"mapp-\xe5")).mkdir()
    os.mkfifo(newsroom.public / "pipe.atom")
    with newsroom.opened() as service:
        assert mend_documents(service)
        publish(service, newsroom, 2)
        assert "alla.atom" in build_feeds(service, now=TODAY).changed
        assert set(surplus_now(service, TODAY).others) == {*odd, os.fsdecode(b"mapp-\xe5/"), "pipe.atom"}
        Noting(service).published(["alla.atom"], TODAY)
        assert {one.name for one in service.shown.all()} == newsroom.expected()
        assert list(verify(service, lambda _: None, TODAY)) == []
    assert all((newsroom.public / name).read_bytes() == b"x" for name in odd)


def test_what_is_like_ours_goes_although_no_ledger_names_it(tmp_path: Path) -> None:
    newsroom = opened(tmp_path)
    ours = {path.name: path.read_bytes() for path in newsroom.public.iterdir() if path.name.startswith("vard")}
    assert len(ours) == 12
    shutil.rmtree(tmp_path / "var")
    newsroom.public.mkdir(parents=True)
    for name, data in ours.items():
        (newsroom.public / name).write_bytes(data)
        (newsroom.public / f".{name}.new").write_bytes(data[:9])
    newsroom.feeds = {"alla": ""}
    with newsroom.opened() as service:
        assert len([each for each in verify(service, lambda _: None, TODAY) if "should not be there" in each]) == 24
        build_feeds(service, now=TODAY)
    assert newsroom.there() == {"alla.atom", "alla.rss", "alla.json", "alla.html", "alla.opml"}


def test_a_feed_that_comes_back_has_a_later_date_than_it_ever_had(tmp_path: Path) -> None:
    newsroom = opened(tmp_path)
    before = (newsroom.public / "vard.atom").stat().st_mtime
    for feeds in ("alla",), ("alla", "vard"):
        newsroom.feeds = dict.fromkeys(feeds, "")
        with newsroom.opened() as service:
            if "vard" in feeds:
                publish(service, newsroom, 2)
            build_feeds(service, now=TODAY)
    assert (newsroom.public / "vard.atom").stat().st_mtime > before


def test_a_feed_with_a_fault_keeps_its_last_good_documents(tmp_path: Path) -> None:
    newsroom = opened(tmp_path)
    before = newsroom.there()
    with newsroom.opened() as service:
        ill = replace(service, render=lambda name, values: service.render(name, values) * (name != "pages/feed.html"))
        assert build_feeds(ill, now=TODAY, everything=True).faults
    assert newsroom.there() == before


def test_a_folder_in_the_place_of_a_document_is_named_and_hinders_nothing(tmp_path: Path) -> None:
    newsroom = opened(tmp_path)
    newsroom.feeds = {"alla": ""}
    (newsroom.public / "vard.atom").unlink()
    (newsroom.public / "vard.atom").mkdir()
    with newsroom.opened() as service:
        build_feeds(service, now=TODAY)
        assert surplus_now(service, TODAY).others == ("vard.atom/",)
    assert not [path.name for path in newsroom.public.glob("vard.*") if path.is_file()]


def test_when_its_last_day_is_over_a_feed_leaves_its_archive_alone_and_the_list(tmp_path: Path) -> None:
    newsroom = opened(tmp_path)
    newsroom.feeds["vard"] = "ends = 2026-05-01\n"
    with newsroom.opened() as service:
        build_feeds(service, now=TODAY)
        assert (newsroom.public / "vard.atom").exists()
        done = build_feeds(service, now=TODAY + timedelta(days=1))
        assert {"vard.atom", "alla.opml"} <= set(done.changed)
        assert not list(newsroom.public.glob("vard.*"))
        assert b"vard" not in (newsroom.public / "alla.opml").read_bytes()
        assert list(verify(service, lambda _: None, TODAY + timedelta(days=1))) == []
