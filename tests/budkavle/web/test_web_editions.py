"""Past editions on the web: what the letters said, in the words of then, with what has become of it since."""

import asyncio
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.parser import BytesParser
from pathlib import Path

import httpx2
import pytest
from starlette.types import ASGIApp

from budkavle.config.load import load
from budkavle.installation.shipped_config import write_config
from budkavle.installation.wiring import open_service
from budkavle.web.app import application
from digest.editions.slots import PeriodKey
from tests.given import NOW, plan_period
from tests.installed import ARTICLE, budkavle, page

KEY = "2026-01-09"
PATH = f"/utgavor/veckobrev/{KEY}"


def lay(home: Path, name: str, title: str, lead: str = "Från och med den 1 februari", topics: str = "kultur") -> None:
    text = ARTICLE.replace("Biblioteket öppnar på söndagar", title).replace("biblioteket/", name)
    text = text.replace("[kultur]", f"[{topics}]")
    page(
        home, f"gemensamt/{name}.md", text.replace("Från och med den 1 februari", lead or "Från och med den 1 februari")
    )


def send(home: Path, key: str = KEY) -> None:
    assert budkavle("digest", "send", "veckobrev", "--edition", key, folder=home).code == 0


def article_of(home: Path, title: str) -> str:
    listed = budkavle("articles", "list", folder=home).out
    (line,) = [line for line in listed.splitlines() if title in line]
    (article,) = re.findall(r"tag:\S+", line)
    return str(article)


def act(home: Path, what: str, title: str, note: str) -> None:
    alone = ["--unchanged"] if what == "correct" else []
    done = budkavle("articles", what, article_of(home, title), "--note", note, *alone, folder=home)
    assert done.code == 0, done.err


def erase(home: Path, title: str) -> None:
    assert budkavle("articles", "erase", article_of(home, title), "--yes", folder=home).code == 0


@pytest.fixture(scope="module")
def sent_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose first edition had a bus for one reader, and a bus and a bridge for the other."""
    home = tmp_path_factory.mktemp("sent") / "home"
    write_config(home, {})
    (home / "newsroom" / "gemensamt").mkdir(parents=True)
    budkavle("subscribers", "add", "alla@example.org", folder=home)
    budkavle("subscribers", "add", "kultur@example.org", "--topics", "kultur", folder=home)
    lay(home, "a", "Ny buss", topics="kollektivtrafik")
    lay(home, "b", "Ny bro")
    budkavle("import", folder=home)
    send(home)
    return home


@pytest.fixture
def sent(sent_once: Path, tmp_path: Path) -> Path:
    """Such a home of this test's own."""
    return shutil.copytree(sent_once, tmp_path / "sent")


class Visitor:
    """Asks the application for pages, without a network between."""

    def __init__(self, site: ASGIApp) -> None:
        self._site = site

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx2.Response:
        return asyncio.run(self._get(path, headers or {}))

    async def _get(self, path: str, headers: dict[str, str]) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self._site)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as client:
            return await client.get(path, headers=headers)


@contextmanager
def visiting(home: Path) -> Iterator[Visitor]:
    with open_service(load(home / "config.toml")) as service:
        yield Visitor(application(service, tuple))


def text_of(home: Path, path: str = PATH) -> str:
    """A page's words, tags taken out."""
    with visiting(home) as client:
        answer = client.get(path)
        assert answer.status_code == 200
        main = answer.text.partition('<main id="content">')[2]
        return " ".join(re.sub(r"<[^>]*>", " ", main).replace("\xa0", " ").split())


def test_an_edition_shows_all_that_its_letters_showed_together(sent: Path) -> None:
    text = text_of(sent)
    assert "2–9 januari 2026: 2 nyheter" in text
    assert "Ny buss" in text
    assert "Ny bro" in text
    assert "Så här var utgåvan när den skickades" in text


def test_a_letter_leads_to_its_edition_by_an_address_that_is_the_same_for_everybody(sent: Path) -> None:
    for path in (sent / "var" / "outbox" / "new").iterdir():
        letter = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        for part in letter.iter_parts():
            assert f"http://127.0.0.1:8090{PATH}" in part.get_content()
        assert letter["List-Archive"] == "<http://127.0.0.1:8090/utgavor/veckobrev/>"


def test_no_token_and_no_way_to_leave_stands_on_the_page(sent: Path) -> None:
    with sqlite3.connect(sent / "var" / "budkavle.db") as store:
        tokens = [token for (token,) in store.execute("SELECT token FROM subscriptions")]
    with visiting(sent) as client:
        html = client.get(PATH).text
    assert len(tokens) == 2
    assert not any(token in html for token in tokens)
    assert "avsluta" not in html
    assert "<script" not in html
    assert "@" not in html


def test_a_typo_mended_later_changes_nothing_on_the_page(sent: Path) -> None:
    before = text_of(sent)
    lay(sent, "a", "Ny buss", "Från och med den 2 februari", topics="kollektivtrafik")
    budkavle("import", folder=sent)
    assert text_of(sent) == before


def test_a_correction_since_is_told_above_the_words_of_then(sent: Path) -> None:
    lay(sent, "a", "Ny buss", "Från och med den 2 februari", topics="kollektivtrafik")
    budkavle("import", folder=sent)
    act(sent, "correct", "Ny buss", "Fel dag.")
    assert re.search(
        r"Ny buss Region Lingonmark · 7 januari 2026 Rättat \S+ \S+ \S+ Fel dag\. Från .* 1 februari", text_of(sent)
    )


