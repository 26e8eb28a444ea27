"""`budkavle restore`: over the life before a backup and the life after it, nobody is mailed twice, and all adds up."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import insert, select, update

from articles.importing.locate import everything
from budkavle.config.load import Config, load
from budkavle.installation.wiring import Service, open_service
from budkavle.maintenance import restore as restoring
from budkavle.maintenance.back_up import Backup, BackupError, back_up
from budkavle.maintenance.restore import Presumed, RestoreOptions, StoreInPlaceError, restore
from digest.adapters.tables import deliveries, editions, senders, subscribers, subscriptions
from digest.editions.delivery import OPEN, DeliveryState
from digest.editions.edition import EditionState
from digest.editions.slots import PeriodKey
from digest.lifecycle.adapters.by_operator import Wish
from digest.subscribers.subscription import ALL
from mail.address import Address
from storage import database as databases
from storage.database import Database, StoreError
from storage.store import SENDER, LockHeldError
from storage.store_file import StoreFile
from tests.digest.relay import KEY, ScriptedRelay, installed, newsroom
from tests.given import NOW
from tests.installed import ARTICLE, COMMAND, budkavle

READERS = 12
THURSDAY = datetime(2026, 1, 8, 3, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 1, 9, 7, 0, tzinfo=UTC)
"""A weekly edition is due now: 08:00 in Stockholm."""
DAY = timedelta(days=1)


def states(config: Config) -> dict[str, DeliveryState]:
    """What the store says became of everybody in the newest edition."""
    statement = (
        select(subscribers.c.address, deliveries.c.state)
        .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
        .join(deliveries, deliveries.c.subscription_id == subscriptions.c.id)
        .order_by(deliveries.c.edition_id)
    )
    with closing(Database(config.store_url)) as database, database.read.begin() as connection:
        return {row.address: DeliveryState(row.state) for row in connection.execute(statement)}


def whole(folder: Path) -> dict[Path, tuple[int, int, bytes | None]]:
    """A folder as it lies there: rights, times and bytes of all that is in it."""
    paths = [folder, *sorted(folder.rglob("*"))]
    return {
        path: (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else None)
        for path in paths
    }


class TestInTheMidstOfARun:
    """An edition is being sent by the real command, and the real command takes a backup meanwhile."""

    @pytest.fixture
    def relay(self) -> Iterator[ScriptedRelay]:
        with ScriptedRelay() as relay:
            yield relay

    @pytest.fixture
    def home(self, relay: ScriptedRelay, tmp_path: Path) -> Path:
        with newsroom(tmp_path / "home", relay.port, READERS):
            return tmp_path / "home"

    @staticmethod
    def sent_until(killed_at: int | None, relay: ScriptedRelay, home: Path) -> Path:
        """Send; take a backup at the fourth dot, kill the sender at the dot `killed_at`; says where the backup is."""
        sender = subprocess.Popen(
            [COMMAND, "digest", "send", "veckobrev", "--edition", KEY], cwd=home, stderr=subprocess.DEVNULL
        )
        taken: list[int] = []

        def strike(phase: str, count: int) -> None:
            if (phase, count) == ("dot", 3):
                taken.append(budkavle("backup", "../backups", folder=home).code)
            if (phase, count) == ("dot", killed_at):
                os.kill(sender.pid, signal.SIGKILL)

        relay.at = strike
        assert sender.wait(60) == (0 if killed_at is None else -signal.SIGKILL)
        relay.at = lambda _phase, _count: None
        assert taken == [0]
        (backup,) = (home.parent / "backups").iterdir()
        return backup

    @pytest.mark.parametrize("killed_at", [None, 3, 6])
    def test_nobody_is_mailed_twice_over_both_lives_and_everybody_is_explained(
        self, killed_at: int | None, relay: ScriptedRelay, home: Path, tmp_path: Path
    ) -> None:
        backup = self.sent_until(killed_at, relay, home)
        before = len(relay.letters)
        fresh = tmp_path / "fresh"
        fresh.mkdir()
        restored = budkavle("restore", backup, folder=fresh)
        assert restored.code == 0, restored.err
        resumed = budkavle("digest", "send", "veckobrev", "--edition", KEY, folder=fresh)
        assert resumed.code == 1, resumed.err  # somebody is uncertain: a person should know
        fate = states(load(fresh / "config.toml"))
        got = Counter(letter.recipient for letter in relay.letters)
        assert set(got.values()) == {1}
        assert len(relay.letters) == before
        assert set(fate.values()) == {DeliveryState.SENT, DeliveryState.UNCERTAIN}
        assert {who for who, state in fate.items() if state is DeliveryState.SENT} <= set(got)
        told = json.loads(budkavle("digest", "status", "--json", folder=fresh).out)
        assert (told["state"], told["audience"], told["unexplained"]) == ("finished", READERS, 0)
        assert f"presumed sent: veckobrev {KEY}, to {told['uncertain']} recipients" in restored.out

    def test_a_machine_that_died_at_the_moment_of_the_backup_goes_on_where_it_was(
        self, relay: ScriptedRelay, home: Path, tmp_path: Path
    ) -> None:
        backup = self.sent_until(3, relay, home)
        fresh = tmp_path / "fresh"
        fresh.mkdir()
        assert budkavle("restore", backup, "--nothing-was-sent-since", folder=fresh).code == 0
        budkavle("digest", "send", "veckobrev", "--edition", KEY, folder=fresh)
        fate = states(load(fresh / "config.toml"))
        got = Counter(letter.recipient for letter in relay.letters)
        assert set(got.values()) == {1}
        doubtful = {who for who, state in fate.items() if state is DeliveryState.UNCERTAIN}
        assert 1 <= len(doubtful) <= 10  # what lay between mark and answer: at most one for each connection
        assert set(fate) - set(got) <= doubtful


class TestOverAWeek:
    """A backup of Thursday, an edition on Friday, and a restore on another day."""

    @pytest.fixture
    def home(self, tmp_path: Path) -> Iterator[Service]:
        """A newsroom with a source and two readers who have had everything so far."""
        file = installed(tmp_path / "home")
        (tmp_path / "home/newsroom/lingonmark").mkdir(parents=True)
        with open_service(load(file)) as service:
            service.editions.first_seen("veckobrev", THURSDAY - 7 * DAY)
            for who in ("anna", "bertil"):
                wish = Wish(address=Address(f"{who}@example.org"), digest="veckobrev", wanted=ALL)
                service.by_operator.join(wish, service.articles.last_seq(), THURSDAY - 6 * DAY)
            yield service

    @staticmethod
    def lay(home: Service, name: str, now: datetime) -> None:
        text = ARTICLE.replace("Biblioteket", name).replace("/biblioteket/", f"/{name}/")
        (home.config.folder / f"newsroom/lingonmark/{name}.md").write_text(text)
        list(home.importing.store.import_all(everything(home.importing.sources), now))

    @staticmethod
    async def week(config: Config, now: datetime) -> list[str]:
        """What a daemon does when it wakes; says which letters it laid into the outbox, by the articles they show."""
        new = config.outbox / "new"
        before = set(new.iterdir()) if new.is_dir() else set()
        with open_service(config) as service:
            list(service.importing.store.import_all(everything(service.importing.sources), now))
            service.planning.plan_due(service.digests[0], now)
            await service.sending.send(lambda: now, lambda: False, lambda _: None)
        after = set(new.iterdir()) if new.is_dir() else set()
        return sorted(shown(path.read_text()) for path in after - before)

    @pytest.mark.parametrize("days", [0, 1, 5])
    async def test_an_edition_of_which_the_backup_knows_nothing_is_not_sent_again(
        self, days: int, home: Service, tmp_path: Path
    ) -> None:
        config = home.config
        self.lay(home, "Ett", THURSDAY)
        backup = back_up(config, tmp_path / "backups", THURSDAY)
        self.lay(home, "Tva", THURSDAY + timedelta(hours=6))
        home.database.close()
        assert await self.week(config, FRIDAY) == ["Ett Tva", "Ett Tva"]
        done = restore(backup, config.file, RestoreOptions(replace=True), FRIDAY + days * DAY + timedelta(minutes=1))
        assert done.presumed == (Presumed(digest="veckobrev", key=PeriodKey("2026-01-09"), recipients=2),)
        assert done.taken_in == 1
        assert await self.week(config, FRIDAY + timedelta(hours=days * 24 + 1)) == []
        text = ARTICLE.replace("Biblioteket", "Tre").replace("/biblioteket/", "/tre/")
        (config.folder / "newsroom/lingonmark/Tre.md").write_text(text)
        assert await self.week(config, FRIDAY + 7 * DAY) == ["Tre", "Tre"]
        with open_service(config) as service:
            assert [
                (each.counts[DeliveryState.UNCERTAIN], each.unexplained) for each in service.edition_counts.status()
            ] == [
                (2, 0),
                (0, 0),
            ]

    async def test_the_operator_may_say_that_nothing_was_sent(self, home: Service, tmp_path: Path) -> None:
        config = home.config
        self.lay(home, "Ett", THURSDAY)
        backup = back_up(config, tmp_path / "backups", THURSDAY)
        home.database.close()
        done = restore(
            backup, config.file, RestoreOptions(replace=True, nothing_was_sent=True), FRIDAY + timedelta(hours=1)
        )
        assert (done.presumed, done.taken_in) == ((), 0)
        assert await self.week(config, FRIDAY + timedelta(hours=2)) == ["Ett", "Ett"]

    async def test_what_came_too_late_for_any_edition_is_not_presumed_sent(self, home: Service, tmp_path: Path) -> None:
        """The slot before the backup was missed for longer than half a week: its content waits for the next one."""
        config = home.config
        self.lay(home, "Ett", THURSDAY)
        tuesday = FRIDAY + 4 * DAY
        backup = back_up(config, tmp_path / "backups", tuesday)
        home.database.close()
        done = restore(backup, config.file, RestoreOptions(replace=True), tuesday + DAY)
        assert done.presumed == ()
        assert await self.week(config, FRIDAY + 7 * DAY) == ["Ett", "Ett"]

    async def test_a_slot_before_the_backup_that_could_still_be_made_up_for_is_presumed_sent(
        self, home: Service, tmp_path: Path
    ) -> None:
        self.lay(home, "Ett", THURSDAY)
        backup = back_up(home.config, tmp_path / "backups", FRIDAY + timedelta(hours=1))  # the daemon was away
        home.database.close()
        done = restore(backup, home.config.file, RestoreOptions(replace=True), FRIDAY + 5 * DAY)
        assert [each.recipients for each in done.presumed] == [2]

    async def test_an_edition_that_was_only_begun_to_be_planned_is_planned_and_presumed_sent(
        self, home: Service, tmp_path: Path
    ) -> None:
        self.lay(home, "Ett", THURSDAY)
        home.editions.open("veckobrev", PeriodKey("2026-01-09"), home.articles.last_seq(), FRIDAY)
        backup = back_up(home.config, tmp_path / "backups", FRIDAY)
        home.database.close()
        done = restore(backup, home.config.file, RestoreOptions(replace=True), FRIDAY + DAY)
        assert [each.recipients for each in done.presumed] == [2]
        assert await self.week(home.config, FRIDAY + 2 * DAY) == []

    async def test_a_letter_that_was_between_mark_and_answer_does_not_stop_the_planning_of_the_next_edition(
        self, home: Service, tmp_path: Path
    ) -> None:
        self.lay(home, "Ett", THURSDAY)
        home.planning.plan_due(home.digests[0], FRIDAY)
        with home.database.write.begin() as connection:
            sender = (
                insert(senders).values(name="dead", started=FRIDAY, in_flight="[[1, 1]]").returning(senders.c.fence)
            )
            claimed = {"state": DeliveryState.CLAIMED, "fence": connection.execute(sender).scalar_one()}
            connection.execute(update(deliveries).where(deliveries.c.subscription_id == 1).values(claimed))
        self.lay(home, "Tva", FRIDAY + DAY)
        home.editions.open("veckobrev", PeriodKey("2026-01-16"), home.articles.last_seq(), FRIDAY + 7 * DAY)
        backup = back_up(home.config, tmp_path / "backups", FRIDAY + 7 * DAY)
        home.database.close()
        done = restore(backup, home.config.file, RestoreOptions(replace=True), FRIDAY + 7 * DAY)
        assert [(each.key, each.recipients) for each in done.presumed] == [("2026-01-09", 1), ("2026-01-16", 2)]
        assert await self.week(home.config, FRIDAY + 7 * DAY) == []

    @pytest.mark.parametrize("state", [EditionState.PAUSED, EditionState.SENDING])
    async def test_no_open_letter_of_any_state_is_sent_or_counted_as_expired(
        self, state: EditionState, home: Service, tmp_path: Path
    ) -> None:
        """One was claimed, one deferred, and a later slot came before the restore."""
        self.lay(home, "Ett", THURSDAY)
        home.planning.plan_due(home.digests[0], FRIDAY)
        with home.database.write.begin() as connection:
            connection.execute(update(editions).values(state=state))
            for who, open_state in enumerate((DeliveryState.CLAIMED, DeliveryState.DEFERRED), 1):
                here = deliveries.c.subscription_id == who
                connection.execute(update(deliveries).where(here).values(state=open_state, next_at=FRIDAY, fence=1))
        backup = back_up(home.config, tmp_path / "backups", FRIDAY)
        home.database.close()
        done = restore(backup, home.config.file, RestoreOptions(replace=True), FRIDAY + 7 * DAY)
        assert [(each.key, each.recipients) for each in done.presumed] == [("2026-01-09", 2)]
        assert await self.week(home.config, FRIDAY + 7 * DAY) == []
        with open_service(home.config) as service:
            first, second = service.edition_counts.status()
        assert (first.counts[DeliveryState.UNCERTAIN], first.unexplained) == (2, 0)
        assert (second.counts[DeliveryState.SKIPPED], second.unexplained) == (2, 0)
        assert not any(each.counts[one] for each in (first, second) for one in OPEN)

    async def test_a_correction_reaches_those_who_may_have_got_the_error(self, home: Service, tmp_path: Path) -> None:
        config = home.config
        self.lay(home, "Ett", THURSDAY)
        backup = back_up(config, tmp_path / "backups", THURSDAY)
        home.database.close()
        restore(backup, config.file, RestoreOptions(replace=True), FRIDAY + DAY)
        path = config.folder / "newsroom/lingonmark/Ett.md"
        path.write_text(
            path.read_text().replace("topics:", "change: corrected\nnote: Fel dag.\ntopics:").replace("1 feb", "8 feb")
        )
        assert len(await self.week(config, FRIDAY + 7 * DAY)) == 2


def shown(letter: str) -> str:
    return " ".join(name for name in ("Ett", "Tva", "Tre") if f"{name} " in letter)


class TestInPlace:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        with newsroom(tmp_path / "home") as service:
            return service.config

    @pytest.fixture
    def backup(self, config: Config, tmp_path: Path) -> Backup:
        (config.folder / "templates").mkdir()
        (config.folder / "templates" / "own.txt").write_text("a template of our own")
        return back_up(config, tmp_path / "backups", NOW)

    def test_a_fresh_folder_gets_everything(self, backup: Backup, tmp_path: Path) -> None:
        fresh = tmp_path / "fresh"
        fresh.mkdir()
        done = budkavle("restore", backup.folder, folder=fresh)
        assert (done.code, done.err) == (0, "")
        found = sorted(path.relative_to(fresh).as_posix() for path in fresh.rglob("*") if path.is_file())
        assert found == ["config.toml", "templates/own.txt", "var/budkavle.db", "var/budkavle.db.sender", "var/secret"]
        assert budkavle("subscribers", "list", folder=fresh).out.count("@example.org") == 3

    def test_a_store_in_the_way_is_left_alone_and_the_remedy_named(self, config: Config, backup: Backup) -> None:
        before = config.store_path.read_bytes()
        done = budkavle("restore", backup.folder, folder=config.folder)
        assert (done.code, done.out) == (2, "")
        assert "add --replace" in done.err
        assert config.store_path.read_bytes() == before

    def test_a_replaced_store_is_kept_whole_under_another_name(self, config: Config, backup: Backup) -> None:
        with open_service(config) as service:
            service.by_operator.end(Address("lasare0@example.org"), None, "asked", NOW)
        done = restore(backup, config.file, RestoreOptions(replace=True), NOW)
        (aside,) = done.aside
        assert aside.name == "budkavle.db.replaced-2026-01-09T080000Z"
        with closing(sqlite3.connect(aside)) as kept, closing(sqlite3.connect(config.store_path)) as now:
            ended = "SELECT count(*) FROM subscriptions WHERE state = 'ended'"
            assert kept.execute(ended).fetchone() == (1,)
            assert now.execute(ended).fetchone() == (0,)

    def test_a_store_that_cannot_be_read_any_more_is_put_aside_as_it_is(self, config: Config, backup: Backup) -> None:
        config.store_path.write_bytes(b"rubble" * 1000)
        config.store_path.with_name("budkavle.db-wal").write_bytes(b"more rubble")
        done = restore(backup, config.file, RestoreOptions(replace=True), NOW)
        assert sorted(path.read_bytes() for path in done.aside) == [b"more rubble", b"rubble" * 1000]
        with open_service(config) as service:
            assert len(list(service.subscribers.all())) == 3

    def test_a_store_that_somebody_reads_is_not_taken_from_under_them(
        self, config: Config, backup: Backup, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(restoring, "_PATIENCE_SECONDS", 0.1)
        with closing(sqlite3.connect(config.store_path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM subscriptions").fetchone()
            before = config.store_path.read_bytes()
            with pytest.raises(StoreError, match="another process holds it"):
                restore(backup, config.file, RestoreOptions(replace=True), NOW)
            assert config.store_path.read_bytes() == before
        restore(backup, config.file, RestoreOptions(replace=True), NOW)

    def test_while_a_daemon_runs_nothing_is_restored(self, config: Config, backup: Backup) -> None:
        before = config.store_path.read_bytes()
        with StoreFile(config.store_path).lock(SENDER) as lock:
            done = budkavle("restore", backup.folder, "--replace", folder=config.folder)
            assert (done.code, done.out) == (75, "")
            assert lock.holder in done.err
            with pytest.raises(LockHeldError):
                restore(backup, config.file, RestoreOptions(replace=True), NOW)
        assert config.store_path.read_bytes() == before

    def test_my_configuration_stays_unless_the_backups_is_asked_for(self, config: Config, backup: Backup) -> None:
        mine = config.file.read_text().replace("items = 30", "items = 29")
        config.file.write_text(mine)
        (config.folder / "templates" / "own.txt").write_text("newer")
        restore(backup, config.file, RestoreOptions(replace=True), NOW)
        assert config.file.read_text() == mine
        assert (config.folder / "templates" / "own.txt").read_text() == "newer"
        restore(backup, config.file, RestoreOptions(replace=True, with_config=True), NOW + DAY)
        assert config.file.read_bytes() == (backup.folder / "config.toml").read_bytes()
        assert config.file.with_name("config.toml.replaced-2026-01-10T080000Z").read_text() == mine
        assert (config.folder / "templates" / "own.txt").read_text() == "a template of our own"
        assert (config.folder / "templates.replaced-2026-01-10T080000Z" / "own.txt").read_text() == "newer"

    def test_the_key_goes_with_the_store(self, config: Config, backup: Backup) -> None:
        secret, another = config.store_path.with_name("secret"), bytes(32).hex()
        key = secret.read_text()
        secret.write_text(another)
        done = restore(backup, config.file, RestoreOptions(replace=True), NOW)
        assert secret.read_text() == key
        assert {path.read_text() for path in done.aside if "secret" in path.name} == {another}

    def test_a_restore_that_fails_leaves_everything_in_its_place(
        self, config: Config, backup: Backup, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = {path: path.read_bytes() for path in config.folder.rglob("*") if path.is_file()}

        def fails(*_: object) -> None:
            raise OSError("no room")

        monkeypatch.setattr(restoring, "presume_sent", fails)
        with pytest.raises(OSError, match="no room"):
            restore(backup, config.file, RestoreOptions(replace=True, with_config=True), NOW)
        after = {path: path.read_bytes() for path in config.folder.rglob("*") if path.is_file()}
        assert {path: text for path, text in after.items() if path.suffix != ".sender"} == before

    def test_a_killed_restore_leaves_the_store_that_was_there_and_can_be_done_again(
        self, config: Config, backup: Backup
    ) -> None:
        script = (
            "import os, signal, sys; from pathlib import Path; from budkavle.maintenance import restore as restoring;"
            "vars(restoring).update(presume_sent=lambda *_: os.kill(os.getpid(), signal.SIGKILL));"
            "from budkavle.cli.backup import restore; restore(Path(sys.argv[1]), replace=True)"
        )
        before = config.store_path.read_bytes()
        done = subprocess.run([sys.executable, "-c", script, backup.folder], cwd=config.folder, check=False, timeout=60)
        assert done.returncode == -signal.SIGKILL
        assert config.store_path.read_bytes() == before
        assert budkavle("restore", backup.folder, "--replace", folder=config.folder).code == 0
        assert not list(config.store_path.parent.glob("*.restoring*"))

    def test_the_backup_of_an_older_version_is_brought_up_to_date(self, tmp_path: Path, config: Config) -> None:
        config.store_path.unlink()
        with closing(Database(config.store_url)) as database, database.write.begin() as connection:
            alembic = AlembicConfig()
            alembic.set_main_option("script_location", str(Path(databases.__file__).parent / "migrations"))
            alembic.attributes["connection"] = connection
            command.upgrade(alembic, "0001")
        backup = back_up(config, tmp_path / "backups", NOW)
        assert backup.manifest.revision == "0001"
        restore(backup, config.file, RestoreOptions(replace=True), NOW)
        with closing(Database(config.store_url)) as database:
            assert database.revision() == databases.head_revision()
        assert not list(config.store_path.parent.glob("*before*"))

    def test_the_backup_of_a_newer_version_is_refused_with_its_version(self, config: Config, backup: Backup) -> None:
        newer = replace(backup, manifest=backup.manifest.model_copy(update={"revision": "9999", "budkavle": "9.9"}))
        before = config.store_path.read_bytes()
        with pytest.raises(BackupError, match=r"made by Budkavle 9\.9, with schema 9999; install that version"):
            restore(newer, config.file, RestoreOptions(replace=True), NOW)
        assert config.store_path.read_bytes() == before

    def test_without_replace_the_python_call_is_refused_too(self, config: Config, backup: Backup) -> None:
        with pytest.raises(StoreInPlaceError):
            restore(backup, config.file, RestoreOptions(), NOW)

    def test_a_backup_may_lie_where_nothing_can_be_written_and_is_left_as_it_was(
        self, backup: Backup, tmp_path: Path
    ) -> None:
        for path in backup.folder.rglob("*"):
            path.chmod(0o500 if path.is_dir() else 0o400)
        backup.folder.chmod(0o500)
        before = whole(backup.folder)
        (tmp_path / "fresh").mkdir()
        done = restore(backup, tmp_path / "fresh" / "config.toml", RestoreOptions(), NOW)
        assert whole(backup.folder) == before  # root may write everywhere, so this is what tells
        with open_service(done.config) as service:
            assert service.by_operator.end(Address("lasare0@example.org"), None, "asked", NOW) == 1
