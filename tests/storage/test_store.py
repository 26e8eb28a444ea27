"""What every store can do: one suite for all databases. Another one joins by a line in STORES."""

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from articles.adapters.tables import sequences
from storage.database import Database, StoreError
from storage.store import SENDER, LockHeldError, Store

ROOT = Path(__file__).parents[2]
Opened = Callable[[], Store]
HOLDS = """
import sys
from storage.database import Database
with Database(sys.argv[1]).lock(sys.argv[2]) as lock:
    print(lock.holder, flush=True)
    sys.stdin.read()
"""


@contextmanager
def on_sqlite(folder: Path) -> Iterator[tuple[Opened, str]]:
    url = f"sqlite:///{folder / 'budkavle.db'}"
    with closing(Database(url)) as database:
        database.migrate()
        yield (lambda: Database(url)), url


STORES = {"sqlite": on_sqlite}


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Opened, str]]:
    with STORES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
def store(place: tuple[Opened, str]) -> Store:
    return place[0]()


def number(connection: Connection) -> int:
    found: int = connection.execute(select(sequences.c.last)).scalar_one()
    return found


def put(connection: Connection, last: int) -> None:
    connection.execute(update(sequences).values(last=last))


def test_what_is_written_is_there_for_whoever_opens_the_store(store: Store, place: tuple[Opened, str]) -> None:
    with store.exclusive() as connection:
        put(connection, 7)
    with place[0]().transaction() as connection:
        assert number(connection) == 7


def test_an_exception_takes_a_whole_transaction_back(store: Store) -> None:
    def break_off() -> None:
        with store.exclusive() as connection:
            put(connection, 7)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        break_off()
    with store.transaction() as connection:
        assert number(connection) == 0


def test_a_reader_sees_the_store_of_its_first_look_however_others_write(store: Store) -> None:
    with store.transaction() as reading:
        assert number(reading) == 0
        with store.exclusive() as writing:
            put(writing, 7)
        assert number(reading) == 0
    with store.transaction() as reading:
        assert number(reading) == 7


def test_no_update_is_lost_by_reading_and_then_writing(store: Store) -> None:
    def add() -> None:
        for _ in range(20):
            with store.exclusive() as connection:
                put(connection, number(connection) + 1)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.transaction() as connection:
        assert number(connection) == 80


def test_a_lock_has_one_holder_at_a_time_who_is_named_and_each_name_is_a_lock_of_its_own(store: Store) -> None:
    refused = pytest.raises(LockHeldError)
    with store.lock("sender") as lock, store.lock("publisher"), refused as error, store.lock("sender"):
        pass
    assert error.value.holder == lock.holder
    with store.lock("sender"):
        pass


def test_a_lock_is_waited_for_by_who_wants_to(store: Store) -> None:
    order, held = list[str](), threading.Event()

    def second() -> None:
        held.wait()
        with store.lock("publisher", waits=True):
            order.append("second")

    waiting = threading.Thread(target=second)
    waiting.start()
    with store.lock("publisher", waits=True):
        held.set()
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_a_lock_is_free_when_its_holder_was_killed(store: Store, place: tuple[Opened, str]) -> None:
    command = [sys.executable, "-c", HOLDS, place[1], SENDER]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True) as holder:
        assert holder.stdout
        name = holder.stdout.readline().strip()
        with pytest.raises(LockHeldError) as refused, store.lock(SENDER):
            pass
        assert refused.value.holder == name
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with store.lock(SENDER):
        pass


def test_what_lies_beside_a_store_is_the_same_for_whoever_opens_it(store: Store, place: tuple[Opened, str]) -> None:
    store.beside("secret").write_text("words")
    assert place[0]().beside("secret").read_text() == "words"
    assert store.beside("secret") != store.beside("journal")


def test_a_copy_is_one_moment_of_the_store_for_its_owner_alone(store: Store, tmp_path: Path) -> None:
    with store.exclusive() as connection:
        put(connection, 7)
    target, told = tmp_path / "copy", list[tuple[int, int]]()
    store.copy(target, lambda done, total: told.append((done, total)))
    with store.exclusive() as connection:
        put(connection, 8)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert told[-1][0] == told[-1][1] > 0
    with closing(Database(f"sqlite:///{target}", mode="ro", only_reads=True)) as copy, copy.transaction() as connection:
        assert number(connection) == 7


def test_a_copy_takes_the_place_of_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("somebody's")
    with pytest.raises((FileExistsError, StoreError)):
        store.copy(tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "somebody's"
