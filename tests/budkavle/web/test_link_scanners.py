"""Programs that open every link of a letter: nothing comes of it, and whom the letter was for can still use it.

Mail providers and firms have such programs. They open what they find, by GET and HEAD, more than once, before anybody
has read the letter.
"""

import ast
import asyncio
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from budkavle.alarms.alarms import AlarmKind, RememberedAlarm, alarm
from budkavle.alarms.mail import alarm_mail
from digest.lifecycle.adapters.reminders import Reminders
from digest.lifecycle.transactional_letter import NoticeKind
from tests.budkavle.asking import Site, site
from tests.budkavle.life import letters, post, read
from tests.budkavle.web.subscriber.test_pages import AT_ONCE
from tests.installed import ARTICLE, budkavle, page

ROOT = Path(__file__).parents[3]
PATH = re.compile(r"http://127\.0\.0\.1:8090(/[\w/.?=-]*)")
OTHERS = {
    "digest/sending/envelopes.py": "edition",
    "digest/editions/test_letter.py": "test",
    "budkavle/alarms/mail.py": "alarm",
    "digest/transactional/post.py": "imported",
}
"""The modules that put letters into envelopes; what is put there by the last is a NoticeKind, or comes with a list."""
KINDS = [*NoticeKind, *OTHERS.values()]


@pytest.fixture
def pages(home: Path) -> Iterator[Site]:
    with site(home, AT_ONCE) as opened:
        yield opened


def posted(pages: Site) -> EmailMessage:
    """The one letter that waited."""
    (letter,) = post(pages.service, datetime.now(UTC))
    return letter


def paths(letter: EmailMessage) -> list[str]:
    """Where every link of all parts and of the head leads to."""
    text = "".join(part.get_content() for part in letter.walk() if part.get_content_maintype() == "text")
    return sorted(set(PATH.findall(text + str(letter["List-Unsubscribe"]))))


def path_to(letter: EmailMessage, what: str) -> str:
    (found,) = [each for each in paths(letter) if each.startswith(f"/{what}/")]
    return found


def joined(pages: Site) -> str:
    """The path of the choices of somebody who has joined."""
    pages.post("/prenumerera", pages.form())
    done = pages.press(path_to(posted(pages), "bekrafta"))
    return re.findall(r"/mina-val/\w{32}", done.text)[0]


def asks_to_move(pages: Site) -> None:
    pages.post(joined(pages), {"change": "address"})
    pages.post(path_to(posted(pages), "ny-adress"), {"address": "ny@example.org"})


def published(pages: Site) -> None:
    page(pages.home, "gemensamt/a.md", ARTICLE)
    assert budkavle("import", folder=pages.home).code == 0


def written(kind: str, pages: Site) -> EmailMessage:  # noqa: C901 - a case a kind
    """A letter of this kind, made as it is made for a person."""
    match kind:
        case NoticeKind.CONFIRM:
            pages.post("/prenumerera", pages.form())
        case NoticeKind.REMIND:
            pages.post("/prenumerera", pages.form())
            posted(pages)
            assert Reminders(pages.service.database.write).lay_down(datetime.now(UTC) + timedelta(days=2)) == 1
            (letter,) = post(pages.service, datetime.now(UTC) + timedelta(days=2))
            return letter
        case NoticeKind.ALREADY:
            joined(pages)
            pages.post("/prenumerera", pages.form())
        case NoticeKind.MOVING:
            pages.post(joined(pages), {"change": "address"})
        case NoticeKind.MOVE:
            asks_to_move(pages)
        case NoticeKind.MOVED:
            asks_to_move(pages)
            pages.press(path_to(posted(pages), "bekrafta"))
        case NoticeKind.MY_DATA:
            joined(pages)
            pages.post("/mina-uppgifter", pages.form("/mina-uppgifter", address="lasare@example.org"))
        case "imported":
            (pages.home / "lista.csv").write_text("address\nlasare@example.org\n", encoding="utf-8")
            budkavle("subscribers", "import", "lista.csv", folder=pages.home)
        case "edition":
            joined(pages)
            published(pages)
            assert budkavle("digest", "send", "veckobrev", "--edition", "2026-01-09", folder=pages.home).code == 0
            return letters(pages.service)[-1]
        case "test":
            joined(pages)
            published(pages)
            assert budkavle("digest", "test", "veckobrev", "prov@example.org", folder=pages.home).code == 0
            return letters(pages.service)[-1]
        case "alarm":
            now = datetime.now(UTC)
            known = RememberedAlarm(alarm=alarm(AlarmKind.PLANNING_FAILED, "veckobrev", "broken"), since=now, seen=now)
            return read(alarm_mail(pages.service.config, [known], [], now).letter)
    return posted(pages)


