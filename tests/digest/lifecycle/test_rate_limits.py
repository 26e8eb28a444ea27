"""How many letters strangers may cause: the rule, and the counting of it in a real database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from digest.adapters.tables import caused_letters, events, subscribers
from digest.lifecycle.adapters.rate_limits import RateLimits
from digest.lifecycle.rate_limits import (
    DAY,
    UNKNOWN_NETWORK,
    LetterRequest,
    Limit,
    Limits,
    Network,
    RecentLetters,
    RefusedLetters,
    decide,
    network_of,
)
from digest.subscribers.tokens import TokenPurpose
from mail.address import Address
from storage.database import Database
from tests.drawn import examples
from tests.keys import KEY

NOW = datetime(2026, 11, 24, 23, 40, tzinfo=UTC)
LIMITS = Limits(network=10, wide_network=20, domain=30, large_domain=50, large_domains={"stor.test"}, overall=90)
JOIN, DATA = TokenPurpose.CONFIRM, TokenPurpose.MY_DATA
NOTHING = RecentLetters(
    last=None, last_day=0, unanswered=0, from_network=0, from_wide_network=0, to_domain=0, free_from=NOW
)


def letters(database: Database, limits: Limits = LIMITS) -> RateLimits:
    return RateLimits(database.read, database.write, KEY, limits, lambda: 0.0)


def asked(  # noqa: PLR0913, PLR0917 - who asks for what, and when
    database: Database,
    caused: RateLimits,
    address: str,
    network: str,
    now: datetime,
    purpose: TokenPurpose = JOIN,
) -> datetime | None:
    wanted = letter(address, purpose, network)
    if caused.refuses(wanted, now):
        return None
    with database.write.begin() as connection:
        return caused.admit(connection, wanted, now)


def letter(address: str = "lasare@example.org", purpose: TokenPurpose = JOIN, network: str = "net") -> LetterRequest:
    wide, _, _ = network.partition(" in ")
    return LetterRequest(purpose=purpose, address=Address(address), network=Network(wide=wide, narrow=network))


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.77", Network(wide="192.0.2.0/24", narrow="192.0.2.0/24")),
        ("2001:db8:1:2:3:4:5:6", Network(wide="2001:db8:1::/48", narrow="2001:db8:1:2::/64")),
        ("::ffff:192.0.2.77", Network(wide="192.0.2.0/24", narrow="192.0.2.0/24")),
        ("fe80::1%eth0", Network(wide="fe80::/48", narrow="fe80::/64")),
        ("unknown", UNKNOWN_NETWORK),
        ("", UNKNOWN_NETWORK),
    ],
)
def test_a_network_is_what_one_household_has_within_what_one_office_has(host: str, network: Network) -> None:
    assert network_of(host) == network


@given(st.text())
def test_whatever_a_proxy_says_is_some_network(host: str) -> None:
    assert network_of(host).narrow


def test_a_first_letter_goes_at_once() -> None:
    assert decide(Limits(), letter(), NOTHING, NOW) == NOW


@given(
    counts=st.tuples(*(st.integers(0, most) for most in (5, 8, 15, 30, 60))),
    minutes=st.integers(-60, 3000),
    domain=st.sampled_from(["example.org", "stor.test"]),
    purpose=st.sampled_from([JOIN, TokenPurpose.MOVE, DATA]),
)
def test_a_letter_goes_exactly_when_every_limit_has_room(
    counts: tuple[int, int, int, int, int], minutes: int, domain: str, purpose: TokenPurpose
) -> None:
    last_day, unanswered, network, wide, to_domain = counts
    free, bound = NOW + timedelta(minutes=minutes), 50 if domain == "stor.test" else 30
    caused = RecentLetters(
        last=None,
        last_day=last_day,
        unanswered=unanswered,
        from_network=network,
        from_wide_network=wide,
        to_domain=to_domain,
        free_from=free,
    )
    piled_up = unanswered >= 5 and purpose is not DATA
    room = last_day < 3 and not piled_up and network < 10 and wide < 20 and to_domain < bound and minutes <= 24 * 60
    decided = decide(LIMITS, letter(f"lasare@{domain}", purpose), caused, NOW)
    assert isinstance(decided, datetime) == room
    if room:
        assert decided == max(NOW, free)


def test_one_address_gets_one_letter_in_ten_minutes_three_a_day_and_five_unanswered(database: Database) -> None:
    caused, went, now = letters(database), [], NOW
    while now < NOW + timedelta(days=29):
        if asked(database, caused, "lasare@example.org", f"net {now}", now):
            went.append(now - NOW)
        now += timedelta(minutes=4) if now < NOW + timedelta(hours=2) else timedelta(hours=7)
    assert went[:3] == [timedelta(0), timedelta(minutes=12), timedelta(minutes=24)]
    assert went[3] > timedelta(days=1)
    assert len(went) == 5


def test_one_mailbox_is_not_bombed_under_names_behind_a_plus(database: Database) -> None:
    caused = letters(database)
    typed = ("lasare@example.org", "lasare+a@example.org", "Lasare+b+c@example.org", "lasare+@example.org")
    went = [asked(database, caused, address, f"net {address}", NOW) for address in typed]
    assert went == [NOW, None, None, None]
    assert asked(database, caused, "+lasare@example.org", "net", NOW) == NOW


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(25))
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([JOIN, TokenPurpose.MOVE, DATA]), st.integers(1, 600)), min_size=20, max_size=120
    )
)
def test_whatever_is_typed_one_mailbox_gets_three_letters_of_a_sort_a_day_and_ones_data_is_to_be_had(
    steps: list[tuple[TokenPurpose, int]], database: Database
) -> None:
    with database.write.begin() as connection:
        connection.execute(caused_letters.delete())
    caused, now = letters(database, Limits(domain=99)), NOW
    went: list[tuple[bool, datetime]] = []
    for number, (purpose, minutes) in enumerate(steps):
        now += timedelta(minutes=minutes)
        mine = [at for data, at in went if data is (purpose is DATA)]
        may = all(now - at >= timedelta(minutes=10) for at in mine) and len(within(mine, now, DAY)) < 3
        may = may and (purpose is DATA or len(within(mine, now, 30 * DAY)) < 5)
        goes = asked(database, caused, f"lasare+{number}@example.org", f"net {number}", now, purpose)
        assert (goes is not None) == may
        went += [(purpose is DATA, now)] if may else []
        assert len(within([at for _, at in went], now, DAY)) <= 6


def within(moments: list[datetime], now: datetime, time: timedelta) -> list[datetime]:
    return [at for at in moments if at > now - time]


@pytest.mark.parametrize("answer", ["confirmed", "exported", "moved"])
def test_an_answer_makes_room_for_more_letters(answer: str, database: Database) -> None:
    caused = letters(database)
    for day in range(6):
        asked(database, caused, "lasare@example.org", f"net {day}", NOW + timedelta(days=day))
    later = NOW + timedelta(days=7)
    assert asked(database, caused, "lasare@example.org", "net", later) is None
    with database.write.begin() as connection:
        own = {"address": "lasare@example.org", "address_key": "lasare@example.org", "language": "sv", "since": NOW}
        own["hash"] = KEY.address_hash(Address("lasare@example.org"))
        person = connection.execute(insert(subscribers).values(own)).inserted_primary_key[0]
        values = {"subscriber_id": person, "at": NOW + timedelta(days=6), "kind": answer, "detail": "{}"}
        connection.execute(insert(events).values(values))
    assert asked(database, caused, "lasare@example.org", "net", later) == later


def test_a_flood_from_one_network_causes_ten_letters_and_keeps_nobody_else_out(database: Database) -> None:
    caused = letters(database)
    went = [asked(database, caused, f"a{i}@d{i}.test", "192.0.2.0/24", NOW) for i in range(500)]
    assert sum(each is not None for each in went) == 10
    assert asked(database, caused, "annan@d1.test", "198.51.100.0/24", NOW) == NOW


def test_a_flood_from_all_the_networks_of_one_office_causes_no_more_than_a_wide_network_may(
    database: Database,
) -> None:
    caused = letters(database, Limits(network=3, wide_network=12))
    went = [asked(database, caused, f"a{i}@d{i}.test", f"office in {i % 90}", NOW) for i in range(500)]
    assert sum(each is not None for each in went) == 12
    assert asked(database, caused, "annan@d1.test", "another office in 1", NOW) == NOW
    alone = [asked(database, caused, f"b{i}@d{i}.test", "a third office in 1", NOW) for i in range(9)]
    assert sum(each is not None for each in alone) == 3
    assert asked(database, caused, "annan@d2.test", "office in 91", NOW + timedelta(minutes=61)) is not None


def test_a_flood_to_one_domain_stops_at_its_limit_and_others_join_meanwhile(database: Database) -> None:
    caused = letters(database)
    for domain, bound in (("liten.test", 30), ("stor.test", 50)):
        went = [asked(database, caused, f"a{i}@{domain}", f"{domain} {i}", NOW) for i in range(bound + 20)]
        assert sum(each is not None for each in went) == bound
        assert asked(database, caused, f"annan@ej-{domain}", "198.51.100.0/24", NOW) == NOW


def test_what_is_too_much_in_all_waits_its_turn_and_what_would_wait_a_day_is_dropped(database: Database) -> None:
    caused = letters(database, Limits(overall=6))  # four of them for newcomers from quiet networks
    goes = [asked(database, caused, f"a{i}@d{i}.test", f"net {i}", NOW) for i in range(120)]
    assert [goes.count(NOW + timedelta(hours=hour)) for hour in range(25)] == [4] * 25
    assert goes[100:] == [None] * 20


def test_midnight_forgives_a_network_nothing(database: Database) -> None:
    caused, midnight = letters(database), datetime(2026, 11, 25, tzinfo=UTC)
    for i in range(20):
        asked(database, caused, f"a{i}@d{i}.test", f"office in {i % 2}", midnight - timedelta(minutes=20))
    for network in ("office in 1", "office in 3"):
        assert asked(database, caused, "b@b.test", network, midnight + timedelta(minutes=20)) is None
    assert asked(database, caused, "b@b.test", "office in 1", midnight + timedelta(minutes=41)) is not None


def test_limits_hold_over_a_restart(database: Database) -> None:
    assert asked(database, letters(database), "lasare@example.org", "net", NOW)
    again = letters(database)
    assert asked(database, again, "lasare@example.org", "other", NOW + timedelta(minutes=9)) is None
    assert asked(database, again, "LASARE@example.org", "other", NOW + timedelta(minutes=9)) is None


def test_a_flood_is_counted_by_what_it_was_about(database: Database) -> None:
    caused = letters(database)
    for i in range(50):
        asked(database, caused, f"a{i}@liten.test", f"net {i}", NOW)
    caused.write_down()
    assert caused.refused(NOW - timedelta(hours=1)) == [
        RefusedLetters(limit=Limit.DOMAIN, subject="liten.test", number=20, last=NOW)
    ]
    assert caused.refused(NOW) == []


def test_neither_addresses_nor_networks_can_be_read_and_after_a_day_networks_are_gone(database: Database) -> None:
    caused = letters(database)
    for _ in range(30):
        asked(database, caused, "lasare@example.org", "192.0.2.0/24", NOW)
    caused.write_down()
    with database.read.begin() as connection:
        dump = "\n".join(str(line) for line in connection.connection.driver_connection.iterdump())
    assert "lasare" not in dump
    assert "192.0.2" not in dump
    caused.forget_old(NOW + timedelta(days=2))
    with database.read.begin() as connection:
        (row,) = connection.execute(select(caused_letters)).all()
    assert (row.network, row.domain) == (None, None)
    caused.forget_old(NOW + timedelta(days=31))
    with database.read.begin() as connection:
        assert connection.execute(select(caused_letters)).all() == []
