"""The demonstration, run twice as a person runs it, and read as a reader and a recipient would."""

import asyncio
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import feedparser
import pytest

from articles.article import Kind
from budkavle.alarms.detect import detect_and_recall
from budkavle.config.load import load
from budkavle.installation.wiring import open_service
from budkavle.maintenance.file_kinds import kind_of
from budkavle.maintenance.retention import apply_retention
from budkavle.sample.demo import replay
from budkavle.sample.weeks import calendar
from tests.budkavle.asking import site
from tests.installed import COMMAND, Outcome, budkavle, free_port

PORT = str(free_port())
"""Letters and feeds name it: demos of one port are alike."""
ROOT = f"http://127.0.0.1:{PORT}/"
PLOT = calendar(f"{ROOT}demo/webb/")
MAKE = ("demo", "demo", "--port", PORT)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    folder = tmp_path_factory.mktemp("demo")
    return folder / "demo", budkavle(*MAKE, folder=folder)


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
    again = budkavle(*MAKE, folder=folder.parent)
    assert again.code == 0
    assert "Nothing changed" in again.out
    assert fingerprints(folder) == before


def test_every_file_of_a_demo_is_of_a_known_kind(demo: tuple[Path, Outcome]) -> None:
    config = load(demo[0] / "config.toml")
    assert {path for path in demo[0].rglob("*") if path.is_file() and kind_of(config, path) is None} == set()


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


def test_every_letter_can_be_left_by_its_link(demo: tuple[Path, Outcome]) -> None:
    folder, _ = demo
    for letter in letters(folder):
        (address,) = [letter["List-Unsubscribe"]]
        assert str(address).startswith(f"<{ROOT}avsluta/")
        assert letter["List-Unsubscribe-Post"] is None  # RFC 8058 wants https, and the demo is on this machine alone
        assert str(address).strip("<>") in body(letter)


def test_it_says_what_it_does_week_by_week_and_ends_with_one_command(demo: tuple[Path, Outcome]) -> None:
    _, done = demo
    weeks = [line for line in done.err.splitlines() if line.startswith("week ")]
    assert [line.partition(":")[0] for line in weeks] == [
        f"week {number} of 6, {week.friday}" for number, week in enumerate(PLOT.weeks, 1)
    ]
    assert done.out.splitlines()[-1] == f"To click through it: {COMMAND} demo --serve"


def test_a_text_without_a_date_was_held_until_an_editor_released_it(demo: tuple[Path, Outcome]) -> None:
    folder, done = demo
    assert "1 of them held until an editor gave its date" in done.err
    index = (folder / "site" / "index.html").read_text(encoding="utf-8")
    assert "En text kom utan datum." in index
    held = budkavle("articles", "held", "--config", folder / "config.toml", folder=folder)
    assert (held.code, held.out) == (0, "")


def test_letters_are_copied_under_names_that_say_when_and_to_whom(demo: tuple[Path, Outcome]) -> None:
    folder, _ = demo
    copies = {path.name for path in (folder / "site" / "brev").iterdir()}
    names = {f"{each['Date'].datetime:%Y-%m-%d}-{each['To'].partition('@')[0]}" for each in letters(folder)}
    assert copies == {f"{name}{suffix}" for name in names for suffix in (".eml", ".html")}
    assert (folder / "site" / "brev").stat().st_mode & 0o077 == 0
    named = (folder / "site" / "brev" / "2026-01-23-pendlare.eml").read_bytes()
    assert named in [path.read_bytes() for path in (folder / "outbox" / "new").iterdir()]


def test_its_status_is_green_and_its_check_in_order(demo: tuple[Path, Outcome]) -> None:
    folder, _ = demo
    for command in ("status", "check"):
        told = budkavle(command, "--config", folder / "config.toml", folder=folder)
        assert (told.code, "needs a person" in told.out) == (0, False), told.out


@pytest.mark.parametrize("days", [8, 40, 500])
def test_made_again_after_weeks_it_makes_up_for_what_was_due_and_nothing_is_overdue(
    demo: tuple[Path, Outcome], tmp_path: Path, days: int
) -> None:
    folder = shutil.copytree(demo[0], tmp_path / "demo")
    later, said = datetime.now(UTC) + timedelta(days=days), list[str]()
    before = len(letters(folder))
    done = asyncio.run(replay(folder, None, later, said.append))
    assert (done.changed_now, len(said), len(letters(folder))) == (True, 1, before)
    with open_service(load(folder / "config.toml")) as service:
        assert detect_and_recall(service, later) == ()
        apply_retention(service, later, lambda: False)
        service.syndication.publish.build()
        assert len(service.past_editions.listed(service.digests[0])) == 6
    again = asyncio.run(replay(folder, None, later, said.append))
    assert (again.changed_now, len(said)) == (False, 1)