def use(kind: str, letter: EmailMessage, pages: Site) -> None:
    """What the letter is for still works, once its reader comes."""
    match kind:
        case NoticeKind.CONFIRM | NoticeKind.REMIND | "imported":
            assert "Nu prenumererar du" in pages.press(path_to(letter, "bekrafta")).text
        case NoticeKind.ALREADY:
            saves(path_to(letter, "mina-val"), pages)
        case NoticeKind.MOVING:
            assert "Titta i din" in pages.post(path_to(letter, "ny-adress"), {"address": "ny@example.org"}).text
            assert posted(pages)["To"] == "ny@example.org"
        case NoticeKind.MOVE:
            assert "Din nya adress är bekräftad" in pages.press(path_to(letter, "bekrafta")).text
        case NoticeKind.MOVED:
            assert pages.post("/prenumerera", pages.form()).status_code == 200
            assert path_to(posted(pages), "bekrafta")
        case NoticeKind.MY_DATA:
            assert "lasare@example.org" in pages.post(path_to(letter, "mina-uppgifter"), {"change": "open"}).text
        case "edition":
            saves(path_to(letter, "mina-val"), pages)
            assert "Prenumerationen är avslutad" in pages.post(path_to(letter, "avsluta")).text
            assert [row["state"] for row in pages.subscriptions()] == ["ended"]
        case "test":
            assert pages.post(path_to(letter, "avsluta")).status_code == 200
            assert [row["state"] for row in pages.subscriptions()] == ["active"]
        case "alarm":
            assert pages.get("/").status_code == 200
        case _:
            pytest.fail(f"nobody has said what a letter of the kind {kind} is for")


def saves(path: str, pages: Site) -> None:
    assert "Dina val är sparade" in pages.post(path, {"change": "choices", "topic": "skola", "language": "sv"}).text


def everything(home: Path) -> tuple[list[str], dict[str, bytes]]:
    """All rows of all tables, and all files beside the store."""
    with sqlite3.connect(home / "var" / "budkavle.db") as store:
        rows = [*store.iterdump()]
    files = [each for each in home.rglob("*") if each.is_file() and not each.name.startswith("budkavle.db")]
    return rows, {str(each.relative_to(home)): each.read_bytes() for each in files}


@pytest.mark.parametrize("kind", KINDS)
def test_what_opens_every_link_of_a_letter_three_times_changes_nothing(kind: str, pages: Site) -> None:
    letter = written(kind, pages)
    before = everything(pages.home)
    assert paths(letter), "a letter without a link"
    for _ in range(3):
        for path in paths(letter):
            for method in ("GET", "HEAD"):
                answer = asyncio.run(pages.ask(method, path))
                there = kind != "test" or path.startswith("/avsluta/")  # a test letter is of an edition to come
                assert answer.status_code == (200 if there else 404), path
    assert everything(pages.home) == before
    use(kind, letter, pages)


def test_every_kind_of_letter_that_there_is_is_opened_so() -> None:
    """A new maker of envelopes has to be entered above; a new NoticeKind is tried of itself."""
    makers = set()
    for package in ("articles", "budkavle", "digest", "feeds"):
        for path in (ROOT / package).rglob("*.py"):
            calls = [each.func for each in ast.walk(ast.parse(path.read_bytes())) if isinstance(each, ast.Call)]
            if any(isinstance(each, ast.Name) and each.id == "Envelope" for each in calls):
                makers.add(str(path.relative_to(ROOT)))
    assert makers == OTHERS.keys()
    subjects = {path.name.removesuffix("_subject.txt") for path in (ROOT / "templates/letters").glob("*_subject.txt")}
    assert subjects - {"test"} == {*NoticeKind}
