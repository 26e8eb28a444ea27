"""A subscriber's whole life in a real browser, on a real daemon that sends to a real mail server."""

import json
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.budkavle.conftest import ARTICLE, budkavle, changed, page
from tests.budkavle.test_accessibility import QUIET, VIEWS, faults
from tests.budkavle.test_daemon import running
from tests.digest.relay import ScriptedRelay

PICTURES = os.environ.get("PICTURES")
"""A folder: then the pages' pictures for docs/pages.md are made anew there."""
MONTHLY = """
[[digests]]
name = "manadsbrev"
title = "Månadens nyheter"
from = "nyheter@example.org"
every = "month"
monthday = 1
time = "08:00"
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*QUIET])
        yield chromium
        chromium.close()


@contextmanager
def newsroom(home: Path, relay: ScriptedRelay, more: str = "") -> Iterator[httpx.Client]:
    """The daemon, sending to this mail server."""
    config = home / "config.toml"
    text = changed(config.read_text(encoding="utf-8"), transport="smtp").replace(
        "#fill_seconds = 2", "fill_seconds = 0"
    )
    text = text.replace("port = 25", f"port = {relay.port}").replace("#minutes_between = 10", "minutes_between = 0")
    config.write_text(text.replace("#per_day = 3", "per_day = 99") + more, encoding="utf-8")
    with running(home) as (client, _):
        yield client


def letter(relay: ScriptedRelay, number: int) -> EmailMessage:
    """The letter of this number, once it has come."""
    deadline = time.monotonic() + 60
    while len(relay.letters) < number:
        assert time.monotonic() < deadline, f"only {len(relay.letters)} letters came"
        time.sleep(0.1)
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(relay.letters[number - 1].wire)


def links(message: EmailMessage) -> list[str]:
    """Every link of both parts and of the head."""
    text = "".join(part.get_content() for part in message.walk() if part.get_content_maintype() == "text")
    return sorted(set(re.findall(r"http://127\.0\.0\.1:\d+/[\w/.-]*", text + str(message["List-Unsubscribe"]))))


def link(message: EmailMessage, path: str) -> str:
    (found,) = [each for each in links(message) if path in each]
    return found


def publish(home: Path, name: str, title: str, topic: str) -> None:
    text = ARTICLE.replace("Biblioteket öppnar på söndagar", title).replace("biblioteket/", name)
    page(home, f"gemensamt/{name}.md", text.replace("[kultur]", f"[{topic}]"))
    budkavle("import", folder=home)


def edition(home: Path, key: str) -> dict[str, object]:
    """Send an edition through the daemon, and wait for its end."""
    budkavle("digest", "send", "veckobrev", "--edition", key, folder=home)
    for _ in range(300):
        lines = budkavle("digest", "status", "veckobrev", "--json", folder=home).out.splitlines()
        found = [one for one in map(json.loads, lines) if one["edition"] == key]
        if found and found[0]["state"] == "finished":
            return dict(found[0])
        time.sleep(0.2)
    pytest.fail(f"{key} is not done")


def scanned(client: httpx.Client, message: EmailMessage) -> None:
    """What a scanner of links does to a letter."""
    for _ in range(3):
        for address in links(message):
            assert client.get(address).status_code < 500
            assert client.head(address).status_code < 500


def states(home: Path) -> list[tuple[str, str, str]]:
    with sqlite3.connect(home / "var" / "budkavle.db") as store:
        return store.execute("SELECT state, topics, digest FROM subscriptions").fetchall()


@pytest.mark.parametrize("script", [True, False])
def test_a_subscriber_joins_reads_chooses_and_leaves(home: Path, browser: Browser, *, script: bool) -> None:
    with ScriptedRelay() as relay, newsroom(home, relay) as client:
        sheet = browser.new_page(java_script_enabled=script)
        publish(home, "a", "Gammal nyhet", "kultur")
        sheet.goto(str(client.base_url))
        sheet.get_by_role("link", name="Prenumerera med e-post").click()
        sheet.get_by_label("Kultur och fritid").check()
        sheet.get_by_label("Din e-postadress").fill("lasare@example.org")
        sheet.get_by_role("button", name="Prenumerera").click()
        assert sheet.title().startswith("Titta i din e-post")
        asking = letter(relay, 1)
        scanned(client, asking)
        assert states(home) == [("pending", "kultur", "veckobrev")]
        sheet.goto(link(asking, "/bekrafta/"))
        sheet.get_by_role("button", name="Bekräfta").click()
        assert sheet.get_by_role("status").inner_text().startswith("Nu prenumererar du")
        assert states(home) == [("active", "kultur", "veckobrev")]

        publish(home, "b", "Nytt om kultur", "kultur")
        publish(home, "c", "Nytt om skola", "skola")
        edition(home, "2026-01-09")
        first = letter(relay, 2)
        text = first.as_string() + str(first.get_body(("plain",)))
        assert ("Nytt om kultur" in text, "Nytt om skola" in text, "Gammal nyhet" in text) == (True, False, False)
        scanned(client, first)
        assert states(home) == [("active", "kultur", "veckobrev")]

        (token,) = {re.search(r"avsluta/(\w{32})", each)[1] for each in links(first) if "/avsluta/" in each}
        sheet.goto(f"{client.base_url}/mina-val/{token}")
        sheet.get_by_label("Skola och utbildning").check()
        sheet.get_by_role("button", name="Spara dina val").click()
        assert "Dina val är sparade" in sheet.get_by_role("status").inner_text()
        publish(home, "d", "Mer om skola", "skola")
        edition(home, "2026-01-16")
        second = letter(relay, 3).as_string()
        assert ("Mer om skola" in second, "Nytt om kultur" in second) == (True, False)

        one_click = client.post(f"/avsluta/{token}", data={"List-Unsubscribe": "One-Click"})
        assert (one_click.status_code, one_click.is_redirect) == (200, False)
        publish(home, "e", "Sista om skola", "skola")
        done = edition(home, "2026-01-23")
        assert (done["audience"], len(relay.letters)) == (0, 3)
        sheet.close()


def test_joining_works_by_keyboard_alone(home: Path, browser: Browser) -> None:
    with ScriptedRelay() as relay, newsroom(home, relay) as client:
        sheet = browser.new_page(java_script_enabled=False)
        sheet.goto(f"{client.base_url}/prenumerera")
        for _ in range(30):
            sheet.keyboard.press("Tab")
            focused = sheet.locator(":focus").get_attribute("name")
            assert focused != "webbplats", "the trap can be reached"
            if focused == "address":
                break
        sheet.keyboard.type("lasare@")
        with sheet.expect_navigation():
            sheet.keyboard.press("Enter")
        assert sheet.title().startswith("Fel: ")
        sheet.get_by_role("alert").get_by_role("link").press("Enter")
        sheet.keyboard.press("End")
        sheet.keyboard.type("example.org")
        with sheet.expect_navigation():
            sheet.keyboard.press("Enter")
        assert sheet.title().startswith("Titta i din e-post")
        assert letter(relay, 1)["To"] == "lasare@example.org"
        sheet.close()


def test_every_page_and_state_is_accessible_on_every_screen(home: Path, browser: Browser) -> None:
    with ScriptedRelay() as relay, newsroom(home, relay, MONTHLY) as client:
        root = str(client.base_url)
        form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)">', client.get("/prenumerera").text))
        client.post("/prenumerera", data={**form, "digest": "veckobrev", "address": "lasare@example.org"})
        confirm = link(letter(relay, 1), "/bekrafta/")
        visited(browser, [confirm], "confirm")
        with browser.new_context() as context:
            sheet = context.new_page()
            sheet.goto(confirm)
            sheet.get_by_role("button", name="Bekräfta").click()
            everywhere(sheet, "confirmed")
        with sqlite3.connect(home / "var" / "budkavle.db") as store:
            token = store.execute("SELECT token FROM subscriptions").fetchone()[0]
        client.post("/mina-uppgifter", data={**form, "address": "lasare@example.org"})
        data = link(letter(relay, 2), "/mina-uppgifter/")
        scanned(client, letter(relay, 2))  # what opens the link of a letter leaves it as it is: it is used below
        paths = [
            "/",
            "/prenumerera",
            "/prenumerera?sprak=en",
            "/mina-uppgifter",
            "/tillganglighet",
            "/bekrafta/unknown",
        ]
        paths += [f"/mina-val/{token}", f"/avsluta/{token}", "/mina-val/unknown", "/mina-uppgifter/unknown"]
        visited(browser, [confirm, data, *(root + path for path in paths)], "seen")
        for width, scheme in VIEWS:
            context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
            sheet = context.new_page()
            for path, button in (
                ("/prenumerera", "Prenumerera"),
                ("/mina-uppgifter", "Skicka länken"),
                (f"/mina-val/{token}", "Gör uppehåll"),
                (f"/mina-val/{token}", "Byt nyhetsbrev"),
                (f"/mina-val/{token}", "Byt adress"),
                (f"/mina-val/{token}", "Spara dina val"),
            ):
                sheet.goto(root + path)
                sheet.get_by_role("button", name=button, exact=True).click()
                assert faults(f"{path} after {button} at {width} px, {scheme}", sheet) == []
                if button == "Prenumerera":
                    assert sheet.locator(":focus").get_attribute("role") == "alert"
                    pictured(sheet, f"subscribe-errors-{width}-{scheme}")
            context.close()
        with browser.new_context() as context:
            ends(home, relay, root, token, data, context.new_page())


def ends(home: Path, relay: ScriptedRelay, root: str, token: str, data: str, sheet: Page) -> None:  # noqa: PLR0913, PLR0917 - all that the walk before it made
    """The pages that are seen once: after asking, when a link is too old, after leaving, after erasing."""
    sheet.goto(f"{root}/prenumerera")
    sheet.get_by_label("Veckans nyheter").check()
    sheet.get_by_label("Din e-postadress").fill("annan@example.org")
    sent = len(relay.letters)
    sheet.get_by_role("button", name="Prenumerera").click()
    assert sheet.title().startswith("Titta i din e-post")
    everywhere(sheet, "asked")
    late = link(letter(relay, sent + 1), "/bekrafta/")
    with sqlite3.connect(home / "var" / "budkavle.db") as store:
        store.execute("UPDATE tokens SET expires = '2026-01-01 00:00:00.000000' WHERE purpose = 'confirm'")
    assert sheet.goto(late).status == 410
    everywhere(sheet, "expired")
    sheet.goto(f"{root}/avsluta/{token}")
    sheet.get_by_role("button", name="Avsluta prenumerationen").click()
    everywhere(sheet, "left")
    sheet.goto(data)
    sheet.get_by_role("button", name="Se vad vi vet om dig").click()
    everywhere(sheet, "known")
    sheet.get_by_role("button", name="Radera …", exact=True).click()
    everywhere(sheet, "erase")
    sheet.get_by_role("button", name="Radera").click()
    assert sheet.get_by_role("status").count() == 1
    everywhere(sheet, "erased")
    with sqlite3.connect(home / "var" / "budkavle.db") as store:
        assert "lasare@example.org" not in "".join(store.iterdump())


def everywhere(sheet: Page, what: str) -> None:
    """The page as it stands, on every screen."""
    for width, scheme in VIEWS:
        sheet.set_viewport_size({"width": width, "height": 800})
        sheet.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert faults(f"{what} at {width} px, {scheme}", sheet) == []
        pictured(sheet, f"{what}-{width}-{scheme}")


def visited(browser: Browser, addresses: list[str], what: str) -> None:
    """Every address on every screen, and at twice the size of a small one (WCAG 2.1, 1.4.4 and 1.4.10)."""
    for width, scheme in [*VIEWS, (640, "light"), (320, "dark")]:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        sheet = context.new_page()
        for address in addresses:
            sheet.goto(address)
            assert faults(f"{address}, {what} at {width} px, {scheme}", sheet) == []
            assert too_small(sheet) == []
            name = re.sub(r"http://[^/]+/|/[0-9a-f]{32}|\?.*", "", address).replace("/", "-") or "start"
            if "sprak" not in address and "unknown" not in address:
                pictured(sheet, f"{name}-{width}-{scheme}")
        context.close()


def too_small(sheet: Page) -> list[str]:
    """What can be pressed and is less than 24 px in some direction (WCAG 2.2, 2.5.8), links within sentences aside."""
    pressed = "button, .button, .option, .option input, .field input, .tongue a, .brand a, footer a, .plain a"
    small = """pressed => [...document.querySelectorAll(pressed)].filter(each => {
        const box = each.getBoundingClientRect();
        return box.width < 24 || box.height < 24;
    }).map(each => each.outerHTML)"""
    return list(sheet.evaluate(small, pressed))


def pictured(sheet: Page, name: str) -> None:
    if PICTURES:
        sheet.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
