"""SIGHUP to a real daemon: new configuration is checked, what is under way is finished, the process stays the same."""

import contextlib
import fcntl
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import httpx2
import pytest

from budkavle.config.load import load
from storage.store import SENDER, LockHeldError
from storage.store_file import StoreFile
from tests.budkavle.daemon.test_stopping import READERS, daemon, prepared, state
from tests.digest.relay import SILENCE, ScriptedRelay
from tests.installed import COMMAND, budkavle, changed, free_port


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something; a machine that has much to do may need a while to start a process anew."""
    for _ in range(1200):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError


def log(home: Path) -> str:
    return (home / "run.log").read_text(encoding="utf-8")


def events(home: Path, event: str) -> int:
    return len(re.findall(rf"\bevent={event}\b", log(home)))


def root(home: Path) -> str:
    listen = load(home / "config.toml").settings.web.listen
    return f"http://{listen.host}:{listen.port}"


def edit(home: Path, change: Callable[[str], str]) -> None:
    path = home / "config.toml"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def on_a_free_port(home: Path) -> None:
    edit(home, lambda text: changed(text, listen=f"127.0.0.1:{free_port()}"))


def is_locked(home: Path) -> bool:
    try:
        with StoreFile(home / "var" / "budkavle.db").lock(SENDER):
            return False
    except LockHeldError:
        return True


def is_not_refused(home: Path) -> bool:
    """Whether somebody listens: a connection that is kept may be ended, as any server ends it, and never refused."""
    with contextlib.suppress(httpx2.RemoteProtocolError, httpx2.ReadError):
        return httpx2.get(f"{root(home)}/healthz", timeout=120).status_code in {200, 503}
    return True


def test_new_configuration_is_read_by_the_same_process_and_no_connection_is_refused(home: Path) -> None:
    on_a_free_port(home)
    with daemon(home) as process, httpx2.Client(base_url=root(home), timeout=30) as client:
        until(lambda: events(home, "started") == 1)
        edit(home, lambda text: text.replace('title = "Alla nyheter"', 'title = "Allt som händer"'))
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGHUP)
        while events(home, "started") == 1:
            assert is_not_refused(home)
            assert is_locked(home)
        until(lambda: "Allt som händer" in client.get("/").text)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=90) == 0
    assert "Traceback" not in log(home)


def test_a_letter_under_way_is_finished_and_the_others_go_out_after_the_start_anew_each_once(home: Path) -> None:
    asked, goes_on = Event(), Event()

    def at(phase: str, _: int) -> None:
        if phase == "dot" and not asked.is_set():
            asked.set()
            goes_on.wait(90)

    with ScriptedRelay(at=at) as relay:
        prepared(home, relay)
        with daemon(home) as process:
            assert asked.wait(90)
            process.send_signal(signal.SIGHUP)
            until(lambda: events(home, "stopping") == 1)
            goes_on.set()
            until(lambda: "finished" in state(home, "veckobrev"))
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=90) == 0
        assert len(relay.letters) == len({each.recipient for each in relay.letters}) == READERS
    assert state(home, "veckobrev") == {"audience": 3, "sent": 3, "finished": True}
    assert events(home, "started") == 2


def test_faulty_configuration_is_told_whole_and_the_daemon_goes_on(home: Path) -> None:
    on_a_free_port(home)
    with daemon(home) as process, httpx2.Client(base_url=root(home), timeout=30) as client:
        until(lambda: events(home, "started") == 1)
        good = (home / "config.toml").read_text(encoding="utf-8")
        for number, (fault, bad) in enumerate(
            {
                "langage": good.replace("\nlanguage", "\nlangage").replace("\ntimezone", "\ntimezon"),
                "is no TOML": good + "\n[[[",
                "is not there": good.replace("var/budkavle.db", "var/another.db"),
            }.items(),
            start=1,
        ):
            edit(home, lambda _, bad=bad: bad)
            process.send_signal(signal.SIGHUP)
            until(lambda number=number: events(home, "goes_on_as_before") == number)
            assert fault in log(home)
            assert client.get("/healthz").text == "ok\n"
        assert "timezon:" in log(home)
        edit(home, lambda _: good)
        template = home / "templates" / "letters" / "edition.txt"
        template.parent.mkdir(parents=True)
        template.write_text("{{ masthead.titel }}", encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        until(lambda: f"{template}:1: " in log(home))
        template.unlink()
        (home / "config.toml").unlink()
        process.send_signal(signal.SIGHUP)
        until(lambda: "there is no such file" in log(home))
        assert events(home, "started") == 1
        (home / "config.toml").write_text(good, encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        until(lambda: events(home, "started") == 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=90) == 0


def test_a_new_address_is_taken_before_the_old_one_is_given_up(home: Path) -> None:
    on_a_free_port(home)
    with daemon(home) as process, socket.socket() as taken:
        until(lambda: events(home, "started") == 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        edit(home, lambda text: changed(text, listen=f"127.0.0.1:{taken.getsockname()[1]}"))
        process.send_signal(signal.SIGHUP)
        until(lambda: "stop the other program, or choose another port" in log(home))
        on_a_free_port(home)
        process.send_signal(signal.SIGHUP)
        until(lambda: events(home, "started") == 2)
        assert httpx2.get(f"{root(home)}/healthz", timeout=30).status_code == 200


def test_a_stop_that_comes_during_the_start_anew_is_a_stop(home: Path) -> None:
    asked = Event()
    with ScriptedRelay({"dot": [SILENCE]}, at=lambda phase, _: asked.set() if phase == "dot" else None) as relay:
        prepared(home, relay)
        with daemon(home) as process:
            assert asked.wait(90)
            process.send_signal(signal.SIGHUP)
            until(lambda: events(home, "stopping") == 1)
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=90) == 0
    assert events(home, "started") == 1


def test_what_hangs_does_not_keep_the_daemon_from_starting_anew(home: Path) -> None:
    on_a_free_port(home)
    with daemon(home, "hangs") as process:
        until(lambda: events(home, "started") == 1)
        process.send_signal(signal.SIGHUP)
        until(lambda: events(home, "started") == 2)
        assert process.poll() is None
    assert events(home, "broken_off") == 1


def test_a_signal_while_it_starts_does_not_end_it(home: Path) -> None:
    on_a_free_port(home)
    with (home / "run.log").open("wb") as file:
        process = subprocess.Popen([COMMAND, "run"], cwd=home, stderr=file)
    try:
        until(lambda: hears_hangups(process.pid))
        while not events(home, "started"):
            process.send_signal(signal.SIGHUP)
            time.sleep(0.02)
        until(lambda: answers(home))
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=90) == 0
    finally:
        process.kill()
        process.wait()


def hears_hangups(pid: int) -> bool:
    (caught,) = re.findall(r"^SigCgt:\s+(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return bool(int(caught, 16) & 1 << (signal.SIGHUP - 1))


def answers(home: Path) -> bool:
    try:
        return httpx2.get(f"{root(home)}/healthz", timeout=30).status_code == 200
    except httpx2.TransportError:
        return False


def test_systemd_hears_that_it_reloads_and_is_ready_again(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_a_free_port(home)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        def heard(beginning: str) -> str:
            while not (said := manager.recv(4096).decode()).startswith(beginning):
                assert not said.startswith("STOPPING")
            return said

        with daemon(home) as process:
            heard("READY=1")
            edit(home, lambda text: text.replace("\nlanguage", "\nlangage"))
            process.send_signal(signal.SIGHUP)
            assert "MONOTONIC_USEC=" in heard("RELOADING=1")
            assert "faults; see the log" in heard("READY=1")
            edit(home, lambda text: text.replace("\nlangage", "\nlanguage"))
            process.send_signal(signal.SIGHUP)
            heard("RELOADING=1")
            assert "STATUS=Serving" in heard("READY=1")


def in_a_terminal(*words: str | Path, home: Path) -> tuple[int, int]:
    """Start a command as the first one in a terminal of its own; gives its process and the terminal's other end."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(home)
        os.execv(words[0], [str(word) for word in words])  # noqa: S606 - the command itself
    return child, terminal


