"""The list of noes: by keyed hash alone."""

from datetime import UTC, datetime, timedelta

import pytest

from digest.adapters.tables import subscribers
from digest.keys import Key, Purpose
from digest.subscribers.adapters.subscribers import Subscribers, Wish
from digest.subscribers.adapters.suppressions import Suppressions
from digest.subscribers.suppression import SuppressionReason as Reason
from digest.subscribers.suppression import operator_may_lift
from mail.address import parse_address
from storage.database import Database
from tests.keys import KEY

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANNA = parse_address("anna@example.org")


@pytest.fixture
def noes(database: Database) -> Suppressions:
    return Suppressions(database.read, database.write, KEY)


def suppress(database: Database, noes: Suppressions, reason: Reason, now: datetime = NOW) -> bool:
    with database.write.begin() as connection:
        return noes.add(connection, KEY.address_hash(ANNA), reason, now)


def test_an_address_is_known_however_it_was_typed(database: Database, noes: Suppressions) -> None:
    assert noes.find(ANNA) is None
    assert suppress(database, noes, Reason.HARD)
    assert noes.find(parse_address("ANNA@Example.ORG"))
    assert noes.find(parse_address("anna@example.com")) is None


@pytest.mark.parametrize("first", Reason)
@pytest.mark.parametrize("second", Reason)
def test_a_persons_own_no_is_never_taken_over_by_a_bounce(
    database: Database, noes: Suppressions, first: Reason, second: Reason
) -> None:
    suppress(database, noes, first)
    changed = suppress(database, noes, second, NOW + timedelta(days=1))
    found = noes.find(ANNA)
    assert found
    assert changed == (operator_may_lift(first) and not operator_may_lift(second))
    assert found.reason is (second if changed else first)


def test_lifting_says_what_was_lifted(database: Database, noes: Suppressions) -> None:
    suppress(database, noes, Reason.COMPLAINT)
    with database.write.begin() as connection:
        assert noes.lift(connection, KEY.address_hash(ANNA)) is Reason.COMPLAINT
        assert noes.lift(connection, KEY.address_hash(ANNA)) is None
    assert noes.find(ANNA) is None


def test_subscribers_of_before_get_their_hashes(database: Database, noes: Suppressions) -> None:
    people = Subscribers(database.read, database.write, KEY)
    for number in range(7):
        people.join(Wish(address=parse_address(f"u{number}@example.org"), digest="veckobrev"), 0, NOW)
    with database.write.begin() as connection:
        connection.execute(subscribers.update().values(hash=None))
    assert noes.fill_hashes(batch=3) == 7
    assert noes.fill_hashes() == 0
    with database.read.begin() as connection:
        rows = connection.execute(subscribers.select()).all()
    assert {row.hash for row in rows} == {KEY.address_hash(parse_address(row.address)) for row in rows}


def test_hashes_of_another_key_or_purpose_are_others() -> None:
    other = Key(bytes(32))
    assert other.address_hash(ANNA) != KEY.address_hash(ANNA)
    assert len({KEY.mac(purpose, ANNA.key) for purpose in Purpose}) == len(Purpose)
    assert KEY.fits(Purpose.ENVELOPE, "1-2", KEY.mac(Purpose.ENVELOPE, "1-2")[:16])
    assert not KEY.fits(Purpose.ENVELOPE, "1-3", KEY.mac(Purpose.ENVELOPE, "1-2")[:16])
    assert not KEY.fits(Purpose.ENVELOPE, "1-2", "å" * 16)