def test_of_what_was_withdrawn_since_the_headline_is_left_without_link_and_text(sent: Path) -> None:
    act(sent, "correct", "Ny buss", "Fel dag.")
    act(sent, "withdraw", "Ny buss", "Linjen blev inte av.")
    with visiting(sent) as client:
        html = client.get(PATH).text
    about_bus = html[html.index("Ny buss") :]
    assert re.search(r"Återkallat \d+\xa0\w+\xa0\d{4}\.</strong> Linjen blev inte av\.", about_bus)
    assert "Fel dag." not in html
    assert html.count("Från och med den 1 februari") == 1, "the bridge's"
    assert re.findall(r'href="(https://[^"]*)"', html) == ["https://www.example.org/lingonmark/nyheter/b"]


def test_an_edition_with_corrections_and_withdrawals_has_them_in_their_sections(sent: Path) -> None:
    act(sent, "correct", "Ny buss", "Fel dag.")
    act(sent, "withdraw", "Ny bro", "Bron blev inte av.")
    send(sent, "2026-01-16")
    text = text_of(sent, "/utgavor/veckobrev/2026-01-16")
    assert re.search(r"Rättelser .*Ny buss .*Rättat .*Fel dag\. Återkallat .*Ny bro .*Återkallat .*Bron blev", text)
    act(sent, "withdraw", "Ny buss", "Inte den heller.")
    text = text_of(sent, "/utgavor/veckobrev/2026-01-16")
    assert "Inte den heller." in text
    assert "Fel dag." not in text


@pytest.mark.parametrize("before", [None, "correct", "withdraw"])
def test_of_what_was_erased_since_the_page_says_only_that_a_text_was(before: str | None, sent: Path) -> None:
    if before:
        act(sent, before, "Ny buss", "Bussen finns inte.")
    erase(sent, "Ny buss")
    text = text_of(sent)
    assert "1 nyhet" in text
    assert "1 text som stod här har raderats." in text
    assert not any(word in text for word in ("buss", "Buss", "Återkallat", "Rättat"))
    assert "Ny bro" in text


def test_an_edition_all_of_whose_texts_were_erased_is_still_there(sent: Path) -> None:
    erase(sent, "Ny buss")
    erase(sent, "Ny bro")
    assert "2 texter som stod här har raderats." in text_of(sent)
    assert "2–9 januari 2026" in text_of(sent, "/utgavor/veckobrev/")


def test_what_was_pulled_before_anybody_had_it_is_not_shown(home: Path) -> None:
    budkavle("subscribers", "add", "alla@example.org", folder=home)
    lay(home, "a", "Ny buss")
    lay(home, "b", "Ny bro")
    budkavle("import", folder=home)
    with open_service(load(home / "config.toml")) as service:
        plan_period(service, service.digests[0], PeriodKey(KEY), NOW)
    act(home, "withdraw", "Ny buss", "Blev inte av.")
    send(home)
    assert "Ny buss" not in text_of(home)


def test_an_edition_of_which_no_letter_went_out_is_not_there(home: Path) -> None:
    budkavle("subscribers", "add", "alla@example.org", folder=home)
    send(home)
    with visiting(home) as client:
        assert client.get(PATH).status_code == 404
        assert "Ingen utgåva har skickats än." in client.get("/utgavor/veckobrev/").text


@pytest.mark.parametrize(
    "path", ["/utgavor/nope/", "/utgavor/nope/2026-01-09", f"{PATH}x", "/utgavor/veckobrev/1999-01-01"]
)
def test_an_unknown_edition_has_a_page_that_says_so(path: str, sent: Path) -> None:
    with visiting(sent) as client:
        answer = client.get(path)
    assert answer.status_code == 404
    assert "Sidan finns inte" in answer.text


def test_the_list_has_every_edition_the_newest_first_and_leads_to_them(sent: Path) -> None:
    lay(sent, "c", "Ny båt")
    budkavle("import", folder=sent)
    send(sent, "2026-01-16")
    with visiting(sent) as client:
        for path in ("/utgavor/veckobrev/", "/utgavor/veckobrev"):
            found = re.findall(r'<a href="([^"]*)">(\d[^<]*)</a>', client.get(path).text)
            assert found == [
                ("/utgavor/veckobrev/2026-01-16", "9–16 januari 2026"),
                ("/utgavor/veckobrev/2026-01-09", "2–9 januari 2026"),
            ]
        assert '/utgavor/veckobrev/"' in client.get("/").text


def test_a_page_that_has_not_changed_is_not_sent_again(sent: Path) -> None:
    with visiting(sent) as client:
        first = client.get(PATH)
        assert first.headers["cache-control"] == "public, max-age=300"
        again = client.get(PATH, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
    act(sent, "correct", "Ny buss", "Fel dag.")
    with visiting(sent) as client:
        assert client.get(PATH, headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_an_edition_stays_when_its_deliveries_are_folded_into_counts(sent: Path) -> None:
    before = text_of(sent)
    with sqlite3.connect(sent / "var" / "budkavle.db") as store:
        store.execute("INSERT INTO delivery_counts SELECT edition_id, state, count(*) FROM deliveries GROUP BY 1, 2")
        store.execute("INSERT INTO receipts SELECT variant_id, subscription_id, 1 FROM deliveries")
        store.execute("DELETE FROM deliveries")
    assert text_of(sent) == before
    with sqlite3.connect(sent / "var" / "budkavle.db") as store:
        store.execute("DELETE FROM receipts")
    assert text_of(sent) == before
