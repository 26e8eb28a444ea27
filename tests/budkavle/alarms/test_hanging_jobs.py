"""A job that hangs is named, in `/healthz`, in the store for `status`, and in the log, whichever job it is."""

import fcntl
import json
import threading
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import httpx2
import pytest
from structlog.testing import capture_logs

from budkavle.alarms.alarms import AlarmKind
from budkavle.alarms.heartbeats import SILENT_AFTER, Heartbeat, Heartbeats, heartbeat_alarms
from budkavle.daemon.jobs import SENDING_WITHIN, TIMES, limits
from budkavle.daemon.liveness import Limit, Liveness, Silent
from budkavle.daemon.pulse import Pulse
from storage.database import Database
from tests.budkavle.daemon.test_hangups import answers, events, on_a_free_port, root, until
from tests.budkavle.daemon.test_stopping import daemon, prepared
from tests.digest.relay import SILENCE, ScriptedRelay
from tests.installed import ARTICLE, budkavle, page

NOW = datetime(2026, 1, 9, 8, 0, tzinfo=UTC)


def test_a_job_at_work_and_a_job_at_rest_have_times_of_their_own() -> None:
    seconds = [0.0]
    rounds = Liveness({"news": Limit(at_work=60, at_rest=300)}, lambda: seconds[0])
    seconds[0] = 300
    assert rounds.silent() == []
    seconds[0] = 301
    assert rounds.silent() == [Silent(job="news", seconds=301)]
    rounds.began("news")
    seconds[0] = 361
    assert rounds.silent() == []
    rounds.sign("news")
    seconds[0] = 422
    assert rounds.silent() == [Silent(job="news", seconds=61)]
    rounds.came_round("news")
    seconds[0] = 722
    assert rounds.silent() == []


def test_every_job_of_the_daemon_has_its_time_and_none_waits_a_day_to_be_missed() -> None:
    longest = limits(TIMES, SENDING_WITHIN)
    assert longest.keys() >= {
        "scheduler",
        "news",
        "planning",
        "sending",
        "watch",
        "keeping",
        "bounces",
        "notices",
    }
    assert max(limit.at_work for limit in longest.values()) <= 3600


class Kept:
    """A pulse on a real store, with a clock that the test sets."""

    def __init__(self, database: Database) -> None:
        self.now = NOW
        self.silent: Sequence[Silent] = []
        self.heartbeats = Heartbeats(database)
        self.pulse = Pulse(self.heartbeats, lambda: self.silent, lambda: self.now)


def test_a_job_that_hangs_is_written_down_with_its_last_sign_of_life_until_it_goes_on(database: Database) -> None:
    kept = Kept(database)
    kept.pulse.check()
    assert kept.heartbeats.read() == Heartbeat(seen=NOW, hanging={})
    kept.silent = [Silent(job="news", seconds=700.0)]
    for later in (5, 10):
        kept.now = NOW + timedelta(seconds=later)
        with capture_logs() as log:
            kept.pulse.check()
        assert [line["event"] for line in log] == (["job_hangs"] if later == 5 else [])
        beat = kept.heartbeats.read()
        assert beat is not None
        assert beat.hanging == {"news": NOW + timedelta(seconds=5 - 700)}
    (one,) = heartbeat_alarms(beat, kept.now)
    assert (one.kind, one.about) == (AlarmKind.JOB_HANGS, "news")
    assert "no sign of life since 2026-01-09 07:48 UTC" in one.what
    kept.silent = []
    kept.pulse.check()
    assert kept.heartbeats.read() == Heartbeat(seen=kept.now, hanging={})


def test_a_daemon_writes_each_minute_that_it_lives_and_not_more_often(database: Database) -> None:
    kept = Kept(database)
    seen = []
    for seconds in range(0, 130, 5):
        kept.now = NOW + timedelta(seconds=seconds)
        kept.pulse.check()
        beat = kept.heartbeats.read()
        seen.append(beat.seen if beat else None)
    assert sorted(set(seen)) == [NOW, NOW + timedelta(seconds=60), NOW + timedelta(seconds=120)]  # type: ignore[type-var]


@pytest.mark.parametrize("back", [timedelta(days=1), timedelta(hours=1)])
def test_a_clock_that_is_set_back_does_not_silence_the_daemon(database: Database, back: timedelta) -> None:
    kept = Kept(database)
    kept.pulse.check()
    kept.now = NOW - back
    kept.pulse.check()
    beat = kept.heartbeats.read()
    assert beat is not None
    assert beat.seen == kept.now


def test_a_daemon_that_was_killed_is_missed_and_one_that_stopped_is_not(database: Database) -> None:
    kept = Kept(database)
    kept.pulse.start()
    for _ in range(200):
        if kept.heartbeats.read():
            break
        threading.Event().wait(0.05)
    assert list(heartbeat_alarms(kept.heartbeats.read(), NOW + SILENT_AFTER)) == []
    (one,) = heartbeat_alarms(kept.heartbeats.read(), NOW + SILENT_AFTER + timedelta(seconds=1))
    assert (one.kind, one.about) == (AlarmKind.DAEMON_SILENT, "daemon")
    kept.pulse.stop()
    assert kept.heartbeats.read() is None
    assert list(heartbeat_alarms(None, NOW)) == []


def test_a_store_that_others_hold_does_not_end_the_pulse(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("budkavle.alarms.heartbeats._PATIENCE_SECONDS", 0.05)
    kept = Kept(database)
    with closing(Database(str(database.read.url))) as other, other.write.begin():
        kept.pulse.check()
    assert kept.heartbeats.read() is None
    kept.pulse.check()
    assert kept.heartbeats.read() == Heartbeat(seen=NOW, hanging={})


def alarms(home: Path) -> dict[str, str]:
    told = json.loads(budkavle("status", "--json", folder=home).out)["alarms"]
    return {each["about"]: each["what"] for each in told if each["kind"] == "job_hangs"}


def test_a_job_that_waits_for_ever_for_another_process_is_named_though_the_watch_waits_too_until_it_goes_on(
    home: Path,
) -> None:
    on_a_free_port(home)
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    budkavle("import", folder=home)
    with (home / "var" / "budkavle.db.publisher").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with daemon(home, "impatient"), httpx2.Client(base_url=root(home), timeout=30) as client:
            until(lambda: events(home, "started") == 1)
            until(lambda: "news hangs: no sign of life for" in client.get("/healthz").text)
            answer = client.get("/healthz")
            assert answer.status_code == 503
            assert " UTC" in answer.text
            until(lambda: "news" in alarms(home))
            assert "no sign of life since" in alarms(home)["news"]
            assert budkavle("status", folder=home).code == 1
            fcntl.flock(held, fcntl.LOCK_UN)
            until(lambda: answers(home))
            until(lambda: "news" not in alarms(home))
    assert events(home, "job_hangs") >= 1
    assert events(home, "job_goes_on") >= 1


def test_a_relay_that_never_answers_makes_sending_hang_by_name(home: Path) -> None:
    silent = Event()
    with ScriptedRelay({"dot": [SILENCE]}, at=lambda phase, _: silent.set() if phase == "dot" else None) as relay:
        prepared(home, relay)
        with daemon(home, "impatient"):
            assert silent.wait(90)
            with httpx2.Client(base_url=root(home), timeout=30) as client:
                until(lambda: "sending hangs" in client.get("/healthz").text)
            until(lambda: "sending" in alarms(home))
