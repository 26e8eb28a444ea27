"""What every test may ask for: a real database with today's schema."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from storage.database import Database
from tests.installed import home  # noqa: F401 - a fixture for every test

# A busy machine is no fault of the code: speed is measured in benchmarks, never here.
settings.register_profile("budkavle", deadline=None)
settings.load_profile("budkavle")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with today's schema and nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("schema") / "empty.db"
    made = Database(f"sqlite:///{path}")
    made.upgrade()
    made.close()
    return path


@pytest.fixture
def database(empty_store: Path, tmp_path: Path) -> Iterator[Database]:
    """A real database of this test's own."""
    path = tmp_path / "budkavle.db"
    shutil.copy(empty_store, path)
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()
