"""The installation's secret: one for a store, for ever."""

from pathlib import Path

import pytest

from budkavle.installation.secret import SecretError, open_key
from storage.database import Database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secret"


def test_a_new_store_gets_a_secret_for_its_owner_alone(database: Database, path: Path) -> None:
    key = open_key(database, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_key(database, path) == key
    assert key.secret.hex() not in repr(key)


def test_a_store_whose_secret_is_lost_is_refused_and_gets_no_new_one(database: Database, path: Path) -> None:
    open_key(database, path)
    path.unlink()
    with pytest.raises(SecretError, match=r"missing; put secret from the newest backup"):
        open_key(database, path)
    assert not path.exists()


def test_the_secret_of_another_store_is_refused(database: Database, path: Path) -> None:
    open_key(database, path)
    path.write_text(bytes(32).hex() + "\n")
    with pytest.raises(SecretError, match="of another store"):
        open_key(database, path)


@pytest.mark.parametrize("text", ["", "00ff\n", "no hex at all", "å"])
def test_a_damaged_secret_is_refused(database: Database, path: Path, text: str) -> None:
    open_key(database, path)
    path.write_text(text)
    with pytest.raises(SecretError, match=r"not whole|cannot be read"):
        open_key(database, path)


def test_a_secret_that_a_kill_left_half_done_is_made_anew(database: Database, path: Path) -> None:
    path.with_name("secret.unfinished").write_text("00ff")
    assert open_key(database, path) == open_key(database, path)
    assert not path.with_name("secret.unfinished").exists()
