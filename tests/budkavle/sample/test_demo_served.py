"""The demo as it is clicked through: every link of its index, and of what that leads to, in a real browser."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, Page

from tests.budkavle.demo_served import Demo, Walk, html_links, served
from tests.budkavle.windows import RULES, Window, chromium, pictured, violations
from tests.installed import budkavle, budkavle_process

WCAG22 = {**RULES, "runOnly": {"type": "tag", "values": [*RULES["runOnly"]["values"], "wcag22aa"]}}  # type: ignore[index]
WINDOWS = [Window(width=360, scheme="dark"), Window(width=1280, scheme="light")]
TOKEN = re.compile(r"[0-9a-f]{32}")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with served(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def kind_of(address: str) -> str:
    """Pages of one kind have one template: an axe each is enough."""
    path = urlsplit(address).path
    return re.sub(r"\d{4}-\d\d-\d\d[^/]*", "DATED", TOKEN.sub("TOKEN", path))


def test_every_link_of_the_index_and_of_what_it_leads_to_answers(demo: Demo) -> None:
    with httpx2.Client(timeout=30, follow_redirects=False) as client:
        walk = Walk(client=client, root=demo.root)
        walk.begin(demo.index)
    assert not walk.wrong, "\n".join(walk.wrong)
    kinds = set(walk.kinds.values())
    assert kinds >= {"text/html", "message/rfc822", "application/atom+xml", "application/rss+xml", "image/svg+xml"}
    for part in ("prenumerera", "mina-uppgifter", "utgavor/veckobrev/2026-01-09", "feeds/alla-nyheter.json"):
        assert f"{demo.root}{part}" in walk.found
    assert any(f"{demo.root}avsluta/" in each for each in walk.found)
    assert any(f"{demo.root}mina-val/" in each for each in walk.found)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_every_page_that_the_index_links_to_is_in_order_in_chromium(
    demo: Demo, browser: Browser, window: Window
) -> None:
    with window.opened(browser) as sheet:
        answer = sheet.goto(demo.index)
        assert answer
        assert answer.status == 200
        look(sheet, window)
        seen = set[str]()
        for link in sorted(html_links(sheet.content(), demo.index)):
            if link.startswith(demo.root) and is_page(link):
                answer = sheet.goto(link)
                assert answer
                assert answer.status == 200, link
                if kind_of(link) not in seen:
                    seen.add(kind_of(link))
                    look(sheet, window)
    assert len(seen) > 20


def is_page(link: str) -> bool:
    return not link.endswith((".eml", ".atom", ".rss", ".json", ".opml", ".css", ".svg"))


def look(sheet: Page, window: Window) -> None:
    found = [*window.faults(sheet.url, sheet), *violations(f"{sheet.url} in {window}", sheet, WCAG22)]
    assert not found, "\n".join(found)
    assert sheet.locator("html").get_attribute("lang") == "sv"
    pictured(sheet, f"demo {kind_of(sheet.url)} {window}")


def test_somebody_who_subscribes_finds_the_letter_in_the_index_and_confirms(demo: Demo, browser: Browser) -> None:
    with Window().opened(browser) as sheet:
        sheet.goto(demo.index)
        sheet.get_by_role("link", name="Prenumerera med e-post").click()
        sheet.get_by_label("Veckans nyheter").check()
        sheet.get_by_label("Din e-postadress").fill("ny-lasare@example.org")
        sheet.wait_for_timeout(2_500)  # nobody fills in a form in less than two seconds (limits.fill_seconds)
        sheet.get_by_role("button", name="Prenumerera").click()
        assert "Titta i din e-post" in sheet.get_by_role("status").inner_text()
        letter = sheet.get_by_role("link", name=re.compile("[Bb]ekräfta")).first
        for _ in range(100):
            sheet.goto(demo.index)
            if letter.count():
                break
        assert "Brev som någon bad om" in sheet.content()
        letter.click()
        sheet.get_by_role("link", name="Titta och bekräfta").click()
        sheet.wait_for_timeout(1_200)  # nor presses a button in less than one, when the page has just come
        sheet.get_by_role("button", name="Bekräfta").click()
        assert sheet.get_by_role("status").inner_text().startswith("Nu prenumererar du")


def test_the_status_is_green_while_the_demo_is_served(demo: Demo) -> None:
    status = budkavle("status", "--config", demo.folder / "config.toml", folder=demo.folder)
    assert (status.code, "needs a person" in status.out) == (0, False), status.out


def test_nothing_but_the_demos_pages_is_served_below_its_address(demo: Demo) -> None:
    with httpx2.Client(base_url=demo.root, timeout=30) as client:
        for path in (
            "demo/..%2fconfig.toml",
            "demo/%2e%2e/var/secret",
            "demo/brev/",
            "demo/brev/..%2f..%2fconfig.toml",
        ):
            assert client.get(path).status_code == 404
        assert client.get("demo/", headers={"Host": "evil.test"}).status_code == 421
        page = client.get("demo/brev/2026-01-09-lasare1.html")
        assert "style-src 'unsafe-inline'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"


def test_pages_have_their_style_when_they_are_opened_from_the_disk(demo: Demo, browser: Browser) -> None:
    pages = [*demo.folder.glob("site/**/*.html"), *demo.folder.glob("public/**/*.html")]
    assert len(pages) > 60
    with Window().opened(browser) as sheet:
        plain = "rgba(0, 0, 0, 0)"
        for page in pages:
            sheet.goto(page.as_uri())
            assert sheet.evaluate("getComputedStyle(document.body).backgroundColor") != plain, page
            assert sheet.evaluate("document.characterSet") == "UTF-8"
        sheet.goto((demo.folder / "site" / "index.html").as_uri())
        local = [link for link in html_links(sheet.content(), sheet.url) if link.startswith("file:")]
        assert len(local) > 60
        assert all(Path(urlsplit(link).path).is_file() for link in local)


def test_a_taken_port_is_told_with_what_to_type_instead(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert budkavle("demo", "demo", "--port", port, folder=tmp_path).code == 0
        refused = budkavle_process("demo", "demo", "--serve", folder=tmp_path)
        moved = budkavle("demo", "demo", "--port", "9", folder=tmp_path)
    assert refused.code == 2
    assert f"another program listens at 127.0.0.1:{port}" in refused.err
    assert re.search(r"rm -r demo && \S+ demo --port \d+ --serve$", refused.err.strip())
    assert (moved.code, "remove the folder first" in moved.err) == (2, True)
