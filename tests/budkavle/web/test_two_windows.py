"""The pages of a subscriber as people use them: in two windows, with the reload button, with a slash at the end."""

import asyncio
import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from tests.budkavle.asking import Site, site
from tests.budkavle.web.subscriber.test_pages import AT_ONCE, URLENCODED

MONTHLY = """
[[digests]]
name = "manadsbrev"
title = "Månadens nyheter"
from = "nyheter@example.org"
every = "month"
monthday = 1
time = "08:00"
"""


@pytest.fixture
def pages(home: Path) -> Iterator[Site]:
    with site(home, AT_ONCE + MONTHLY) as opened:
        yield opened


def joined(pages: Site, *digests: str) -> list[str]:
    """The paths of the choices of somebody who has joined."""
    form = [*pages.form().items(), *(("digest", each) for each in digests)]
    pages.post("/prenumerera", form)
    done = pages.press(f"/bekrafta/{pages.token(datetime.now(UTC))}")
    return re.findall(r"/mina-val/\w{32}", done.text)


def saved(pages: Site) -> list[tuple[object, object]]:
    return [(row["topics"], row["state"]) for row in pages.subscriptions()]


def hidden(text: str, change: str) -> dict[str, str]:
    """What the form of this change carries."""
    (form,) = (each for each in re.findall(r"<form.*?</form>", text, re.DOTALL) if f'value="{change}"' in each)
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))


def test_the_second_of_two_windows_undoes_nothing_unseen(pages: Site) -> None:
    (path,) = joined(pages)
    first, second = (hidden(pages.get(path).text, "choices") for _ in range(2))
    assert pages.post(path, {**first, "topic": "skola", "language": "sv"}).status_code == 200
    answer = pages.post(path, {**second, "topic": "kultur", "language": "sv"})
    assert (answer.status_code, saved(pages)) == (422, [("skola", "active")])
    assert "ändrats i ett annat fönster" in answer.text
    assert "Om Skola och utbildning." in answer.text
    assert re.findall(r'name="topic" value="(\w+)"[^>]* checked', answer.text) == ["kultur"]
    again = {**hidden(answer.text, "choices"), "topic": "kultur", "language": "sv"}
    assert "Dina val är sparade" in pages.post(path, again).text
    assert saved(pages) == [("kultur", "active")]


@pytest.mark.parametrize("change", ["pause", "digest"])
def test_a_window_that_shows_what_is_no_more_changes_nothing(pages: Site, change: str) -> None:
    (path,) = joined(pages)
    old = pages.get(path).text
    pages.post(path, {**hidden(old, "choices"), "topic": "skola", "language": "sv"})
    until = str((datetime.now(UTC) + timedelta(days=9)).date())
    answer = pages.post(path, {**hidden(old, change), "until": until, "digest": "manadsbrev"})
    assert (answer.status_code, saved(pages)) == (422, [("skola", "active")])
    assert "ändrats i ett annat fönster" in answer.text


def test_saving_the_same_in_two_windows_is_no_quarrel(pages: Site) -> None:
    (path,) = joined(pages)
    first, second = (hidden(pages.get(path).text, "choices") for _ in range(2))
    for form in (first, second):
        assert "Dina val är sparade" in pages.post(path, {**form, "topic": "skola", "language": "sv"}).text


def answered(pages: Site, path: str, form: dict[str, str]) -> httpx2.Response:
    """The answer to a POST itself, not what it leads to."""
    transport = httpx2.ASGITransport(app=pages.app, client=("203.0.113.9", 1))

    async def ask() -> httpx2.Response:
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as client:
            return await client.post(path, data=form, headers=URLENCODED)

    return asyncio.run(ask())


