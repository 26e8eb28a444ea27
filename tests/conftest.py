"""What every test may ask for: a real database with today's schema. And which tests are quick."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.drawn import register_profiles
from tests.empty_store import lay_store
from tests.installed import home  # noqa: F401 - a fixture for every test
from tests.starting import Reading, Watch, made_of

# Without compiled files each process compiles all of ours anew, and each new store its migrations.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


# A busy machine is no fault of the code: speed is measured in benchmarks, never here.
register_profiles()
WATCH = Watch()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "quick: starts nothing, opens no installation: tests/starting.py sets it")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts nothing, before pytest selects by marks."""
    functions = {item: tuple(made_of(item)) for item in items if isinstance(item, pytest.Function)}
    starting = Reading().starting(functions)
    for item in functions:
        if item not in starting:
            item.add_marker("quick")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with WATCH.over(item.nodeid if item.get_closest_marker("quick") else None):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with WATCH.over(item.nodeid if item.get_closest_marker("quick") else None):
        return (yield)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with today's schema and nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("schema") / "empty.db"
    lay_store(path)
    return path


@pytest.fixture
def database(empty_store: Path, tmp_path: Path) -> Iterator[Database]:
    """A real database of this test's own."""
    path = tmp_path / "budkavle.db"
    shutil.copy(empty_store, path)
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()
