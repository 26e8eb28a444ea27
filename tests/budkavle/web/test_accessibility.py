"""Letters and pages in a real browser, checked by axe against WCAG 2.1 A and AA."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page

from budkavle.checks.samples import samples
from budkavle.rendering.templates import renderer
from digest.lifecycle.transactional_letter import NoticeKind
from tests.budkavle.daemon.test_daemon import running
from tests.budkavle.windows import Window, chromium, faults
from tests.forks import Fork
from tests.installed import ARTICLE, budkavle, command, page

SCREENS = [Window(width=width, scheme=scheme) for width in (360, 1280) for scheme in ("light", "dark")]
ZOOMED = [*SCREENS, Window(width=360, zoom=2)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def send(home: Path, key: str) -> None:
    """Send an edition in a process of its own: a browser has this one's main thread, and a sender wants to have one."""
    assert Fork(command, "digest", "send", "veckobrev", "--edition", key, folder=home).wait(60) == 0


def looked_at(browser: Browser, addresses: Iterable[str], windows: list[Window]) -> Iterator[tuple[str, Page]]:
    """Every address in every window: a window is a process of the browser's, so each is opened once."""
    every = list(addresses)
    for window in windows:
        with window.opened(browser) as sheet:
            for address in every:
                sheet.goto(address)
                yield f"{address} in {window}", sheet


def test_every_page_is_accessible_on_every_screen(home: Path, browser: Browser) -> None:
    config = home / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("#ends = 2026-12-31", "ends = 2020-12-31"), "utf-8")
    budkavle("subscribers", "add", "lasare@example.org", folder=home)
    with sqlite3.connect(home / "var" / "budkavle.db") as store:
        token = store.execute("SELECT token FROM subscriptions").fetchone()[0]
    with running(home) as (client, _):
        root = str(client.base_url)
        paths = (
            "/",
            f"/avsluta/{token}",
            "/nope",
            "/feeds/alla-nyheter.atom",
            "/prenumerera?sprak=en",
            "/tillganglighet",
        )
        strange = tuple(f"/{what}/unknown" for what in ("avsluta", "bekrafta", "mina-val", "mina-uppgifter"))
        for where, sheet in looked_at(browser, (root + path for path in paths + strange), ZOOMED):
            assert faults(where, sheet) == []


def test_every_feeds_page_is_accessible_on_every_screen(home: Path, browser: Browser) -> None:
    """A feed with news, one of them corrected and one withdrawn, and a feed without any."""
    for name, title in (("a", "Buss"), ("b", "Bro"), ("c", "Båt")):
        text = ARTICLE.replace("Biblioteket öppnar på söndagar", title).replace("biblioteket/", name)
        page(home, f"gemensamt/{name}.md", text)
    budkavle("import", folder=home)
    ids = re.findall(r"tag:\S+", budkavle("articles", "list", folder=home).out)
    budkavle("articles", "correct", ids[0], "--note", "Fel dag.", "--unchanged", folder=home)
    budkavle("articles", "withdraw", ids[1], "--note", "Gäller inte.", folder=home)
    budkavle("feeds", "build", folder=home)
    with running(home) as (client, _):
        paths = ("alla-nyheter", "skola-och-utbildning")
        addresses = [f"{client.base_url}/feeds/{path}.html" for path in paths]
        assert all("h-feed" in client.get(address).text for address in addresses)
        for where, sheet in looked_at(browser, addresses, ZOOMED):
            assert faults(where, sheet) == []


def test_a_feed_reader_that_lives_in_a_browser_reads_a_feed_and_asks_whether_it_changed(
    home: Path, browser: Browser
) -> None:
    page(home, "gemensamt/a.md", ARTICLE)
    budkavle("import", folder=home)
    budkavle("feeds", "build", folder=home)
    with running(home) as (client, _):
        sheet = browser.new_page()  # about:blank: another site than ours
        script = """async address => {
            const first = await fetch(address)
            const headers = {"If-None-Match": first.headers.get("etag"), "A-IM": "feed"}
            const again = await fetch(address, {headers, cache: "no-store"})
            return [first.status, (await first.text()).includes("Biblioteket"), again.status]
        }"""
        assert sheet.evaluate(script, f"{client.base_url}/feeds/alla-nyheter.atom") == [200, True, 304]
        sheet.close()


