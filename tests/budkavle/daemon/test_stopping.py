"""The daemon and a relay that takes its time: what goes on meanwhile, and how a stop ends."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import httpx2

from budkavle.config.load import load
from budkavle.installation.wiring import open_service
from digest.editions.slots import PeriodKey
from digest.lifecycle.adapters.by_operator import Wish
from mail.address import Address
from tests.digest.relay import SILENCE, ScriptedRelay
from tests.given import NOW
from tests.installed import ARTICLE, budkavle, changed, free_port, page

QUICK = Path(__file__).parents[3] / "tests/budkavle" / "quick_daemon.py"
READERS = 3
EVENING = """
[[digests]]
name = "kvallsbrev"
title = "Kvällens nyheter"
from = "nyheter@example.org"
every = "day"
time = "18:00"
"""


def prepared(home: Path, relay: ScriptedRelay) -> None:
    """An edition with three letters that is to be sent to this relay over one connection, and a second digest."""
    config = home / "config.toml"
    text = changed(config.read_text(encoding="utf-8"), transport="smtp", listen=f"127.0.0.1:{free_port()}")
    config.write_text(text.replace("port = 25", f"port = {relay.port}\nconnections = 1") + EVENING, encoding="utf-8")
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    with open_service(load(config)) as service:
        for number in range(READERS):
            for digest in ("veckobrev", "kvallsbrev"):
                wish = Wish(address=Address(f"lasare{number}@example.org"), digest=digest)
                service.by_operator.join(wish, service.articles.last_seq(), NOW)
    budkavle("import", folder=home)
    open_edition(home, "veckobrev")


def open_edition(home: Path, name: str) -> None:
    with open_service(load(home / "config.toml")) as service:
        (digest,) = [each for each in service.digests if each.name == name]
        service.planning.open_period(digest, PeriodKey("2026-01-09"), datetime.now(UTC))


@contextmanager
def daemon(home: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """The real daemon in a hurry, its log in `run.log`."""
    with (home / "run.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, QUICK, "config.toml", *words], cwd=home, stdout=subprocess.PIPE, stderr=log
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def stopped(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=30)


def state(home: Path, digest: str) -> dict[str, int]:
    """How the edition's letters add up, and its state as a key."""
    with open_service(load(home / "config.toml")) as service:
        (last,) = [each for each in service.edition_counts.status(digest) if each.edition.key == "2026-01-09"]
    assert last.unexplained == 0
    counts = {str(name): number for name, number in last.counts.items() if number}
    return {**counts, "audience": last.audience, str(last.edition.state): True}


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(300):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError


def test_while_a_relay_is_silent_another_digest_is_planned_pages_are_served_and_feeds_are_rebuilt(home: Path) -> None:
    silent = Event()
    with ScriptedRelay({"dot": [SILENCE]}, at=lambda phase, _: silent.set() if phase == "dot" else None) as relay:
        prepared(home, relay)
        with daemon(home) as process, httpx2.Client(timeout=10) as client:
            assert silent.wait(30)
            listen = load(home / "config.toml").settings.web.listen
            root = f"http://{listen.host}:{listen.port}"
            open_edition(home, "kvallsbrev")
            until(lambda: "planning" not in state(home, "kvallsbrev"))
            assert state(home, "kvallsbrev")["audience"] == READERS
            page(home, "gemensamt/mer.md", ARTICLE.replace("söndagar", "måndagar").replace("/biblioteket/", "/mer/"))
            until(lambda: "måndagar" in client.get(f"{root}/feeds/alla-nyheter.atom").text)
            assert client.get(f"{root}/healthz").text == "ok\n"
            assert state(home, "veckobrev")["claimed"] == READERS
            assert stopped(process) == 0
    assert state(home, "veckobrev") == {"audience": 3, "uncertain": 1, "planned": 2, "sending": True}
    assert "event=stopped" in (home / "run.log").read_text(encoding="utf-8")


def test_a_letter_under_way_is_finished_and_the_rest_is_given_back(home: Path) -> None:
    asked, stopping = Event(), Event()

    def at(phase: str, _: int) -> None:
        if phase == "dot":
            asked.set()
            stopping.wait(30)

    with ScriptedRelay(at=at) as relay:
        prepared(home, relay)
        with daemon(home) as process:
            assert asked.wait(30)
            process.send_signal(signal.SIGTERM)
            until(lambda: "event=stopping" in (home / "run.log").read_text(encoding="utf-8"))
            stopping.set()
            assert process.wait(timeout=30) == 0
    assert state(home, "veckobrev") == {"audience": 3, "sent": 1, "planned": 2, "sending": True}
    assert len(relay.letters) == 1
    assert "event=stopped level=info" in (home / "run.log").read_text(encoding="utf-8")


def test_what_hangs_ends_with_the_process_when_the_time_is_up(home: Path) -> None:
    with daemon(home, "hangs") as process:
        assert process.stdout
        assert process.stdout.readline() == b"planning\n"
        assert stopped(process) == 0
    assert "event=broken_off" in (home / "run.log").read_text(encoding="utf-8")


def test_the_whole_log_of_an_edition_holds_no_address_and_no_token(home: Path) -> None:
    refusal = "550 5.1.1 <lasare0@example.org>: no such mailbox for lasare0@example.org"
    with ScriptedRelay({"rcpt": [refusal], "dot": ["451 4.3.0 lasare1@example.org later"]}) as relay:
        prepared(home, relay)
        with daemon(home) as process:
            until(lambda: state(home, "veckobrev").keys() >= {"failed", "deferred", "sent"})
            assert stopped(process) == 0
            printed = process.stdout.read().decode() if process.stdout else ""
    said = (home / "run.log").read_text(encoding="utf-8") + printed
    with open_service(load(home / "config.toml")) as service:
        tokens = [each.token for each in service.subscribers.all()]
    assert "edition_planned" in said
    assert not [secret for secret in ("@", *tokens) if secret in said]
