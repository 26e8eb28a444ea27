"""A no in the journal of leaves beside wishes of before and after: when it is read anew, and by an older store."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from budkavle.maintenance.back_up import back_up
from digest.adapters.tables import subscribers
from digest.lifecycle.adapters.unsubscribe import people_of
from digest.lifecycle.double_opt_in import ConfirmOutcome
from digest.lifecycle.unsubscribe_journal import WishKind
from mail.address import Address
from tests.budkavle.life import ask, installation, post, state_of, token_in
from tests.digest.lifecycle.test_erase_subscriber import WHO
from tests.digest.lifecycle.test_erased_for_good import restored
from tests.digest.relay import join
from tests.given import NOW

ZAKARIAS = Address(WHO)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with installation(tmp_path) as service:
        join(service, "anna@example.org")
        yield service


def read_anew(service: Service) -> None:
    journal = service.config.store_path.with_name("leaves")
    journal.write_bytes(b"\n" + journal.read_bytes())  # no place fits it: it is read from its beginning
    assert service.unsubscribe.replay()


def test_who_came_back_by_moving_to_the_address_stays_when_their_complaint_of_before_is_read_anew(
    service: Service,
) -> None:
    join(service, WHO)
    service.unsubscribe.note_no(ZAKARIAS, WishKind.COMPLAINED, NOW + DAY)
    service.unsubscribe.replay()
    anna = service.subscribers.find(Address("anna@example.org"), "veckobrev")
    assert anna is not None
    moment = NOW + 2 * DAY
    assert service.change_address.ask_new(anna.token, ZAKARIAS, moment)
    assert service.subscribe.confirm(token_in(post(service, moment)[-1]), moment + HOUR).outcome is ConfirmOutcome.DONE
    assert state_of(service, WHO) == "active"
    read_anew(service)
    assert state_of(service, WHO) == "active"
    assert service.suppressions.find(ZAKARIAS) is None


@pytest.mark.parametrize("how", [WishKind.ERASED, WishKind.COMPLAINED])
def test_a_clock_that_was_set_back_makes_no_newer_no_an_older_word_than_a_wish(how: WishKind, service: Service) -> None:
    ask(service, WHO, now=NOW)
    service.erase_subscriber.erase(ZAKARIAS, NOW)
    moment = NOW + 2 * DAY
    ask(service, WHO, now=NOW + HOUR)
    assert service.subscribe.confirm(token_in(post(service, NOW + HOUR)[-1]), moment).outcome is ConfirmOutcome.DONE
    service.unsubscribe.note_no(ZAKARIAS, how, NOW + 2 * HOUR)
    assert service.unsubscribe.replay()
    assert service.suppressions.find(ZAKARIAS) is not None
    assert state_of(service, WHO) != "active"


@pytest.mark.parametrize("how", [WishKind.ERASED, WishKind.COMPLAINED])
def test_a_no_holds_over_a_backup_in_which_the_subscription_had_another_address(
    how: WishKind, service: Service
) -> None:
    backup = back_up(service.config, service.config.file.parent / "older", NOW)
    anna = service.subscribers.find(Address("anna@example.org"), "veckobrev")
    assert anna is not None
    assert service.change_address.ask_new(anna.token, ZAKARIAS, NOW + HOUR)
    assert service.subscribe.confirm(token_in(post(service, NOW + HOUR)[-1]), NOW + HOUR).outcome is ConfirmOutcome.DONE
    service.unsubscribe.note_no(ZAKARIAS, how, NOW + DAY)
    service.unsubscribe.replay()
    with open_service(load(restored(service, backup, nothing_was_sent=True))) as again:
        assert state_of(again, "anna@example.org") == "ended"
        assert again.suppressions.find(ZAKARIAS) is not None


def test_who_types_their_address_in_before_the_store_has_heard_of_their_erasure_can_confirm(service: Service) -> None:
    join(service, WHO)
    service.unsubscribe.note_no(ZAKARIAS, WishKind.ERASED, NOW)  # others held the store
    ask(service, WHO, now=NOW + HOUR)
    assert service.subscribe.confirm(token_in(post(service, NOW + HOUR)[-1]), NOW + HOUR).outcome is ConfirmOutcome.DONE
    assert state_of(service, WHO) == "active"


def test_of_more_noes_than_one_statement_takes_each_finds_its_person(service: Service) -> None:
    ask(service, WHO, now=NOW)
    strangers = {f"{number:064x}" for number in range(35_000)}
    people = {service.key.address_hash(each): each.key for each in (ZAKARIAS, Address("anna@example.org"))}
    with service.database.read.begin() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)  # as SQLite has it; some builds take more
        assert people_of(connection, strangers, service.key.spelling_hash) == {}
        found = people_of(connection, strangers | people.keys(), service.key.spelling_hash)
        rows = connection.execute(select(subscribers.c.id, subscribers.c.address_key)).all()
    assert {row.id: people[known_as] for known_as, (row,) in found.items()} == {row.id: row.address_key for row in rows}