def test_every_letter_is_accessible_on_every_screen(home: Path, tmp_path: Path, browser: Browser) -> None:
    """A letter with news, one of them corrected and one withdrawn before the second edition."""
    budkavle("subscribers", "add", "lasare@example.org", folder=home)
    for name, title in (("a", "Buss"), ("b", "Bro"), ("c", "Båt")):
        text = ARTICLE.replace("Biblioteket öppnar på söndagar", title).replace("biblioteket/", name)
        page(home, f"gemensamt/{name}.md", text)
    budkavle("import", folder=home)
    send(home, "2026-01-09")
    ids = re.findall(r"tag:\S+", budkavle("articles", "list", folder=home).out)
    budkavle("articles", "correct", ids[0], "--note", "Fel dag.", "--unchanged", folder=home)
    budkavle("articles", "withdraw", ids[1], "--note", "Gäller inte.", folder=home)
    send(home, "2026-01-16")
    letters = sorted((home / "var" / "outbox" / "new").iterdir())
    assert len(letters) == 2
    pages = []
    for number, path in enumerate(letters):
        message = BytesParser(EmailMessage, policy=policy.default).parsebytes(path.read_bytes())
        part = message.get_body(("html",))
        assert part is not None
        html = tmp_path / f"{number}.html"
        html.write_text(part.get_content(), encoding="utf-8")
        pages.append(html.as_uri())
    for where, sheet in looked_at(browser, pages, SCREENS):
        assert faults(where, sheet) == []


def test_every_letter_about_a_subscription_is_accessible_on_every_screen(tmp_path: Path, browser: Browser) -> None:
    zone = ZoneInfo("Europe/Stockholm")
    render = renderer("sv", zone, tmp_path)
    kinds = {f"letters/{kind}.html" for kind in NoticeKind}
    shown = [each for each in samples("sv", zone) if each.name in kinds]
    assert {each.name for each in shown} == kinds
    pages = []
    for number, sample in enumerate(shown):
        html = tmp_path / f"{number}-{sample.name.rpartition('/')[2]}"
        html.write_text(render(sample.name, sample.values), encoding="utf-8")
        pages.append(html.as_uri())
    for where, sheet in looked_at(browser, pages, SCREENS):
        assert faults(where, sheet) == []


def test_every_past_edition_is_accessible_on_every_screen(home: Path, browser: Browser) -> None:
    """An edition of which one article was corrected and one withdrawn since, the edition that says so, and the list."""
    budkavle("subscribers", "add", "lasare@example.org", folder=home)
    for name, title in (("a", "Buss"), ("b", "Bro"), ("c", "Båt")):
        text = ARTICLE.replace("Biblioteket öppnar på söndagar", title).replace("biblioteket/", name)
        page(home, f"gemensamt/{name}.md", text)
    budkavle("import", folder=home)
    send(home, "2026-01-09")
    ids = re.findall(r"tag:\S+", budkavle("articles", "list", folder=home).out)
    budkavle("articles", "correct", ids[0], "--note", "Fel dag.", "--unchanged", folder=home)
    budkavle("articles", "withdraw", ids[1], "--note", "Gäller inte.", folder=home)
    send(home, "2026-01-16")
    with running(home) as (client, _):
        addresses = [f"{client.base_url}/utgavor/veckobrev/{path}" for path in ("2026-01-09", "2026-01-16", "")]
        assert all(client.get(address).status_code == 200 for address in addresses)
        for where, sheet in looked_at(browser, addresses, ZOOMED):
            assert faults(where, sheet) == []