def ended(child: int) -> int:
    for _ in range(900):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    raise AssertionError


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_daemon_whose_terminal_is_closed_stops_in_good_order(home: Path) -> None:
    on_a_free_port(home)
    child, terminal = in_a_terminal(COMMAND, "run", home=home)
    until(lambda: answers(home))
    os.close(terminal)
    assert ended(child) == 0
    assert not is_locked(home)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_an_edition_whose_terminal_is_closed_finishes_the_letter_under_way(home: Path) -> None:
    asked, goes_on = Event(), Event()

    def at(phase: str, _: int) -> None:
        if phase == "dot" and not asked.is_set():
            asked.set()
            goes_on.wait(90)

    with ScriptedRelay(at=at) as relay:
        prepared(home, relay)
        child, terminal = in_a_terminal(COMMAND, "digest", "send", "veckobrev", home=home)
        assert asked.wait(90)
        os.close(terminal)
        time.sleep(0.5)  # a signal that would kill has killed by then
        goes_on.set()
        assert ended(child) == 75
        assert len(relay.letters) == 1
    assert state(home, "veckobrev") == {"audience": 3, "sent": 1, "planned": 2, "sending": True}


def test_what_was_started_with_nohup_stays_when_its_terminal_goes(home: Path) -> None:
    on_a_free_port(home)
    with (home / "run.log").open("wb") as file:
        process = subprocess.Popen(["/usr/bin/nohup", COMMAND, "run"], cwd=home, stderr=file)
    try:
        until(lambda: answers(home))
        process.send_signal(signal.SIGHUP)
        assert answers(home)
        assert events(home, "starting_anew") == 0
    finally:
        process.kill()
        process.wait()


def test_a_lock_of_another_store_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", INHERITED, tmp_path / "a.db", tmp_path / "b.db"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.split() == ["same", "another"]


INHERITED = """
import fcntl, os, sys
from pathlib import Path
from storage.store import SENDER
from storage.store_file import StoreFile
a, b = map(Path, sys.argv[1:])
with StoreFile(a).lock(SENDER) as lock:
    kept = os.dup(lock.descriptor)
    with StoreFile(a).lock(SENDER, inherited=kept) as again:
        print("same" if again.descriptor == kept else "another")
    other = os.dup(lock.descriptor)
    with StoreFile(b).lock(SENDER, inherited=other) as elsewhere:
        here = os.fstat(elsewhere.descriptor)
        print("another" if os.path.samestat(here, Path(str(b) + ".sender").stat()) else "same")
"""


def test_who_reads_beside_a_start_anew_is_not_disturbed(home: Path) -> None:
    on_a_free_port(home)
    budkavle("import", folder=home)
    with daemon(home) as process:
        until(lambda: events(home, "started") == 1)
        process.send_signal(signal.SIGHUP)
        assert budkavle("status", folder=home).code in {0, 1}
        until(lambda: events(home, "started") == 2)
        with (home / "var" / "budkavle.db.sender").open("a") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
