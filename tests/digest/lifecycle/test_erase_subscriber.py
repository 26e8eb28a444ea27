"""Erasing a person: their address is nowhere any more, every edition adds up, and only a hash remembers the no."""

import asyncio
import quopri
import random
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, insert, select

from budkavle.cli.subscribers import erase as noes
from budkavle.cli.terminal import Exit
from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from budkavle.maintenance.back_up import back_up, read_back
from budkavle.maintenance.restore import RestoreOptions, restore
from digest.adapters.tables import deliveries, receipts, subscribers, subscriptions, tokens, transactional_letters
from digest.bounces.bounce import Taken
from digest.editions.slots import PeriodKey
from digest.lifecycle.adapters.by_operator import JoinOutcome, Wish
from digest.lifecycle.expire_subscribers import ExpiryResult
from digest.sending.sender import OnUncertain
from digest.subscribers.adapters.events import note
from digest.subscribers.events import Event, EventKind
from digest.subscribers.subscription import EndedReason
from digest.subscribers.suppression import SuppressionReason
from mail.address import Address
from mail.reply import Phase, Reply
from tests.budkavle.daemon.test_daemon import running, wait_for
from tests.budkavle.returned import comes_back
from tests.budkavle.returned import edition as week_of
from tests.budkavle.returned import installation as returning
from tests.digest.relay import KEY, ScriptedRelay, installed, join, newsroom, publish
from tests.digest.steps import Steps
from tests.given import NOW, plan_period
from tests.installed import ARTICLE, budkavle, page

WHO = "Zakarias.Qvarnlund@Post.Example.org"
ACCEPTED = Reply(phase=Phase.DOT, code=250)
DAY = timedelta(days=1)
NEXT = PeriodKey("2026-01-16")


def traces(folder: Path, address: str = WHO) -> list[str]:
    """The files under a folder that hold an address, or what stands before its @, in any case and coding."""
    wanted = address.lower().partition("@")[0].encode()
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            plain = quopri.decodestring(data) if path.suffix == ".budkavle" else b""
            utf16 = wanted.decode().encode("utf-16-le")
            if any(form in text.lower() for form in (wanted, utf16) for text in (data, plain)):
                found.append(str(path.relative_to(folder)))
    return found


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """An installation with three readers and somebody else, whose letters become files."""
    with newsroom(tmp_path) as opened:
        join(opened, WHO)
        publish(opened, "Simhallen öppnar igen")
        yield opened


def number_of(service: Service, address: str = WHO) -> int:
    own = select(subscribers.c.id).where(subscribers.c.address_key == address.lower())
    with service.database.read.begin() as connection:
        return int(connection.execute(own).scalar_one())


def rows(service: Service, table: object) -> int:
    with service.database.read.begin() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def counts(service: Service, edition: int = -1) -> dict[str, int]:
    status = list(service.edition_counts.status())[edition]
    assert status.unexplained == 0
    return {state.value: number for state, number in status.counts.items() if number}


def test_who_was_erased_beside_a_daemon_is_nowhere_in_store_log_letters_and_backups(home: Path) -> None:
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    with open_service(load(home / "config.toml")) as service:
        join(service, WHO)
        join(service, "lasare@example.org")
    with running(home, impatient=True) as (client, _):
        wait_for(client, "/feeds/alla-nyheter.atom")
        send_beside_a_daemon(home, "2026-01-09")
        wait_for_letters(home, 2)
        lay_letter(home)
        with closing(sqlite3.connect(home / "var" / "budkavle.db")) as store:
            (token,) = store.execute("SELECT token FROM subscriptions ORDER BY id").fetchone()
        assert traces(home)
        done = budkavle("subscribers", "erase", WHO.swapcase(), folder=home)
        assert (done.code, done.err) == (0, "")
        assert "2 letters to them" in done.out
        assert budkavle("backup", "kept", folder=home).code == 0
        assert traces(home) == []
        assert client.post(f"/avsluta/{token}").status_code == 200
        refused = budkavle("subscribers", "add", WHO, "--again", folder=home)
        assert (refused.code, refused.out) == (1, "")
        assert "only its owner can take that back" in refused.err
    assert traces(home) == []
    assert len(list((home / "var" / "outbox" / "new").iterdir())) == 1


