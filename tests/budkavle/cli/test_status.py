"""`budkavle status`: the last and the next of everything, with or without a daemon."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from budkavle.alarms.alarms import Alarm, AlarmKind, updated
from budkavle.alarms.store import alarm_store_of
from budkavle.config.load import load
from budkavle.installation.wiring import open_service
from tests.budkavle.daemon.test_daemon import running
from tests.installed import ARTICLE, budkavle, page

KEYS = {
    "articles", "newest_seq", "subscriptions", "sources", "feeds_published", "feeds", "not_ours", "digests", "domains",
    "slowed", "withheld", "alarms", "needs", "relay",
}  # fmt: skip


def test_status_of_an_installation_in_order_exits_with_0(home: Path) -> None:
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    budkavle("subscribers", "add", "lasare@example.org", folder=home)
    budkavle("import", folder=home)
    budkavle("feeds", "build", folder=home)
    budkavle("digest", "send", "veckobrev", "--edition", "2026-01-09", folder=home)
    done = budkavle("status", "--json", folder=home)
    said = json.loads(done.out)
    assert (done.code, said.keys()) == (0, KEYS)
    assert (said["articles"], said["subscriptions"], said["alarms"], said["needs"]) == (1, 1, [], [])
    assert datetime.now(UTC) - datetime.fromisoformat(said["sources"]["gemensamt"]) < timedelta(hours=1)
    assert said["sources"]["barrvik-pages"] is None
    assert datetime.fromisoformat(said["feeds_published"])
    (digest,) = said["digests"]
    assert (digest["name"], digest["edition"], digest["state"]) == ("veckobrev", "2026-01-09", "finished")
    assert (digest["sent"], digest["audience"]) == (1, 1)
    assert datetime.fromisoformat(digest["due"]) > datetime.now(UTC)
    told = budkavle("status", folder=home).out
    assert "last edition 2026-01-09 finished, 1 of 1 sent" in told


def test_status_sees_for_itself_what_is_wrong_and_exits_with_1(home: Path) -> None:
    budkavle("import", folder=home)
    (home / "newsroom" / "barrvik").rmdir()
    done = budkavle("status", "--json", folder=home)
    (alarm,) = json.loads(done.out)["alarms"]
    assert (done.code, alarm["kind"], alarm["about"], alarm["since"]) == (1, "source_failed", "barrvik-pages", None)
    (home / "newsroom" / "barrvik").mkdir()
    assert budkavle("status", folder=home).code == 0


def test_status_recalls_what_only_the_daemon_could_see_and_since_when(home: Path) -> None:
    seen = Alarm(kind=AlarmKind.FEED_FAILED, about="feed alla-nyheter", what="not published: why; mend it")
    since = datetime(2026, 1, 9, 8, 0, tzinfo=UTC)
    with open_service(load(home / "config.toml")) as service:
        alarm_store_of(service).write_changes({}, updated({}, [seen], since), since)
    done = budkavle("status", folder=home)
    assert done.code == 1
    assert "needs a person: feed_failed feed alla-nyheter, since 2026-01-09 09:00\n    not published: why" in done.out


def test_a_running_daemon_raises_the_alarm_mails_it_and_status_knows_since_when(home: Path) -> None:
    (home / "newsroom" / "barrvik").rmdir()
    page(home, "gemensamt/a.md", b"\0")
    with running(home):
        new = home / "var" / "outbox" / "new"
        for _ in range(300):
            if new.exists() and list(new.iterdir()):
                break
            time.sleep(0.1)
        alarms = json.loads(budkavle("status", "--json", folder=home).out)["alarms"]
    assert {each["kind"] for each in alarms} == {"source_failed", "input_refused"}
    assert all(each["since"] for each in alarms)
    assert len(list(new.iterdir())) == 1
