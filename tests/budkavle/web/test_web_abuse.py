"""Pages that are asked by programs and by the ten thousand: what they cause stays small, and people still join."""

import asyncio
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import structlog
import time_machine
from starlette.types import Message

from budkavle.alarms.detect import detect
from tests.budkavle.asking import Site, site

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
# docs/pages.md says what 10 000 of each do; a quiet machine takes half a minute for them.
MANY = int(os.environ.get("POSTS", "1500"))


@pytest.fixture
def pages(home: Path) -> Iterator[Site]:
    with time_machine.travel(NOW, tick=False), site(home) as opened:
        yield opened


def later(seconds: float) -> time_machine.travel:
    return time_machine.travel(NOW + timedelta(seconds=seconds), tick=False)


def flood(pages: Site, form: dict[str, str], posts: list[tuple[str, str]]) -> None:
    """Posts by address and host, one after the other, with nothing between them and the application."""
    headers = [(b"host", b"127.0.0.1:8090"), (b"content-type", b"application/x-www-form-urlencoded")]
    scope = {"type": "http", "method": "POST", "path": "/prenumerera", "query_string": b"", "headers": headers}

    async def post(address: str, host: str) -> None:
        sent: list[Message] = []
        body = urlencode({**form, "address": address}).encode()

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await pages.app({**scope, "client": (host, 1)}, receive, send)
        assert sent[0]["status"] == 303
        assert (b"location", b"?klart=join") in sent[0]["headers"]

    async def all_of_them() -> None:
        for address, host in posts:
            await post(address, host)

    with structlog.testing.capture_logs():
        asyncio.run(all_of_them())


@pytest.mark.parametrize(
    ("posts", "letters", "about"),
    [
        ([(f"a{i}@d{i}.test", f"192.0.2.{i % 256}") for i in range(MANY)], 10, "network"),
        ([(f"a{i}@d{i}.test", f"2001:db8:1:{i:x}::1") for i in range(MANY)], 100, "network"),
        ([(f"a{i}@liten.test", f"10.{i // 256}.{i % 256}.1") for i in range(MANY)], 100, "liten.test"),
    ],
)
def test_ten_thousand_posts_cause_few_letters_and_another_person_joins_meanwhile(
    pages: Site, posts: list[tuple[str, str]], letters: int, about: str
) -> None:
    form = pages.form()
    with later(5):
        flood(pages, form, posts[: MANY // 2])
        flood(pages, form, [("annan@example.org", "198.51.100.7")])
        flood(pages, form, posts[MANY // 2 :])
        assert len(pages.letters()) == letters + 1
        now = datetime.now(UTC)
        assert [str(row["next_at"]) for row in pages.letters()] == [f"{now:%Y-%m-%d %H:%M:%S.%f}"] * (letters + 1)
        (alarm,) = [each for each in detect(pages.service, now) if each.kind == "form_flooded"]
    assert about in alarm.about
    assert str(MANY - letters) in alarm.what


def test_somebody_elses_address_cannot_be_bombed(pages: Site) -> None:
    form = pages.form()
    for minute in range(0, 180, 3):
        with later(60 * minute + 5):
            flood(pages, form, [("lasare@example.org", f"10.0.{minute}.1")])
    assert len(pages.letters()) == 3
    with later(60 * 179):
        (alarm,) = [each for each in detect(pages.service, datetime.now(UTC)) if each.kind == "form_flooded"]
    assert alarm.what.startswith("57 letters to one address")


def test_who_was_bombed_by_the_form_is_still_sent_the_link_to_their_data(pages: Site) -> None:
    for day in range(7):
        with later(86_000 * day):
            form, own = pages.form(), pages.form("/mina-uppgifter", address="lasare@example.org")
        with later(86_000 * day + 5):
            flood(pages, form, [("lasare@example.org", f"10.0.{day}.1")])
    assert [row["kind"] for row in pages.letters()] == ["confirm"] * 5
    with later(86_000 * 6 + 5):
        assert pages.post("/mina-uppgifter", own).status_code == 200
    assert [row["kind"] for row in pages.letters()][5:] == ["my_data"]


def test_a_form_that_nobody_can_have_filled_in_so_fast_is_shown_again(pages: Site) -> None:
    form = pages.form()
    with later(1):
        answer = pages.post("/prenumerera", form)
        assert (answer.status_code, pages.letters()) == (422, [])
        assert "Det gick väldigt fort" in answer.text
        assert 'value="lasare@example.org"' in answer.text
    with later(2):
        assert pages.post("/prenumerera", form).status_code == 200
    assert len(pages.letters()) == 1


def test_a_form_is_good_for_a_day_and_over_a_restart(pages: Site, home: Path) -> None:
    form = pages.form()
    with later(86_400), site(home) as again:
        assert again.post("/prenumerera", form).status_code == 200
    with later(86_402):
        answer = pages.post("/prenumerera", form)
        assert "mer än ett dygn" in answer.text
        new = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', answer.text))
    with later(86_410):
        assert pages.post("/prenumerera", {**form, **new, "address": "b@b.test"}).status_code == 200


@pytest.mark.parametrize(
    "change", [{"webbplats": "https://spam.test/"}, {"stamp": ""}, {"stamp": "1.0"}, {"stamp": "x"}]
)
def test_what_only_programs_send_causes_no_letter(pages: Site, change: dict[str, str]) -> None:
    form = pages.form()
    with later(10):
        for path in ("/prenumerera", "/mina-uppgifter"):
            assert pages.post(path, {**form, **change}).status_code == 422
        forged = f"{int((NOW - timedelta(hours=1)).timestamp())}{form['stamp'][10:]}"
        assert pages.post("/prenumerera", {**form, "stamp": forged}).status_code == 422
    assert pages.letters() == []


def test_the_trap_is_neither_seen_nor_heard_nor_reached_by_keyboard(pages: Site) -> None:
    (trap,) = re.findall(r"<div [^>]*>(?:(?!</div>).)*webbplats.*?</div>", pages.get("/prenumerera").text)
    for part in ('class="unseen"', 'aria-hidden="true"', 'tabindex="-1"', 'autocomplete="off"'):
        assert part in trap


def test_letters_beyond_what_may_go_in_all_go_later_and_an_alarm_says_so(home: Path) -> None:
    few = "[limits]\nnetwork = 1\ndomain = 2\nlarge_domain = 2\noverall = 5\n"  # three for newcomers
    with time_machine.travel(NOW, tick=False), site(home, few) as pages:
        form = pages.form()
        with later(5):
            flood(pages, form, [(f"a{i}@d{i}.test", f"10.0.{i}.1") for i in range(7)])
            hours = [int(str(row["next_at"])[11:13]) for row in pages.letters()]
            assert hours == [12, 12, 12, 13, 13, 13, 14]
            (alarm,) = [each for each in detect(pages.service, datetime.now(UTC)) if each.kind == "form_flooded"]
            assert "they go in later hours" in alarm.what