def test_what_was_done_is_shown_by_a_redirect_without_token_or_host(pages: Site) -> None:
    leads = {
        "/prenumerera": answered(pages, "/prenumerera", pages.form()),
        "/mina-uppgifter": answered(pages, "/mina-uppgifter", pages.form("/mina-uppgifter", address="a@b.test")),
    }
    (path,) = joined(pages)
    leads[path] = answered(pages, path, {**hidden(pages.get(path).text, "choices"), "language": "sv"})
    for where, answer in leads.items():
        assert answer.status_code == 303
        assert re.fullmatch(r"\?klart=\w+", answer.headers["location"]), where
        assert answer.headers["cache-control"] == "no-store"
        for _ in range(2):
            shown = pages.get(f"{where}{answer.headers['location']}")
            assert shown.status_code == 200
            assert 'role="status"' in shown.text
    assert [row["kind"] for row in pages.letters()].count("my_data") == 1, "loading the page anew sends nothing"


def test_leaving_is_one_post_that_is_answered_at_once(pages: Site) -> None:
    (path,) = joined(pages)
    assert answered(pages, path.replace("mina-val", "avsluta"), {"List-Unsubscribe": "One-Click"}).status_code == 200


@pytest.mark.parametrize("path", ["/prenumerera", "/mina-uppgifter", "/utgavor/veckobrev", "/tillganglighet"])
def test_a_slash_at_the_end_of_a_page_is_no_other_page(pages: Site, path: str) -> None:
    plain, slash = pages.get(path), pages.get(f"{path}/")
    assert (slash.status_code, slash.history) == (plain.status_code, [])
    assert re.sub(r'name="stamp" value="[^"]*"', "", slash.text) == re.sub(
        r'name="stamp" value="[^"]*"', "", plain.text
    )


def test_links_of_letters_work_with_a_slash_at_their_end(pages: Site) -> None:
    (path,) = joined(pages)
    assert pages.get(f"{path}/").status_code == 200
    assert "avslutad" in pages.post(path.replace("mina-val", "avsluta") + "/").text
    assert saved(pages)[0][1] == "ended"


def test_browsers_find_an_icon_and_crawlers_what_is_not_for_them(pages: Site) -> None:
    icon = pages.get("/favicon.ico")
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/x-icon")
    *head, size, offset = struct.unpack("<HHHBBBBHHII", icon.content[:22])
    assert head[:3] == [0, 1, 1]
    assert icon.content[offset : offset + 8] == b"\x89PNG\r\n\x1a\n"
    assert len(icon.content) == offset + size
    robots = pages.get("/robots.txt")
    assert robots.headers["content-type"].startswith("text/plain")
    assert "Disallow: /mina-val/\n" in robots.text
    assert "Disallow: /\n" not in robots.text


def test_who_chooses_english_is_told_in_english_which_letters_come_in_swedish(pages: Site) -> None:
    (path,) = joined(pages)
    for page in (pages.get("/prenumerera").text, pages.get(path).text):
        (english,) = re.findall(r'<label class="option"><input[^>]*value="en".*?</label>', page)
        assert 'lang="en"' in english
        assert "The newsletters themselves come in Swedish." in english
        (swedish,) = re.findall(r'<label class="option"><input[^>]*value="sv".*?</label>', page)
        assert "about" not in swedish


def test_the_page_behind_a_letter_shows_all_newsletters_and_ends_them_all(pages: Site) -> None:
    assert len(joined(pages, "manadsbrev")) == 2
    pages.post("/mina-uppgifter", pages.form("/mina-uppgifter", address="lasare@example.org"))
    path = f"/mina-uppgifter/{pages.token(datetime.now(UTC))}"
    shown = pages.post(path, {"change": "open"}).text
    (visit,) = set(re.findall(r'name="visit" value="(\w{32})"', shown))
    tokens = {str(row["token"]) for row in pages.subscriptions()}
    assert set(re.findall(r"/mina-val/(\w{32})", shown)) == set(re.findall(r"/avsluta/(\w{32})", shown)) == tokens
    assert pages.post(path, {"change": "end all", "visit": "0" * 32}).status_code == 404
    assert {state for _, state in saved(pages)} == {"active"}
    over = pages.post(path, {"change": "end all", "visit": visit}).text
    assert "Alla dina nyhetsbrev är avslutade" in over
    assert "Avsluta alla nyhetsbrev" not in over
    assert {state for _, state in saved(pages)} == {"ended"}
