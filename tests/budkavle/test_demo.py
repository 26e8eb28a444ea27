"""The demonstration, run twice as a person runs it, and read as a reader and a recipient would."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import feedparser
import pytest

from articles.article import Kind
from budkavle.sample.weeks import calendar
from tests.budkavle.conftest import COMMAND, Outcome, budkavle

PLOT = calendar()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    folder = tmp_path_factory.mktemp("demo")
    return folder / "demo", budkavle("demo", "demo", folder=folder)


def fingerprints(folder: Path) -> dict[str, str]:
    return {
        str(path): f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_mtime_ns}"
        for path in folder.rglob("*")
        if path.is_file()
    }


def letters(folder: Path) -> list[EmailMessage]:
    parser = BytesParser(EmailMessage, policy=policy.default)
    found = [parser.parsebytes(path.read_bytes()) for path in (folder / "outbox" / "new").iterdir()]
    return sorted(found, key=lambda letter: (letter["Date"].datetime, letter["To"]))


def body(letter: EmailMessage, kind: str = "plain") -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_it_ends_with_a_table_of_what_there_is(demo: tuple[Path, Outcome]) -> None:
    _, done = demo
    assert done.code == 0
    assert [line.split()[:2] for line in done.out.splitlines()[:4]] == [
        ["articles", "15"],
        ["feeds", "9"],
        ["editions", "6"],
        ["letters", str(len(letters(demo[0])))],
    ]


def test_a_second_run_changes_no_byte_and_says_so(demo: tuple[Path, Outcome]) -> None:
    folder, _ = demo
    before = fingerprints(folder)
    again = budkavle("demo", "demo", folder=folder.parent)
    assert again.code == 0
    assert "Nothing changed" in again.out
    assert fingerprints(folder) == before


def test_every_document_is_read_without_a_warning(demo: tuple[Path, Outcome]) -> None:
    folder, _ = demo
    files = sorted((folder / "public" / "feeds").iterdir())
    documents = [path for path in files if path.suffix not in {".gz", ".br"}]
    assert len(files) == 3 * len(documents)
    assert Counter(document.suffix for document in documents) == dict.fromkeys(
        (".atom", ".rss", ".json", ".html"), 9
    ) | {".opml": 1}
    for document in documents:
        if document.suffix not in {".atom", ".rss"}:
            continue
        read = feedparser.parse(document.read_bytes())
        assert not read.bozo, (document.name, read.get("bozo_exception"))
        ids = [entry.id for entry in read.entries]
        assert len(ids) == len(set(ids))
        dates = [entry.published_parsed for entry in read.entries]
        assert dates == sorted(dates, reverse=True)
        assert {link.rel for entry in read.entries for link in entry.links} <= {"alternate", "related", "enclosure"}


def test_nobody_gets_two_letters_of_an_edition_or_an_article_twice(demo: tuple[Path, Outcome]) -> None:
    folder, _ = demo
    seen: set[tuple[str, str]] = set()
    for letter in letters(folder):
        key = (letter["To"], letter["Date"])
        assert key not in seen
        seen.add(key)
    for reader in PLOT.readers:
        news = [
            line.strip()
            for letter in letters(folder)
            if letter["To"] == reader.address
            for line in body(letter, "html").splitlines()
            if "<h2" in line
        ]
        assert len(news) == len(set(news))


def test_exactly_those_who_had_the_error_are_told_of_the_correction_and_the_withdrawal(
    demo: tuple[Path, Outcome],
) -> None:
    folder, _ = demo
    for kind, heading in ((Kind.CORRECTED, "Rättelser"), (Kind.WITHDRAWN, "Återkallat")):
        (week, act) = next((week, act) for week in PLOT.weeks for act in week.acts if act.kind is kind)
        told = {letter["To"] for letter in letters(folder) if act.note[:30] in " ".join(body(letter).split())}
        url = article_url(folder, act.file)
        had = {
            letter["To"]
            for letter in letters(folder)
            if url in body(letter) and letter["Date"].datetime.date() < week.friday
        }
        assert told == had != set()
        assert all(
            heading.casefold() in body(letter).casefold()
            for letter in letters(folder)
            if letter["To"] in told and letter["Date"].datetime.date() == week.friday
        )


def article_url(folder: Path, file: str) -> str:
    listed = budkavle("articles", "list", "--json", "--config", folder / "config.toml", folder=folder).out
    import_line = budkavle("import", "--json", "--config", folder / "config.toml", folder=folder).out
    by_file = {json.loads(line)["file"]: json.loads(line) for line in import_line.splitlines()}
    record = next(record for name, record in by_file.items() if name.endswith(file))
    assert record["id"] in listed
    return str(record["url"])


def test_who_left_gets_nothing_more(demo: tuple[Path, Outcome]) -> None:
    folder, _ = demo
    left = next(reader for reader in PLOT.readers if reader.leaves)
    assert left.leaves is not None
    dates = [letter["Date"].datetime.date() for letter in letters(folder) if letter["To"] == left.address]
    assert dates
    assert max(dates) < left.leaves


def test_every_letter_can_be_left_by_one_click(demo: tuple[Path, Outcome]) -> None:
    folder, _ = demo
    for letter in letters(folder):
        (address,) = [letter["List-Unsubscribe"]]
        assert str(address).startswith("<https://nyheter.example.org/avsluta/")
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert str(address).strip("<>") in body(letter)


def test_a_demo_that_is_killed_again_and_again_ends_as_if_it_had_not_been(
    demo: tuple[Path, Outcome], tmp_path: Path
) -> None:
    whole, _ = demo
    for milliseconds in (700, 900, 1100, 1300, 1500):
        process = subprocess.Popen([COMMAND, "demo", "demo"], cwd=tmp_path, stdout=subprocess.DEVNULL)
        time.sleep(milliseconds / 1000)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert budkavle("demo", "demo", folder=tmp_path).code in (0, 1)
    keys = [(letter["To"], letter["Date"]) for letter in letters(tmp_path / "demo")]
    assert len(keys) == len(set(keys))
    wanted = {(letter["To"], letter["Date"]) for letter in letters(whole)}
    missing = wanted - set(keys)
    status = budkavle("digest", "status", "--json", folder=tmp_path / "demo").out
    uncertain = sum(json.loads(line)["uncertain"] for line in status.splitlines())
    assert len(missing) <= uncertain
    for document in (whole / "public" / "feeds").iterdir():
        assert (tmp_path / "demo" / "public" / "feeds" / document.name).read_bytes() == document.read_bytes()


_DIES_WITH_AN_ACT_HALF_DONE = """
import os, sys
from budkavle import demo
from budkavle.cli.main import main

real = demo.import_all

def dying(service, found, now):
    found = list(found)
    if any(each.asked for each in found):
        os._exit(9)
    return real(service, found, now)

demo.import_all = dying
sys.argv = ["budkavle", "demo", "demo"]
main()
"""


def test_a_demo_that_dies_with_a_correction_on_the_disk_and_not_in_the_store_still_makes_a_correction_of_it(
    demo: tuple[Path, Outcome], tmp_path: Path
) -> None:
    whole, _ = demo
    died = subprocess.run(
        [sys.executable, "-c", _DIES_WITH_AN_ACT_HALF_DONE], cwd=tmp_path, check=False, capture_output=True
    )
    assert died.returncode == 9
    assert budkavle("demo", "demo", folder=tmp_path).code == 0
    for document in (whole / "public" / "feeds").iterdir():
        assert (tmp_path / "demo" / "public" / "feeds" / document.name).read_bytes() == document.read_bytes()
