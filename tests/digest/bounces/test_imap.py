"""Returned mail out of a real IMAP server: nothing is lost, nothing counts twice, and nothing hangs for ever."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from budkavle.alarms.alarms import AlarmKind
from budkavle.config.settings import Bounces, Imap
from budkavle.daemon.bounce_loop import empty_mailbox, faults_of_mailbox
from budkavle.installation.wiring import Service
from digest.adapters.tables import bounces
from digest.bounces.adapters.imap import Mailbox, MailboxError, visit
from tests.budkavle.dovecot import PASSWORD, USER, Dovecot, dovecot, wire
from tests.budkavle.returned import edition, installation, returned
from tests.digest.relay import certificate
from tests.given import NOW

ELSEWHERE = "hard.gmail.5.1.1"


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("localhost"))


@pytest.fixture(scope="module")
def running(pem: Path) -> Iterator[Dovecot]:
    with dovecot(pem) as server:
        yield server


@pytest.fixture
def server(running: Dovecot) -> Dovecot:
    running.empty()
    return running


def never() -> bool:
    return False


def read(service: Service, box: Mailbox, batch: int = 100) -> int:
    return visit(box, lambda raw: service.process_bounces.take(raw, "", NOW).is_understood, batch, never)


def counted(service: Service) -> int:
    with service.database.read.begin() as connection:
        return connection.execute(select(func.count()).select_from(bounces)).scalar_one()


def configured(service: Service, server: Dovecot, home: Path, **changes: object) -> Service:
    (home / "imap-password").write_text(PASSWORD)
    place = {"host": "127.0.0.1", "port": server.port, "tls": "none", "user": USER, "password_file": "imap-password"}
    own = Imap(**(place | changes))  # type: ignore[arg-type]
    settings = service.config.settings.model_copy(update={"bounces": Bounces(address="studs@example.org", imap=own)})
    return replace(service, config=replace(service.config, settings=settings))


async def test_what_is_understood_is_moved_apart_from_what_is_not_and_nothing_is_deleted(
    server: Dovecot, tmp_path: Path
) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        server.deliver(returned(service, ELSEWHERE, 0), "1")
        server.deliver(returned(service, "auto-reply.outlook.oof", 0), "2")
        server.deliver(b"From: anna@example.org\nSubject: Hej\n\nHej!\n", "3")
        box = server.box(processed="Behandlade åäö & mer", unknown="Okänt")
        assert read(service, box) == 3
        assert read(service, box) == 0
        assert counted(service) == 1
        assert server.holds() == 0
        assert server.holds("Behandlade &AOUA5AD2- &- mer") == 2
        assert server.holds("Ok&AOQ-nt") == 1


async def test_a_backlog_of_five_hundred_is_read_in_batches(server: Dovecot, tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        for number in range(500):
            name = ELSEWHERE if number % 50 == 0 else "auto-reply.sieve.vacation"
            server.deliver(returned(service, name, 0, reader=number % 3), f"{number:03}")
        configured_service = configured(service, server, tmp_path)
        assert empty_mailbox(configured_service, lambda: NOW, batch=120) == 500
        assert (server.holds(), server.holds("Processed"), counted(service)) == (0, 500, 10)


@pytest.mark.parametrize("after", ["not done", "not confirmed"])
@pytest.mark.parametrize("cut_at", [b"SELECT", b"SEARCH", b"FETCH 2", b"MOVE 2", b"LOGOUT"], ids=bytes.decode)
async def test_a_connection_that_is_cut_loses_nothing_and_counts_nothing_twice(
    cut_at: bytes, after: str, server: Dovecot, tmp_path: Path
) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        for number in range(3):
            server.deliver(returned(service, ELSEWHERE, 0, reader=number), str(number))
        with (
            wire(server.port, lambda said: cut_at in said, after=after == "not confirmed") as port,
            pytest.raises(MailboxError),
        ):
            read(service, server.box(port=port, seconds=3))
        read(service, server.box())
        assert (server.holds(), server.holds("Processed"), counted(service)) == (0, 3, 3)


async def test_messages_that_are_numbered_anew_count_once(server: Dovecot, tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        for number in range(3):
            server.deliver(returned(service, ELSEWHERE, 0, reader=number), str(number))
        assert read(service, server.box(), batch=2) == 2
        server.number_anew()
        assert read(service, server.box()) == 1
        assert (server.holds("Processed"), counted(service)) == (3, 3)


async def test_a_store_that_fails_leaves_the_message_where_it_is(server: Dovecot) -> None:
    server.deliver(b"Subject: Hej\n\nHej!\n", "1")

    def fails(_: bytes) -> bool:
        raise ConnectionResetError

    with pytest.raises(MailboxError):
        visit(server.box(), fails, 10, never)
    assert (server.holds(), visit(server.box(), lambda _: True, 10, never)) == (1, 1)


def test_a_message_is_read_no_further_than_is_good_for_us(server: Dovecot) -> None:
    server.deliver(b"Subject: Hej\n\n" + b"x" * 3_000_000, "1")
    sizes: list[int] = []
    visit(server.box(), lambda raw: not sizes.append(len(raw)), 10, never)
    assert sizes == [1_000_000]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"folder": "Saknas"}, "the folder Saknas cannot be opened"),
        ({"password": "falskt"}, "uthentication"),
        ({"port": 1}, "refused"),
    ],
    ids=["no folder", "wrong password", "no server"],
)
def test_a_mailbox_that_cannot_be_read_says_why(changes: dict[str, object], said: str, server: Dovecot) -> None:
    with pytest.raises(MailboxError, match=said) as failed:
        visit(server.box(**changes), lambda _: True, 10, never)
    assert PASSWORD not in str(failed.value)
    assert "bounces.imap" in str(failed.value)


def test_a_mailbox_that_fails_raises_an_alarm_that_ends_when_it_is_mended(server: Dovecot, tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        gone = faults_of_mailbox(configured(service, server, tmp_path, folder="Saknas"), lambda: NOW)
        assert [one.kind for one in gone] == [AlarmKind.MAILBOX_FAILED]
        assert "Saknas" in gone[0].what
        assert PASSWORD not in repr(server.box())
        assert faults_of_mailbox(configured(service, server, tmp_path), lambda: NOW) == []
        assert faults_of_mailbox(service, lambda: NOW) == []
        (tmp_path / "imap-password").unlink()
        nothing = replace(service, config=configured(service, server, tmp_path).config)
        (tmp_path / "imap-password").write_text("")
        assert "holds no password" in faults_of_mailbox(nothing, lambda: NOW)[0].what


def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_password(server: Dovecot) -> None:
    before = len((server.folder / "log").read_text())
    with pytest.raises(MailboxError, match="certificate"):
        visit(server.box(host="localhost", port=server.tls_port, tls="implicit"), lambda _: True, 10, never)
    with pytest.raises(MailboxError, match="certificate"):
        visit(server.box(host="localhost", tls="starttls"), lambda _: True, 10, never)
    assert "Login" not in (server.folder / "log").read_text()[before:]


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_certificate_that_is_trusted_opens_the_mailbox(
    tls: str, server: Dovecot, pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    server.deliver(b"Subject: Hej\n\nHej!\n", "1")
    port = server.tls_port if tls == "implicit" else server.port
    assert visit(server.box(host="localhost", port=port, tls=tls), lambda _: True, 10, never) == 1


@contextmanager
def silent(*, drips: bool) -> Iterator[int]:
    """A server that never says anything, or says a letter every now and then."""
    over = threading.Event()

    def answer(listening: socket.socket) -> None:
        client, _ = listening.accept()
        with client:
            while not over.wait(0.1):
                if drips:
                    try:
                        client.sendall(b"*")
                    except OSError:
                        return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=(listening,), daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        over.set()
        thread.join(5)


@pytest.mark.parametrize("drips", [False, True], ids=["silent", "dripping"])
def test_a_server_that_hangs_is_left_in_time(drips: bool) -> None:  # noqa: FBT001 - pytest passes parameters by name
    places = {"folder": "INBOX", "processed": "Processed", "unknown": "Unknown"}
    with silent(drips=drips) as port:
        limits = {"seconds": 0.5, "visit_seconds": 1.0}
        box = Mailbox(host="127.0.0.1", port=port, tls="none", user="a", password="b", **places, **limits)  # type: ignore[arg-type] # noqa: S106 - it opens nothing
        started = time.monotonic()
        with pytest.raises(MailboxError):
            visit(box, lambda _: True, 10, never)
        assert time.monotonic() - started < 5