def test_the_real_service_shows_none_of_the_demos_pages_and_no_letter(
    demo: tuple[Path, Outcome], tmp_path: Path
) -> None:
    with site(shutil.copytree(demo[0], tmp_path / "demo")) as real:
        assert real.get("/prenumerera").status_code == 200
        for path in (
            "/demo/",
            "/demo/index.html",
            "/demo/brev/2026-01-09-lasare1.html",
            "/site/index.html",
            "/outbox/",
        ):
            assert real.get(path).status_code == 404


@pytest.mark.parametrize("step", [1, 4, 7])
def test_a_demo_that_is_killed_after_any_week_leaves_nothing_that_the_next_one_trips_over(
    demo: tuple[Path, Outcome], tmp_path: Path, step: int
) -> None:
    with subprocess.Popen([COMMAND, *MAKE], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for _ in range(step):
            process.stderr.readline()
        process.kill()
    if step < 7:
        assert not (tmp_path / "demo").exists()
    assert budkavle(*MAKE, folder=tmp_path).code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
    assert len(letters(tmp_path / "demo")) == len(letters(demo[0]))


@pytest.mark.parametrize("what", ["raise RuntimeError", "os.kill(os.getpid(), 2)"])
def test_a_demo_that_fails_or_is_stopped_half_way_leaves_no_folder(tmp_path: Path, what: str) -> None:
    heeds = (
        "import signal\nsignal.signal(2, signal.default_int_handler)\n"  # a shell's background jobs inherit deafness
    )
    dying = f"from digest.editions.plan import Planning\ndef dying(*_): {what}\nPlanning.plan_due = dying\n"
    code = f"{heeds}import os\n{dying}"
    run = f"{code}import sys\nsys.argv = ['budkavle', 'demo', 'demo']\nfrom budkavle.cli.main import main\nmain()"
    failed = subprocess.run([sys.executable, "-c", run], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert failed.returncode != 0
    assert list(tmp_path.iterdir()) == []
    assert ("nothing is left" in failed.stderr) == ("kill" in what)


_NO_LETTER_CAN_BE_MADE = """
import sys
from budkavle.cli.main import main
from digest.editions.compose import Composer
from mail.headers import HeaderError

def failing(*_):
    raise HeaderError("From", "as on a Python that reads no head")

Composer.letter_form = failing
sys.argv = ["budkavle", "demo"]
main()
"""


def test_a_demo_whose_letters_cannot_be_made_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    failed = subprocess.run(
        [sys.executable, "-c", _NO_LETTER_CAN_BE_MADE], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith("the edition of 2026-01-09 is ")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "config.toml").write_text("of an older version", encoding="utf-8")
    refused = budkavle("demo", "demo", folder=tmp_path)
    assert (refused.code, "holds no whole demo" in refused.err) == (2, True)
    assert (tmp_path / "demo" / "config.toml").read_text(encoding="utf-8") == "of an older version"


def test_a_demo_that_is_killed_again_and_again_ends_as_if_it_had_not_been(
    demo: tuple[Path, Outcome], tmp_path: Path
) -> None:
    whole, _ = demo
    for milliseconds in (700, 900, 1100, 1300, 1500):
        process = subprocess.Popen([COMMAND, *MAKE], cwd=tmp_path, stdout=subprocess.DEVNULL)
        time.sleep(milliseconds / 1000)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert budkavle(*MAKE, folder=tmp_path).code in (0, 1)
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
from articles.importing.import_articles import ImportArticles
from budkavle.cli.main import main

real = ImportArticles.import_all

def dying(self, candidates, now):
    candidates = list(candidates)
    if any(each.asked for each in candidates):
        os._exit(9)
    return real(self, candidates, now)

ImportArticles.import_all = dying
sys.argv = ["budkavle", *{make}]
main()
"""


def test_a_demo_that_dies_with_a_correction_on_the_disk_and_not_in_the_store_still_makes_a_correction_of_it(
    demo: tuple[Path, Outcome], tmp_path: Path
) -> None:
    whole, _ = demo
    died = subprocess.run(
        [sys.executable, "-c", _DIES_WITH_AN_ACT_HALF_DONE.format(make=MAKE)],
        cwd=tmp_path,
        check=False,
        capture_output=True,
    )
    assert died.returncode == 9
    assert budkavle(*MAKE, folder=tmp_path).code == 0
    for document in (whole / "public" / "feeds").iterdir():
        assert (tmp_path / "demo" / "public" / "feeds" / document.name).read_bytes() == document.read_bytes()
