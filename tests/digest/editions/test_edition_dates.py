"""Editions on a wrong date, and the commands that undo them, as an operator types them."""

import json
import os
import pty
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from budkavle.alarms.alarms import AlarmKind
from budkavle.alarms.detect import detect
from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from digest.editions.slots import PeriodKey
from mail.address import Address
from storage.store import SENDER
from storage.store_file import StoreFile
from tests.digest.relay import join, newsroom, publish
from tests.given import NOW, plan_period
from tests.installed import ARTICLE, COMMAND, Outcome, budkavle, page

FAR = f"{date.today() + timedelta(days=400)}"  # noqa: DTZ011 - as an operator mistypes it
TODAY = f"{date.today()}"  # noqa: DTZ011 - as above
WEEK = timedelta(days=7)


def at_a_terminal(answer: str, *words: str, folder: Path) -> int:
    """Run the command where a person sits, who answers once; its exit code."""
    mine, its = pty.openpty()
    try:
        with subprocess.Popen([COMMAND, *words], cwd=folder, stdin=its, stdout=its, stderr=its) as process:
            os.write(mine, f"{answer}\n".encode())
            return process.wait(timeout=120)
    finally:
        os.close(mine)
        os.close(its)


def state(home: Path) -> dict[str, object]:
    lines = budkavle("digest", "status", "veckobrev", "--json", folder=home).out.splitlines()
    record: dict[str, object] = json.loads(lines[-1]) if lines else {}
    return record


def subscribed(home: Path) -> Outcome:
    done = budkavle("subscribers", "add", "lasare@example.org", folder=home)
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    budkavle("import", folder=home)
    return done


def late(service: Service, now: datetime) -> list[str]:
    """What is said of slots without an edition."""
    found = [one.what for one in detect(service, now) if one.kind is AlarmKind.EDITION_LATE]
    return [what for what in found if "never planned" in what]


def test_a_date_far_ahead_is_asked_about_and_a_no_makes_nothing(home: Path) -> None:
    subscribed(home)
    assert at_a_terminal("n", "digest", "send", "veckobrev", "--edition", FAR, folder=home) == 1
    assert state(home) == {}
    assert at_a_terminal("y", "digest", "send", "veckobrev", "--edition", FAR, folder=home) == 0
    assert (state(home)["edition"], state(home)["sent"]) == (FAR, 1)


def test_what_was_sent_under_a_wrong_date_is_cancelled_and_its_date_lets_go(home: Path) -> None:
    subscribed(home)
    budkavle("digest", "send", "veckobrev", "--edition", FAR, "--yes", folder=home)
    refused = budkavle("digest", "take-back", "veckobrev", folder=home)
    assert (refused.code, f"cancel veckobrev --edition {FAR}" in refused.err) == (2, True)
    assert at_a_terminal("n", "digest", "cancel", "veckobrev", folder=home) == 1
    done = budkavle("digest", "cancel", "veckobrev", "--edition", FAR, folder=home)
    assert (done.code, "the next edition of veckobrev is" in done.out) == (0, True)
    again = budkavle("digest", "send", "veckobrev", "--edition", TODAY, folder=home)
    assert again.code == 0
    assert (state(home)["edition"], state(home)["skipped"]) == (TODAY, 1)


def test_an_edition_of_which_nothing_went_out_is_taken_back(home: Path) -> None:
    subscribed(home)
    with open_service(load(home / "config.toml")) as service:
        plan_period(service, service.digests[0], PeriodKey(FAR), datetime.now(UTC))
    done = budkavle("digest", "take-back", "veckobrev", folder=home)
    assert (
        done.code,
        f"veckobrev {FAR} is taken back" in done.out,
        "taken back" in budkavle("digest", "status", folder=home).out,
    ) == (
        0,
        True,
        True,
    )
    assert state(home) == {}
    assert budkavle("digest", "send", "veckobrev", "--edition", TODAY, folder=home).code == 0
    assert state(home)["sent"] == 1


def test_a_finished_edition_of_the_past_has_nothing_left_to_cancel(home: Path) -> None:
    budkavle("import", folder=home)
    budkavle("digest", "send", "veckobrev", "--edition", "2026-01-09", folder=home)
    assert budkavle("digest", "cancel", "veckobrev", folder=home).code == 2


def test_a_pause_while_it_is_planned_is_resumed_by_sending(home: Path) -> None:
    subscribed(home)
    with open_service(load(home / "config.toml")) as service:
        service.planning.open_period(service.digests[0], PeriodKey(TODAY), datetime.now(UTC))
    assert budkavle("digest", "pause", "veckobrev", folder=home).code == 0
    assert state(home)["state"] == "paused"
    assert budkavle("digest", "resume", "veckobrev", folder=home).code == 0
    assert state(home)["state"] == "planning"
    budkavle("digest", "pause", "veckobrev", folder=home)
    assert budkavle("digest", "send", "veckobrev", folder=home).code == 0
    assert (state(home)["state"], state(home)["sent"]) == ("finished", 1)


