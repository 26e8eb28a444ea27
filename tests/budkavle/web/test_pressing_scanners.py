"""Programs that open the links of a letter and press what is there: they confirm nothing, and people feel nothing."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from tests.budkavle.asking import Site, site

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def pages(home: Path) -> Iterator[Site]:
    with time_machine.travel(NOW, tick=False), site(home) as opened:
        yield opened


def later(seconds: float) -> time_machine.travel:
    return time_machine.travel(NOW + timedelta(seconds=seconds), tick=False)


def asked(pages: Site) -> str:
    form = pages.form()
    with later(5):
        pages.post("/prenumerera", form)
        return f"/bekrafta/{pages.token(datetime.now(UTC))}"


def states(pages: Site) -> list[object]:
    return [row["state"] for row in pages.subscriptions()]


def test_who_reads_the_page_and_presses_the_button_confirms(pages: Site) -> None:
    path = asked(pages)
    form = pages.form(path)
    with later(6.1):
        assert "Nu prenumererar du" in pages.post(path, form).text
    assert states(pages) == ["active"]


@pytest.mark.parametrize(
    ("seconds", "change"),
    [
        (0, {}),
        (0.5, {}),
        (30, {"webbplats": "1"}),
        (30, {"stamp": ""}),
        (30, {"stamp": "1700000000.00000000000000000000000000000000"}),
        (30, {"stamp": "x.y", "List-Unsubscribe": "One-Click"}),
        (90_000, {}),
    ],
)
def test_what_presses_at_once_or_the_wrong_button_or_without_looking_confirms_nothing(
    pages: Site, seconds: float, change: dict[str, str]
) -> None:
    path = asked(pages)
    form = pages.form(path)
    with later(seconds):
        answer = pages.post(path, {**form, **change})
        assert (answer.status_code, states(pages)) == (422, ["pending"])
        assert "Tryck på knappen en gång till" in answer.text
    with later(seconds + 2):
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', answer.text))
        assert "Nu prenumererar du" in pages.post(path, form).text, "a person who was taken for a program"


def test_the_buttons_for_programs_come_first_and_last_and_no_person_reaches_them(pages: Site) -> None:
    page = pages.get(asked(pages)).text
    buttons = re.findall(r"<button[^>]*>", page)
    assert ['name="webbplats"' in each for each in buttons] == [True, False, True]
    hidden = re.findall(r'<div class="unseen" aria-hidden="true">(<button[^>]*tabindex="-1"[^>]*>)', page)
    assert len(hidden) == 2
