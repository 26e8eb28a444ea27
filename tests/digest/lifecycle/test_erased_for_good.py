"""Who was erased stays erased, whatever there was of them: also when an older backup is put in place, or at a kill."""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from budkavle.maintenance.back_up import Backup, back_up, read_back
from budkavle.maintenance.restore import RestoreOptions, restore
from digest.adapters.tables import subscriptions
from digest.bounces.adapters.bounces import Taken
from digest.ids import SubscriptionId
from digest.lifecycle.adapters.by_operator import JoinOutcome, Wish
from digest.lifecycle.adapters.unsubscribe_journal import UnsubscribeJournal
from digest.lifecycle.adapters.unsubscribe_replay import JournalReplay
from digest.lifecycle.double_opt_in import ConfirmOutcome
from digest.lifecycle.unsubscribe_journal import LeaveWish, PersonWish, WishKind, proof_of, read, written
from digest.subscribers.suppression import SuppressionReason
from mail.address import Address
from tests.budkavle.life import ask, everything, installation, post, state_of, token_in
from tests.budkavle.returned import comes_back, returned
from tests.budkavle.returned import edition as week_of
from tests.budkavle.returned import installation as returning
from tests.digest.lifecycle.test_erase_subscriber import WHO, traces
from tests.digest.lifecycle.test_unsubscribe import locked
from tests.digest.relay import join
from tests.forks import Fork
from tests.given import NOW

ZAKARIAS = Address(WHO)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with installation(tmp_path) as service:
        join(service, "anna@example.org")
        yield service


def suppressed(service: Service) -> None:
    with service.database.write.begin() as connection:
        hard = SuppressionReason.HARD
        service.suppressions.add(connection, service.key.address_hash(ZAKARIAS), hard, NOW)


def pending(service: Service) -> None:
    ask(service, WHO)


def known_for_asking(service: Service) -> None:
    service.request_my_data.ask(ZAKARIAS, NOW)
    post(service)
    clear(service)


def named_by_another(service: Service) -> None:
    anna = service.subscribers.find(Address("anna@example.org"), "veckobrev")
    assert anna is not None
    assert service.change_address.ask_new(anna.token, ZAKARIAS, NOW)
    post(service)
    assert service.change_address.ask_new(anna.token, ZAKARIAS, NOW)
    clear(service)


def subscribed(service: Service) -> None:
    join(service, WHO)


def clear(service: Service) -> None:
    """Letters that are files are out of the store's reach."""
    shutil.rmtree(service.config.outbox)


def unknown(_: Service) -> None:
    """Nothing is known of them in the backup."""


KNOWN = [suppressed, pending, known_for_asking, named_by_another, subscribed, unknown]


def restored(service: Service, backup: Backup, *, nothing_was_sent: bool) -> Path:
    service.database.close()
    wishes = RestoreOptions(replace=True, nothing_was_sent=nothing_was_sent)
    restore(read_back(backup.folder), service.config.file, wishes, NOW + 2 * DAY)
    shutil.rmtree(backup.folder)
    return service.config.file


@pytest.mark.parametrize("nothing_was_sent", [False, True])
@pytest.mark.parametrize("was", KNOWN)
def test_an_older_backup_brings_back_the_no_of_who_was_erased_and_nothing_else_of_them(
    was: Callable[[Service], None], *, nothing_was_sent: bool, service: Service
) -> None:
    was(service)
    backup = back_up(service.config, service.config.file.parent / "older", NOW)
    service.erase_subscriber.erase(ZAKARIAS, NOW + DAY)
    assert traces(service.config.store_path.parent) == []
    file = restored(service, backup, nothing_was_sent=nothing_was_sent)
    assert traces(file.parent) == []  # before anybody has opened it
    with open_service(load(file)) as again:
        assert traces(file.parent) == []
        no = again.suppressions.find(ZAKARIAS)
        assert no is not None
        assert (no.reason, no.since) == (SuppressionReason.ERASED, NOW + DAY)
        wish = Wish(address=ZAKARIAS, digest="veckobrev")
        assert again.by_operator.join(wish, again.articles.last_seq(), NOW + 2 * DAY) is JoinOutcome.SUPPRESSED
        assert state_of(again, "anna@example.org") == "active"


def erase_and_die(file: Path) -> None:
    with open_service(load(file)) as service:
        JournalReplay.replay = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
        service.erase_subscriber.erase(ZAKARIAS, NOW + DAY)


@pytest.mark.parametrize("was", KNOWN)
def test_a_kill_between_journal_and_store_forgets_all_the_same(
    was: Callable[[Service], None], service: Service
) -> None:
    was(service)
    folder, file = service.config.store_path.parent, service.config.file
    service.database.close()
    assert Fork(erase_and_die, file).wait(60) == -signal.SIGKILL
    with open_service(load(file)) as again:
        assert traces(folder) == []
        no = again.suppressions.find(ZAKARIAS)
        assert no is not None
        assert no.reason is SuppressionReason.ERASED


def test_who_erases_themselves_while_others_hold_the_store_is_told_yes_and_is_gone_as_soon_as_it_is_free(
    service: Service,
) -> None:
    service.unsubscribe.longest = 0.1
    service.request_my_data.ask(ZAKARIAS, NOW)
    key = service.request_my_data.visit(token_in(post(service)[-1]), NOW)
    assert key
    with locked(service.config.store_path):
        assert service.request_my_data.erase_me(key, NOW)
        done = service.erase_subscriber.erase(ZAKARIAS, NOW)
        assert (done.existed, done.scrubbed) == (True, False)
    assert traces(service.config.store_path.parent)
    service.unsubscribe.replay()
    assert traces(service.config.store_path.parent) == []
    assert not service.request_my_data.erase_me(key, NOW)