def test_digest_send_beside_another_sender_waits_for_the_plan(home: Path) -> None:
    subscribed(home)
    config = load(home / "config.toml")
    words = [COMMAND, "digest", "send", "veckobrev", "--edition", TODAY, "--json"]
    with open_service(config) as service, StoreFile(config.store_path).lock(SENDER):
        with subprocess.Popen(words, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            digest, planned = service.digests[0], None
            while planned is None or not planned.is_planned:
                assert process.poll() is None
                planned = service.planning.plan_due(digest, datetime.now(UTC))
            out, err = process.communicate(timeout=120)
        assert (process.returncode, json.loads(out)["planned"]) == (75, 1)
        assert "budkavle digest status veckobrev" in err


def test_an_edition_far_ahead_is_an_alarm_once_a_slot_has_passed_and_until_it_is_undone(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        (digest,) = service.digests
        service.editions.first_seen("veckobrev", NOW - WEEK)
        service.planning.plan_due(digest, NOW)
        far = plan_period(service, digest, PeriodKey("2027-03-06"), NOW + timedelta(days=1))
        assert late(service, NOW + timedelta(days=1)) == []
        assert service.planning.plan_due(digest, NOW + WEEK) is None
        (what,) = late(service, NOW + WEEK)
        assert "take-back veckobrev --edition 2027-03-06" in what
        assert service.edition_control.cancel(far, NOW + WEEK)
        made = service.planning.plan_due(digest, NOW + WEEK + timedelta(minutes=1))
        assert made
        assert (made.key, late(service, NOW + WEEK + timedelta(hours=1))) == ("2026-01-16", [])
        newest = service.editions.newest("veckobrev")
        assert newest
        assert newest.key == "2026-01-16"


def test_a_clock_that_was_ahead_when_a_digest_was_first_seen_silences_nothing(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        (digest,) = service.digests
        service.editions.first_seen("veckobrev", NOW + 52 * WEEK)
        assert service.planning.plan_due(digest, NOW - WEEK / 2) is None
        made = service.planning.plan_due(digest, NOW)
        assert made
        assert made.key == "2026-01-09"


@pytest.mark.parametrize("days", [400, 3])
def test_a_clock_that_was_ahead_when_an_edition_was_made_is_told_when_the_next_slot_passes(
    days: int, tmp_path: Path
) -> None:
    with newsroom(tmp_path) as service:
        (digest,) = service.digests
        service.editions.first_seen("veckobrev", NOW - WEEK)
        ahead = service.planning.plan_due(digest, NOW + timedelta(days=days))
        assert ahead
        told = late(service, NOW + timedelta(hours=1))
        assert bool(told) is (days == 400)  # three days ahead it is the edition of this very slot


def test_a_preview_before_the_first_edition_says_who_gets_nothing_and_why(home: Path) -> None:
    with open_service(load(home / "config.toml")) as service:
        join(service, "tidig@example.org")
        join(service, "bil@example.org", "ekonomi")
        publish(service, "Nyhet", "vard")
        join(service, "sen@example.org")
        join(service, "borta@example.org")
        service.by_operator.pause(Address("borta@example.org"), "veckobrev", NOW)
    said = budkavle("digest", "preview", "veckobrev", folder=home).err
    assert "has had no edition; the first is" in said
    assert "1 of 3 active subscriptions would get nothing: they begin after" in said
    assert "1 of 3 active subscriptions would get nothing: they chose topics" in said
    assert "1 subscription is paused" in said
    paused = budkavle("digest", "preview", "veckobrev", "--as", "borta@example.org", folder=home)
    assert "this subscription is paused: no letter goes to it" in paused.err


def test_a_preview_for_nobody_says_so_and_one_after_an_edition_says_nothing(home: Path) -> None:
    budkavle("import", folder=home)
    assert "nobody would get a letter" in budkavle("digest", "preview", "veckobrev", folder=home).err
    budkavle("digest", "send", "veckobrev", "--edition", "2026-01-09", folder=home)
    assert budkavle("digest", "preview", "veckobrev", folder=home).err == ""


def test_a_preview_records_nothing(home: Path) -> None:
    budkavle("digest", "preview", "veckobrev", folder=home)
    with open_service(load(home / "config.toml")) as service:
        assert service.editions.known_since("veckobrev") is None
