"""`digest test`: the next letter to one address, plainly a test, ending nothing and recorded nowhere."""

import re
import shutil
import sqlite3
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest

from budkavle.installation.shipped_config import write_config
from digest.editions.test_letter import NOBODY
from tests.digest.relay import HANG_UP, ScriptedRelay
from tests.installed import ARTICLE, budkavle, changed, page

ADDRESS = "prov@example.org"
SAYS = "Det här är ett test."


@pytest.fixture(scope="module")
def newsroom_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one article that is news to everybody."""
    home = tmp_path_factory.mktemp("newsroom") / "home"
    write_config(home, {})
    (home / "newsroom" / "gemensamt").mkdir(parents=True)
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    budkavle("subscribers", "add", "lasare@example.org", folder=home)
    budkavle("import", folder=home)
    return home


@pytest.fixture
def newsroom(newsroom_once: Path, tmp_path: Path) -> Path:
    """Such a home of this test's own."""
    return shutil.copytree(newsroom_once, tmp_path / "newsroom")


def through(home: Path, relay: ScriptedRelay) -> None:
    path = home / "config.toml"
    text = changed(path.read_text(encoding="utf-8"), transport="smtp").replace("port = 25", f"port = {relay.port}")
    path.write_text(text, encoding="utf-8")


def parsed(raw: bytes) -> EmailMessage:
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(raw)


def only_letter(home: Path) -> EmailMessage:
    (path,) = (home / "var" / "outbox" / "new").iterdir()
    return parsed(path.read_bytes())


def part(letter: EmailMessage, kind: str) -> str:
    found = letter.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_the_letter_says_in_three_places_that_it_is_a_test(newsroom: Path) -> None:
    done = budkavle("digest", "test", "veckobrev", ADDRESS, folder=newsroom)
    assert (done.code, done.out) == (0, "the relay answered dot: 250 in the mailbox\n")
    letter = only_letter(newsroom)
    assert letter["To"] == ADDRESS
    assert letter["Subject"] == "Test: Veckans nyheter: Biblioteket öppnar på söndagar"
    assert part(letter, "plain").startswith(SAYS)
    (before,) = re.findall(r"<body[^>]*>(.*?)Veckans nyheter", part(letter, "html"), re.DOTALL)
    assert SAYS in before


def test_but_for_its_marks_it_is_the_letter_of_the_preview(newsroom: Path) -> None:
    budkavle("digest", "preview", "veckobrev", "--out", "seen", folder=newsroom)
    budkavle("digest", "test", "veckobrev", ADDRESS, folder=newsroom)
    sent, seen = only_letter(newsroom), parsed((newsroom / "seen" / "letter.eml").read_bytes())
    assert part(sent, "plain").endswith(part(seen, "plain"))
    mark = r"<div[^>]*><strong[^>]*>Det här är ett test\..*?</div>\r?\n"
    assert re.sub(mark, "", part(sent, "html")) == part(seen, "html")
    assert sent["List-Unsubscribe"] == seen["List-Unsubscribe"]
    assert sent["Message-ID"] != seen["Message-ID"]


def test_its_links_can_end_nobodys_subscription(newsroom: Path) -> None:
    budkavle("digest", "test", "veckobrev", ADDRESS, folder=newsroom)
    letter = only_letter(newsroom)
    everything = part(letter, "plain") + part(letter, "html") + letter["List-Unsubscribe"]
    assert re.findall(r"(?:avsluta|mina-val)/(\w+)", everything) == [NOBODY] * 5
    with sqlite3.connect(newsroom / "var" / "budkavle.db") as store:
        assert store.execute("SELECT count(*) FROM subscriptions WHERE token = ?", [NOBODY]).fetchone() == (0,)


def test_nothing_of_it_is_written_down(newsroom: Path) -> None:
    def dump() -> list[str]:
        with sqlite3.connect(newsroom / "var" / "budkavle.db") as store:
            return list(store.iterdump())

    before = dump()
    budkavle("digest", "test", "veckobrev", ADDRESS, folder=newsroom)
    assert dump() == before
    assert not any(ADDRESS in line for line in before)


def test_two_tests_are_two_letters_to_a_mailbox(newsroom: Path) -> None:
    for _ in range(2):
        budkavle("digest", "test", "veckobrev", ADDRESS, folder=newsroom)
    letters = [parsed(path.read_bytes()) for path in (newsroom / "var" / "outbox" / "new").iterdir()]
    assert len({letter["Message-ID"] for letter in letters}) == 2


def test_an_own_template_does_not_lose_the_mark(newsroom: Path) -> None:
    for name, text in (("edition.html", "<BODY CLASS='x'><p>{{ leave_url }}"), ("edition.txt", "{{ leave_url }}")):
        path = newsroom / "templates" / "letters" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    budkavle("digest", "test", "veckobrev", ADDRESS, folder=newsroom)
    letter = only_letter(newsroom)
    assert part(letter, "html").startswith("<BODY CLASS='x'><div")
    assert all(SAYS in part(letter, kind) for kind in ("plain", "html"))


def test_a_relay_gets_it_as_any_letter(newsroom: Path) -> None:
    with ScriptedRelay() as relay:
        through(newsroom, relay)
        done = budkavle("digest", "test", "veckobrev", ADDRESS, folder=newsroom)
    assert (done.code, done.out) == (0, "the relay answered dot: 250 2.0.0 queued as 4711\n")
    (letter,) = relay.letters
    assert (letter.sender, letter.recipient) == ("nyheter@example.org", ADDRESS)
    assert relay.verbs()[-1] == "QUIT"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({"rcpt": [f"550 5.1.1 <{ADDRESS}> is unknown"]}, "rcpt: 550 5.1.1 "),
        ({"dot": ["554 5.7.1 spam"]}, "dot: 554 5.7.1 spam"),
        ({"dot": [HANG_UP]}, "dot: no answer"),
        ({"connect": [HANG_UP]}, "connect: no answer"),
    ],
)
def test_what_a_relay_says_against_it_is_told(script: dict[str, list[str]], said: str, newsroom: Path) -> None:
    with ScriptedRelay(script) as relay:
        through(newsroom, relay)
        done = budkavle("digest", "test", "veckobrev", ADDRESS, folder=newsroom)
    assert done.code == 1
    assert done.out.startswith(f"the relay answered {said}")
    assert ADDRESS not in done.out + done.err


def test_there_is_no_test_of_an_empty_letter(home: Path) -> None:
    budkavle("import", folder=home)
    done = budkavle("digest", "test", "veckobrev", ADDRESS, folder=home)
    assert done.code == 1
    assert "would be empty" in done.err


@pytest.mark.parametrize("words", [("nope", ADDRESS), ("veckobrev", "no address")])
def test_wrong_use_is_told_as_such(words: tuple[str, str], home: Path) -> None:
    assert budkavle("digest", "test", *words, folder=home).code == 2
