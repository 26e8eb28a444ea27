"""One mailbox with many spellings in a store: one subscriber, one no; and what was there before stays what it was."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from digest.adapters.tables import subscribers, subscriptions
from digest.lifecycle.adapters.by_operator import JoinOutcome, Wish
from digest.lifecycle.adapters.rate_limits import RateLimits
from digest.lifecycle.adapters.unsubscribe_journal import NAME as LEAVES
from digest.lifecycle.adapters.unsubscribe_journal import UnsubscribeJournal
from digest.lifecycle.rate_limits import LetterRequest, Limits, Network
from digest.lifecycle.unsubscribe_journal import PersonWish, WishKind
from digest.subscribers.suppression import SuppressionReason
from digest.subscribers.tokens import TokenPurpose
from mail.address import Address
from storage.database import Database
from tests.budkavle.life import ask, installation, post, prepared, state_of, token_in
from tests.given import NOW
from tests.keys import KEY

PLAIN, DOTS, OTHER = "annakarlsson@gmail.com", "anna.karlsson@gmail.com", "A.nna.Karlsson@googlemail.com"
HOUR = timedelta(hours=1)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with installation(tmp_path) as opened:
        yield opened


def people(service: Service) -> list[tuple[str, str]]:
    with service.database.read.begin() as connection:
        rows = connection.execute(select(subscribers.c.address, subscribers.c.address_key).order_by(subscribers.c.id))
        return [(row.address, row.address_key) for row in rows]


def joined(service: Service, address: str, digest: str = "veckobrev", now: datetime = NOW) -> JoinOutcome:
    wish = Wish(address=Address(address), digest=digest)
    return service.by_operator.join(wish, service.articles.last_seq(), now)


def test_who_types_another_spelling_is_told_that_they_subscribe_and_no_second_person_is_made(service: Service) -> None:
    ask(service, DOTS)
    service.subscribe.confirm(token_in(post(service)[-1]), NOW)
    ask(service, PLAIN, now=NOW + HOUR)
    ask(service, OTHER, now=NOW + 2 * HOUR)
    assert [row[0] for row in people(service)] == [DOTS]
    (told,) = post(service, NOW + 2 * HOUR)
    assert told["To"] == DOTS
    assert joined(service, OTHER) is JoinOutcome.UNCHANGED
    assert state_of(service, PLAIN) == state_of(service, OTHER) == "active"


def test_a_no_to_one_spelling_holds_for_the_mailbox(service: Service) -> None:
    joined(service, DOTS)
    service.unsubscribe.note_no(Address(PLAIN), WishKind.COMPLAINED, NOW + HOUR)
    service.unsubscribe.replay()
    assert state_of(service, DOTS) == "ended"
    assert joined(service, OTHER, now=NOW + 2 * HOUR) is JoinOutcome.SUPPRESSED
    assert service.erase_subscriber.erase(Address(OTHER), NOW + 3 * HOUR).existed
    assert [row for row in people(service) if row[0]] == []


def test_one_gmail_mailbox_gets_the_letters_of_one_address_however_it_is_dotted(database: Database) -> None:
    caused = RateLimits(database.read, database.write, KEY, Limits(), lambda: 0.0)
    went = 0
    for number in range(50):
        name = "".join(sign + ("." if number >> place & 1 else "") for place, sign in enumerate("annakarlsson"))
        host, domain = f"10.0.{number}.0/24", ("gmail.com", "googlemail.com")[number % 2]
        asked = LetterRequest(
            purpose=TokenPurpose.CONFIRM,
            address=Address(f"{name.rstrip('.')}@{domain}"),
            network=Network(wide=host, narrow=host),
        )
        if not caused.refuses(asked, NOW):
            with database.write.begin() as connection:
                went += caused.admit(connection, asked, NOW) is not None
    assert went == 1


def before(store: Path, change: Callable[[sqlite3.Connection], None]) -> None:
    """Make a store what it was before spellings counted as one, with some rows of then."""
    with closing(sqlite3.connect(store)) as connection:
        connection.executescript(
            "DROP INDEX ix_subscribers_mailbox; ALTER TABLE subscribers DROP COLUMN mailbox;"
            "DROP INDEX ix_caused_letters_share_goes; DROP INDEX ix_caused_letters_domain_asked_share;"
            "ALTER TABLE caused_letters DROP COLUMN share;"
            "CREATE INDEX ix_caused_letters_goes ON caused_letters (goes);"
            "CREATE INDEX ix_caused_letters_domain_asked ON caused_letters (domain, asked);"
            "ALTER TABLE variant_items DROP COLUMN short; ALTER TABLE variants DROP COLUMN owed;"
            "UPDATE alembic_version SET version_num = '0016';"
        )
        change(connection)
        connection.commit()


def person(connection: sqlite3.Connection, number: int, address: str, state: str, hash_: str) -> None:
    row = (number, address, address.lower(), hash_, "sv", "2026-01-02 08:00:00.000000")
    names = "id, address, address_key, hash, language, since"
    connection.execute(f"INSERT INTO subscribers ({names}) VALUES (?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - our own
    wish = (number, "veckobrev", state, f"{number:032x}", "2026-01-02 08:00:00.000000")
    names = "subscriber_id, digest, state, token, since, topics, publishers, from_seq, consent"
    connection.execute(f"INSERT INTO subscriptions ({names}) VALUES (?, ?, ?, ?, ?, '', '', 0, 'then')", wish)  # noqa: S608 - our own


def test_an_upgrade_keeps_every_consent_of_two_spellings_and_makes_no_third(tmp_path: Path) -> None:
    config = prepared(tmp_path)
    with open_service(load(config)) as service:
        store, hash_of = service.config.store_path, service.key.spelling_hash

    def change(connection: sqlite3.Connection) -> None:
        people = (("Bo.Ek@gmail.com", "active"), (DOTS, "ended"), (PLAIN, "active"), (OTHER, "active"))
        for number, (address, state) in enumerate((*people, ("a@b.test", "active")), start=1):
            person(connection, number, address, state, hash_of(Address(address)))

    before(store, change)
    with open_service(load(config)) as service:
        keys = dict(people(service))
        assert (keys["Bo.Ek@gmail.com"], keys[PLAIN], keys["a@b.test"]) == ("boek@gmail.com", PLAIN, "a@b.test")
        assert (keys[DOTS], keys[OTHER]) == (DOTS, OTHER.lower())
        with service.database.read.begin() as connection:
            rows = connection.execute(select(subscriptions.c.state, subscriptions.c.token).order_by(subscriptions.c.id))
            kept = [tuple(row) for row in rows]
        assert kept == [
            (state, f"{number:032x}")
            for number, state in enumerate(("active", "ended", "active", "active", "active"), start=1)
        ]
        assert joined(service, "boek@googlemail.com") is JoinOutcome.UNCHANGED
        assert joined(service, "Anna.Karls.Son@gmail.com") is JoinOutcome.UNCHANGED
        assert len(people(service)) == 5
        assert service.expire_subscribers.expire(datetime(2028, 1, 1, tzinfo=UTC)).left == 0, (
            "one twin is sent to, so both are known"
        )
        assert len([address for address, _ in people(service) if address]) == 5
        assert service.unsubscribe.leave(f"{4:032x}", datetime(2026, 12, 1, tzinfo=UTC)).digest == "veckobrev"
        assert service.erase_subscriber.erase(Address(PLAIN), datetime(2026, 12, 2, tzinfo=UTC)).existed
        assert sorted(address for address, _ in people(service) if address) == ["Bo.Ek@gmail.com", "a@b.test"]


def test_an_upgrade_takes_every_no_along_and_lays_none_to_another_wish(tmp_path: Path) -> None:
    config = prepared(tmp_path)
    with open_service(load(config)) as service:
        store, key = service.config.store_path, service.key
    noes = ((DOTS, "hard"), ("bo.ek@gmail.com", "complaint"), ("gone.now@gmail.com", "erased"))

    def change(connection: sqlite3.Connection) -> None:
        person(connection, 1, DOTS, "active", key.spelling_hash(Address(DOTS)))
        person(connection, 2, "bo.ek@gmail.com", "ended", key.spelling_hash(Address("bo.ek@gmail.com")))
        person(connection, 3, "boek@gmail.com", "active", key.spelling_hash(Address("boek@gmail.com")))
        for address, reason in noes:
            row = (key.spelling_hash(Address(address)), reason, "2026-02-02 08:00:00.000000")
            connection.execute("INSERT INTO suppressions (hash, reason, since) VALUES (?, ?, ?)", row)

    before(store, change)
    with open_service(load(config)) as service:
        own = {address: service.suppressions.find(Address(address)) for address in (DOTS, OTHER, "gone.now@gmail.com")}
        assert [no.reason if no else None for no in own.values()] == [
            SuppressionReason.HARD,
            SuppressionReason.HARD,
            SuppressionReason.ERASED,
        ]
        assert joined(service, "gone.now@gmail.com") is JoinOutcome.SUPPRESSED
        with service.database.read.begin() as connection:
            rows = connection.execute(select(subscribers.c.address, subscribers.c.hash)).all()
            hashes = {row.address: row.hash for row in rows}
            assert service.suppressions.of(connection, hashes["boek@gmail.com"]) is None
            assert service.suppressions.of(connection, hashes["bo.ek@gmail.com"]) is not None


def test_a_journal_of_before_an_upgrade_still_finds_whom_its_noes_are_about(tmp_path: Path) -> None:
    config = prepared(tmp_path)
    with open_service(load(config)) as service:
        joined(service, DOTS, now=NOW - HOUR)
        then = service.key.spelling_hash(Address(DOTS))
        journal = UnsubscribeJournal(service.config.store_path.with_name(LEAVES))
        journal.append([PersonWish(moment=NOW, how=WishKind.ERASED, address=then)])
        service.unsubscribe.replay()
        assert [row for row in people(service) if row[0]] == []
        assert joined(service, OTHER) is JoinOutcome.SUPPRESSED