def test_an_address_that_nobody_has_is_suppressed_and_that_is_said(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    assert noes.erase("ingen@example.org", config=service.config.file) == Exit.DONE
    assert "nobody with this address is known" in capsys.readouterr().out
    assert service.suppressions.find(Address("ingen@example.org")) is not None


def lay_letter(home: Path) -> None:
    """A letter to them as another mail program writes it: folded, in capitals, and quoted-printable in its text."""
    body = quopri.encodestring(f"Hej {WHO}, {'å' * 20} {WHO}".encode(), quotetabs=True)
    head = f"Subject: Hej\r\nTO: Zakarias\r\n <{WHO.upper()}>\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    (home / "var" / "outbox" / "cur" / "1.budkavle").write_bytes(head.encode() + body)


def send_beside_a_daemon(home: Path, key: str) -> None:
    """Plan an edition for the daemon; until that has sent it, the command says that letters are still to come."""
    for _ in range(200):
        code = budkavle("digest", "send", "veckobrev", "--edition", key, folder=home).code
        if code == Exit.DONE:
            return
        assert code == Exit.TRY_LATER
        time.sleep(0.1)
    pytest.fail("the edition was never sent")


def wait_for_letters(home: Path, number: int) -> None:
    for _ in range(200):
        if len(list((home / "var" / "outbox").glob("new/*"))) == number:
            return
        time.sleep(0.1)
    pytest.fail("the letters never came")


def test_everything_that_is_of_a_person_goes_with_them(service: Service) -> None:
    who = number_of(service)
    with service.database.write.begin() as connection:
        note(connection, who, Event(kind=EventKind.CONFIRMED, at=NOW, digest="veckobrev"))
        once = {"hash": "0" * 64, "purpose": "my_data", "made": NOW, "expires": NOW, "detail": "{}"}
        connection.execute(insert(tokens).values(subscriber_id=who, **once))
        letter = {"kind": "confirm", "address": WHO, "language": "sv", "detail": "{}", "asked": NOW, "state": "waiting"}
        connection.execute(insert(transactional_letters).values(subscriber_id=who, attempt=0, next_at=NOW, **letter))
    service.erase_subscriber.erase_number(who, NOW)
    assert (rows(service, tokens), rows(service, transactional_letters)) == (0, 0)
    suppressed = service.suppressions.find(Address(WHO.lower()))
    assert suppressed is not None
    assert suppressed.reason is SuppressionReason.ERASED
    assert traces(service.config.file.parent) == []
    join(service, "nasta@example.org")
    assert (
        service.sending.drop_nameless() == 1
    )  # the newest row waited for a newer one, so that its number is not used again
    assert rows(service, subscribers) == rows(service, subscriptions) == 4


async def test_editions_add_up_before_during_and_after_an_erasure(service: Service) -> None:
    digest = service.digests[0]
    plan_period(service, digest, PeriodKey(KEY), NOW)
    await service.sending.send(lambda: NOW, lambda: False, lambda _: None)
    publish(service, "En vecka senare")
    plan_period(service, digest, NEXT, NOW + 7 * DAY)
    assert counts(service) == {"planned": 4}
    service.erase_subscriber.erase_number(number_of(service), NOW + 7 * DAY)
    assert (counts(service, 0), counts(service)) == ({"sent": 4}, {"planned": 3, "skipped": 1})
    await service.sending.send(lambda: NOW + 7 * DAY, lambda: False, lambda _: None)
    assert counts(service) == {"sent": 3, "skipped": 1}
    assert {each.edition.state for each in service.edition_counts.status()} == {"finished"}
    assert traces(service.config.file.parent) == []


@pytest.mark.parametrize("marked", [False, True])
def test_a_letter_that_is_under_way_is_counted_when_its_fate_is_known(*, marked: bool, service: Service) -> None:
    plan_period(service, service.digests[0], PeriodKey(KEY), NOW)
    service.letters.render_waiting(NOW)
    sender = Steps(service.database.write, "a sender", OnUncertain.RESEND, NOW)
    claims = sender.claim(9, NOW)
    (own,) = [claim for claim in claims if claim.address == WHO]
    if marked:
        assert sender.mark(own, NOW)
    done = replace(service, wait=lambda _: None).erase_subscriber.erase(Address(WHO), NOW)
    assert (done.existed, done.under_way) == (True, True)
    assert traces(service.config.file.parent) == []
    join(service, "nasta@example.org")  # must not be taken for who had the number before
    if marked:
        sender.record(own, ACCEPTED, NOW)
    else:
        assert not sender.mark(own, NOW)
    assert counts(service) == {"claimed": 3, "sent" if marked else "skipped": 1}
    assert service.sending.drop_nameless() == 1
    assert counts(service) == {"claimed": 3, "sent" if marked else "skipped": 1}
    with service.database.read.begin() as connection:
        found = connection.execute(select(subscriptions.c.id).order_by(subscriptions.c.id.desc())).scalars().first()
        had = select(func.count()).where(deliveries.c.subscription_id == found)
        assert connection.execute(had).scalar_one() == 0
    assert rows(service, receipts) == 0


def test_whoever_is_erased_while_an_edition_is_planned_stays_counted(service: Service) -> None:
    digest = service.digests[0]
    plan_period(service, digest, PeriodKey(KEY), NOW)
    service.erase_subscriber.erase_number(number_of(service), NOW)
    publish(service, "En vecka senare")
    plan_period(service, digest, NEXT, NOW + 7 * DAY)
    assert counts(service, 0) == {"failed": 3, "skipped": 1}


def test_no_page_of_a_large_store_remembers_an_address(tmp_path: Path) -> None:
    """Pages are split and joined as people come and go: what was copied on the way must go as well."""
    some = random.Random(7)  # noqa: S311 - it shuffles names
    names = [f"{some.randrange(16**12):012x}.person{number}" for number in range(3000)]
    with open_service(load(installed(tmp_path))) as service:
        for name in names:
            join(service, f"{name}@example.org")
        some.shuffle(names)
        gone = names[:60]
        for name in gone:
            number = number_of(service, f"{name}@example.org")
            with service.database.write.begin() as connection:
                note(connection, number, Event(kind=EventKind.CHOSE, at=NOW))
            service.erase_subscriber.erase_number(number, NOW)
        left = [path.read_bytes() for path in (tmp_path / "var").iterdir() if path.is_file()]
    assert [name for name in gone if any(name.encode() in data for data in left)] == []


def test_an_older_backup_beside_the_journal_forgets_again(service: Service) -> None:
    root = service.config.file.parent
    backup = back_up(service.config, root / "older", NOW)
    service.erase_subscriber.erase_number(number_of(service), NOW + DAY)
    service.unsubscribe.leave(next(service.subscribers.all()).token, NOW + DAY)
    service.database.close()
    restore(read_back(backup.folder), service.config.file, RestoreOptions(replace=True), NOW + 2 * DAY)
    with open_service(load(service.config.file)) as restored:
        assert restored.suppressions.find(Address(WHO)) is not None
        assert [each.state for each in restored.subscribers.all()] == ["ended", "active", "active"]
    shutil.rmtree(root / "older")
    assert traces(root) == []


def test_a_complaint_and_an_end_by_an_operator_hold_over_an_older_backup(tmp_path: Path) -> None:
    with returning(tmp_path) as service:
        asyncio.run(week_of(service, 0))
        backup = back_up(service.config, tmp_path / "older", NOW)
        assert comes_back(service, "complaint.yahoo.arf", 0, reader=1).taken is Taken.SUPPRESSED
        assert service.unsubscribe_by_operator.end(Address("lasare2@example.org"), "veckobrev", NOW + DAY) == 1
        service.database.close()
        restore(read_back(backup.folder), service.config.file, RestoreOptions(replace=True), NOW + 2 * DAY)
        with open_service(load(service.config.file)) as restored:
            states = {each.address: each.state for each in restored.subscribers.all()}
            suppressed = restored.suppressions.find(Address("lasare1@example.org"))
    assert suppressed is not None
    assert suppressed.reason is SuppressionReason.COMPLAINT
    assert states == {
        "lasare0@example.org": "active",
        "lasare1@example.org": "ended",
        "lasare2@example.org": "ended",
    }


def test_a_machine_that_is_new_has_journal_and_secret_from_its_backup(service: Service, tmp_path: Path) -> None:
    service.unsubscribe.leave(next(service.subscribers.all()).token, NOW)
    service.erase_subscriber.erase_number(number_of(service), NOW)
    backup = back_up(service.config, tmp_path / "kept", NOW)
    assert {"secret", "leaves"} <= set(backup.manifest.files)
    fresh = tmp_path / "fresh" / "config.toml"
    fresh.parent.mkdir()
    restore(read_back(backup.folder), fresh, RestoreOptions(with_config=True), NOW + DAY)
    with open_service(load(fresh)) as restored:
        assert restored.key == service.key
        assert restored.suppressions.find(Address(WHO)) is not None
        assert [each.state for each in restored.subscribers.all()] == ["ended", "active", "active"]


@pytest.mark.parametrize("what", ["missing", "of another store", "broken"])
def test_check_compares_the_secret_with_the_store(what: str, home: Path) -> None:
    with open_service(load(home / "config.toml")):
        pass
    secret = home / "var" / "secret"
    if what == "missing":
        secret.unlink()
    else:
        secret.write_text("00" * 32 if what == "of another store" else "hemligt", encoding="ascii")
    done = budkavle("check", "--offline", folder=home)
    assert done.code == 1
    (line,) = [each for each in (done.out + done.err).splitlines() if "var/secret" in each]
    assert re.match(r"config\.toml:\d+: store\.url: ", line)
    assert "newest backup" in line or "let this user read it" in line


def test_who_was_ended_by_an_undone_import_is_forgotten_without_a_no(service: Service) -> None:
    ended, *_ = service.subscribers.all()
    service.by_operator.end(Address(ended.address), None, EndedReason.IMPORT_UNDONE, NOW)
    assert service.expire_subscribers.expire(NOW + 401 * DAY) == ExpiryResult(left=0, without=1)
    assert traces(service.config.file.parent, ended.address) == []
    assert service.suppressions.find(Address(ended.address)) is None


def test_who_left_long_ago_is_forgotten_but_for_their_no(service: Service) -> None:
    left, stays, *_ = service.subscribers.all()
    service.unsubscribe.leave(left.token, NOW)
    with service.database.write.begin() as connection:
        alone = {"address": "xerxes@example.org", "address_key": "xerxes@example.org", "language": "sv", "since": NOW}
        connection.execute(insert(subscribers).values(hash="1" * 64, **alone))
    assert service.expire_subscribers.expire(NOW + 399 * DAY) == ExpiryResult(left=0, without=0)
    assert service.expire_subscribers.expire(NOW + 401 * DAY, dry_run=True) == ExpiryResult(left=1, without=1)
    assert traces(service.config.file.parent, left.address)
    assert service.expire_subscribers.expire(NOW + 401 * DAY) == ExpiryResult(left=1, without=1)
    assert service.expire_subscribers.expire(NOW + 401 * DAY) == ExpiryResult(left=0, without=0)
    for gone in (left.address, "xerxes@example.org"):
        assert traces(service.config.file.parent, gone) == []
    wish = Wish(address=Address(left.address), digest="veckobrev")
    assert service.by_operator.join(wish, service.articles.last_seq(), NOW) is JoinOutcome.SUPPRESSED
    assert service.suppressions.find(Address("xerxes@example.org")) is None
    assert stays.address in [each.address for each in service.subscribers.all()]


def ended_long_ago(service: Service, number: int) -> list[str]:
    """So many more people who left at NOW, and were told so."""
    people = [f"avgangen{each:03}@example.org" for each in range(number)]
    for each in people:
        join(service, each)
    gone = [each.token for each in service.subscribers.all() if each.address in people]
    for token in gone:
        service.unsubscribe.leave(token, NOW)
    return people


def test_many_who_left_are_forgotten_some_at_a_time_and_looked_for_once_each_time(service: Service) -> None:
    people = ended_long_ago(service, 120)
    looked: list[str] = []

    def look(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        looked.append(statement)

    event.listen(service.database.read, "before_cursor_execute", look)
    rests: list[int] = []
    assert service.expire_subscribers.expire(NOW + 401 * DAY, rest=lambda: rests.append(len(looked))).left == 120
    assert len([each for each in looked if "subscribers.hash IN" in each]) == 3
    assert len(rests) == 3
    assert not {each.address for each in service.subscribers.all()} & set(people)
    assert all(service.suppressions.find(Address(each)) for each in people)


def test_who_comes_back_while_others_are_forgotten_stays(service: Service) -> None:
    people = ended_long_ago(service, 60)
    back = Address(people[-1])
    joined: list[JoinOutcome] = []

    def come_back() -> None:
        wish = Wish(address=back, digest="veckobrev")
        joined.append(service.by_operator.join_again(wish, service.articles.last_seq(), NOW + 401 * DAY))

    assert service.expire_subscribers.expire(NOW + 401 * DAY, rest=come_back).left == 59
    assert joined == [JoinOutcome.CHANGED, JoinOutcome.UNCHANGED]
    (there,) = [each for each in service.subscribers.all() if each.address == back.text]
    assert there.state == "active"


def test_who_is_stopped_while_forgetting_goes_on_there(service: Service) -> None:
    ended_long_ago(service, 120)
    rests: list[None] = []
    done = service.expire_subscribers.expire(
        NOW + 401 * DAY, rest=lambda: rests.append(None), stopping=lambda: bool(rests)
    )
    assert done == ExpiryResult(left=50, without=0)
    assert service.expire_subscribers.expire(NOW + 401 * DAY).left == 70


async def test_letters_that_a_relay_has_are_left_to_it(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port) as service:
        join(service, WHO)
        plan_period(service, service.digests[0], PeriodKey(KEY), NOW)
        await service.sending.send(lambda: NOW, lambda: False, lambda _: None)
        done = service.erase_subscriber.erase(Address(WHO), NOW)
    assert (done.existed, done.letters, done.under_way, done.scrubbed) == (True, 0, False, True)
    assert traces(tmp_path) == []