def test_no_line_of_the_journal_can_be_made_without_the_secret(service: Service) -> None:
    pending(service)
    service.erase_subscriber.erase(ZAKARIAS, NOW)
    journal = service.config.store_path.with_name("leaves").read_text()
    assert journal == f"{NOW:%Y-%m-%dT%H:%M:%S.%f}Z erased address {service.key.address_hash(ZAKARIAS)}\n"


def test_who_came_back_after_their_erasure_stays_when_the_journal_is_read_anew(service: Service) -> None:
    pending(service)
    service.erase_subscriber.erase(ZAKARIAS, NOW)
    ask(service, WHO, now=NOW + HOUR)
    assert service.subscribe.confirm(token_in(post(service, NOW + HOUR)[-1]), NOW + HOUR).outcome is ConfirmOutcome.DONE
    journal = service.config.store_path.with_name("leaves")
    journal.write_bytes(b"\n" + journal.read_bytes())  # no place fits it: it is read from its beginning
    assert service.unsubscribe.replay()
    assert state_of(service, WHO) == "active"
    assert service.suppressions.find(ZAKARIAS) is None


def test_who_was_only_typed_in_again_after_their_erasure_keeps_their_no(service: Service) -> None:
    pending(service)
    service.erase_subscriber.erase(ZAKARIAS, NOW)
    ask(service, WHO, now=NOW + HOUR)
    journal = service.config.store_path.with_name("leaves")
    journal.write_bytes(b"\n" + journal.read_bytes())
    assert service.unsubscribe.replay()
    assert service.suppressions.find(ZAKARIAS) is not None


def test_a_clock_that_was_set_back_keeps_nobody_from_being_forgotten(service: Service) -> None:
    ask(service, WHO, now=NOW)
    service.erase_subscriber.erase(ZAKARIAS, NOW - DAY)
    assert traces(service.config.store_path.parent) == []
    assert service.suppressions.find(ZAKARIAS) is not None


def test_an_erasure_of_a_journal_of_before_is_still_read(service: Service) -> None:
    join(service, WHO)
    found = service.subscribers.find(ZAKARIAS, "veckobrev")
    assert found is not None
    old = LeaveWish(moment=NOW + DAY, how=WishKind.ERASED, subscription=found.id, proof=proof_of(found.token))
    UnsubscribeJournal(service.config.store_path.with_name("leaves")).append([old])
    assert service.unsubscribe.replay() == 1
    assert traces(service.config.store_path.parent) == []
    assert service.suppressions.find(ZAKARIAS) is not None
    with service.database.read.begin() as connection:
        reasons = connection.execute(select(subscriptions.c.ended_reason).where(subscriptions.c.state == "ended"))
        assert reasons.scalars().all() == ["erased"]


@pytest.mark.parametrize("how", [WishKind.ERASED, WishKind.COMPLAINED])
def test_a_line_of_a_whole_person_says_again_what_was_written(how: WishKind) -> None:
    no = PersonWish(moment=NOW, how=how, address="0123456789abcdef" * 4)
    line = written(no)
    assert read(line) == no
    other = written(PersonWish(moment=NOW, how=WishKind.LEFT, address=no.address))  # nobody leaves as a whole
    for torn in (line[:-1], line[1:], line[:40] + b"\n", line.replace(b"address", b"adress"), line + line, other):
        assert read(torn) is None
    leave = LeaveWish(moment=NOW, how=how, subscription=SubscriptionId(7), proof="0123456789abcdef" * 4)
    assert written(leave) != line


def test_a_complaint_holds_over_a_backup_from_before_its_owner_joined(tmp_path: Path) -> None:
    with returning(tmp_path) as service:
        backup = back_up(service.config, tmp_path / "older", NOW)
        join(service, "lasare7@example.org")
        asyncio.run(week_of(service, 0))
        assert comes_back(service, "complaint.yahoo.arf", 0, reader=7).taken is Taken.SUPPRESSED
        file = restored(service, backup, nothing_was_sent=False)
    with open_service(load(file)) as again:
        no = again.suppressions.find(Address("lasare7@example.org"))
        assert no is not None
        assert no.reason is SuppressionReason.COMPLAINT


def test_a_complaint_that_is_delivered_again_is_no_newer_word_than_its_owners_wish(tmp_path: Path) -> None:
    with returning(tmp_path) as service:
        asyncio.run(week_of(service, 0))
        complaint = returned(service, "complaint.yahoo.arf", 0)
        assert service.process_bounces.take(complaint, "", NOW + DAY).taken is Taken.SUPPRESSED
        ask(service, "lasare0@example.org", now=NOW + 9 * DAY)
        token = token_in(post(service, NOW + 9 * DAY)[-1])
        assert service.subscribe.confirm(token, NOW + 9 * DAY).outcome is ConfirmOutcome.DONE
        before = service.config.store_path.with_name("leaves").read_bytes()
        assert service.process_bounces.take(complaint, "", NOW + 10 * DAY).taken is Taken.KNOWN
        assert service.config.store_path.with_name("leaves").read_bytes() == before
        service.unsubscribe.replay()
        assert state_of(service, "lasare0@example.org") == "active"
        assert service.suppressions.find(Address("lasare0@example.org")) is None


def test_nobody_else_is_touched_by_an_erasure(service: Service) -> None:
    named_by_another(service)
    ask(service, "zakarias@example.org")
    before = everything(service)
    service.erase_subscriber.erase(Address("nobody@example.org"), NOW + DAY)
    after = everything(service)
    assert {table for table, rows in after.items() if rows != before[table]} == {"suppressions"}
