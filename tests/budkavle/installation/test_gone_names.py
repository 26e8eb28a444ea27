"""Names that the store holds and the configuration does not: each is told with its remedy, what was meant is not."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from budkavle.alarms.alarms import AlarmKind
from budkavle.alarms.detect import detect
from budkavle.checks.names import name_findings, silent_digests
from budkavle.config.load import load
from budkavle.installation.stored_names import stored_names
from budkavle.installation.wiring import open_service
from digest.subscribers.subscription import filter_of
from mail.address import Address
from tests.digest.relay import installed, join, newsroom
from tests.given import NOW
from tests.installed import budkavle


def written(folder: Path, before: str, after: str) -> Path:
    """The configuration with a name changed, wherever it stands."""
    path = folder / "config.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    return path


def told(path: Path) -> list[tuple[str, str]]:
    with open_service(load(path)) as service:
        return [(one.about, one.what) for one in detect(service, NOW) if one.kind is AlarmKind.NAME_GONE]


def test_a_fresh_installation_and_one_with_subscribers_and_articles_have_nothing_to_tell(tmp_path: Path) -> None:
    assert told(installed(tmp_path)) == []
    with newsroom(tmp_path):
        pass
    assert told(tmp_path / "config.toml") == []


def test_a_renamed_digest_is_told_with_the_line_to_write_and_whom_it_leaves_in_silence(tmp_path: Path) -> None:
    with newsroom(tmp_path, readers=3):
        pass
    ((about, what),) = told(written(tmp_path, 'name = "veckobrev"', 'name = "nyhetsbrev"'))
    assert about == "digest veckobrev"
    assert "3 subscriptions" in what
    assert 'name = "veckobrev"' in what
    assert "nyhetsbrev" in what
    assert told(written(tmp_path, 'name = "nyhetsbrev"', 'name = "veckobrev"')) == []


def test_a_digest_that_ended_with_all_its_subscriptions_is_no_fault(tmp_path: Path) -> None:
    with newsroom(tmp_path, readers=2) as service:
        for number in range(2):
            service.by_operator.end(Address(f"lasare{number}@example.org"), None, "asked", NOW)
    assert told(written(tmp_path, 'name = "veckobrev"', 'name = "nyhetsbrev"')) == []


@pytest.mark.parametrize(
    ("topics", "about"),
    [(("vard",), ["topic vard"]), (("vard", "kultur"), []), (("kultur",), []), ((), [])],
)
def test_a_filter_that_fits_nothing_any_more_is_told_and_one_that_still_fits_is_not(
    topics: tuple[str, ...], about: list[str], tmp_path: Path
) -> None:
    path = installed(tmp_path)
    with open_service(load(path)) as service:
        join(service, "lasare@example.org", *topics)
    assert [one for one, _ in told(written(tmp_path, '"vard"', '"omsorg"'))] == about


def test_a_renamed_publisher_is_told_once_with_its_articles(tmp_path: Path) -> None:
    with newsroom(tmp_path):
        pass
    ((about, what),) = told(written(tmp_path, '"lingonmark"', '"region-lingonmark"'))
    assert about == "publisher lingonmark"
    assert 'id = "lingonmark"' in what
    assert "1 article " in what


def test_a_renamed_source_is_told_before_its_files_become_new_articles(tmp_path: Path) -> None:
    with newsroom(tmp_path):
        pass
    ((about, what),) = told(written(tmp_path, 'name = "lingonmark-pages"', 'name = "lingonmark-sidor"'))
    assert about == "source lingonmark-pages"
    assert "lingonmark-sidor" in what


def test_a_published_feed_that_is_gone_is_told_until_its_readers_are_led_on(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        service.syndication.publish.build()
    path = written(tmp_path, 'slug = "alla-nyheter"', 'slug = "allt"')
    assert [about for about, _ in told(path)] == ["feed alla-nyheter"]
    path.write_text(path.read_text() + '\n[[moved]]\nfrom = "alla-nyheter"\nto = "allt"\n')
    assert told(path) == []


def test_check_names_the_same_with_a_line_and_changes_nothing(tmp_path: Path) -> None:
    with newsroom(tmp_path, readers=1):
        pass
    path = written(tmp_path, 'name = "veckobrev"', 'name = "nyhetsbrev"')
    before = {each: each.stat().st_mtime_ns for each in tmp_path.rglob("*") if each.is_file()}
    (finding,) = name_findings(load(path))
    assert "1 subscription to the digest veckobrev" in finding.what
    assert [each.what for each in silent_digests(load(path))] == ["nobody subscribes to nyhetsbrev"]
    assert {each: each.stat().st_mtime_ns for each in tmp_path.rglob("*") if each.is_file()} == before
    done = budkavle("check", "--offline", folder=tmp_path)
    assert done.code == 1
    assert "veckobrev" in done.out
    assert "config.toml:" in done.out


def test_a_store_that_is_not_there_or_is_none_names_nothing(tmp_path: Path) -> None:
    config = load(installed(tmp_path))
    assert [*name_findings(config), *silent_digests(config)] == []
    assert not config.store_path.exists()
    config.store_path.parent.mkdir(parents=True, exist_ok=True)
    config.store_path.write_bytes(b"no store at all" * 100)
    assert list(name_findings(config)) == []
    assert config.store_path.read_bytes().startswith(b"no store")


def test_check_leaves_a_store_that_came_from_a_backup_as_it_is(tmp_path: Path) -> None:
    with newsroom(tmp_path, readers=1):
        pass
    path = written(tmp_path, 'name = "veckobrev"', 'name = "nyhetsbrev"')
    config = load(path)
    with closing(sqlite3.connect(config.store_path)) as store:  # as a backup has it, and as one is put back by hand
        assert store.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    before = {each: each.read_bytes() for each in config.store_path.parent.iterdir()}
    assert len(list(name_findings(config))) == 1
    assert len(list(silent_digests(config))) == 1
    assert {each: each.read_bytes() for each in config.store_path.parent.iterdir()} == before


def test_only_filters_that_fit_nothing_are_counted(tmp_path: Path) -> None:
    config = load(installed(tmp_path))
    with open_service(config) as service:
        for number, topics in enumerate(((), ("vard",), ("bio",), ("bio",), ("bio", "vard"))):
            join(service, f"lasare{number}@example.org", *topics)
        service.by_operator.end(Address("lasare3@example.org"), None, "asked", NOW)
        with service.database.read.begin() as connection:
            held = stored_names(connection, config)
    assert held.wanted.digests == {"veckobrev": 4}
    assert held.wanted.unfit == {filter_of(["bio"]): 1}
