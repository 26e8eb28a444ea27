"""Announcing: which topics, what an answer means, and when a hub is asked again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from feeds.outbound.websub_rules import Answer, Hub, Ping, due, failed, in_trouble, topics

NOW = datetime(2026, 1, 9, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HUB = "https://hub.example.org/"
PING = Ping(topic="a", hub=HUB, since=NOW, due=NOW)
DOWN = Answer(status=0, said="connection refused")


def test_the_documents_that_readers_subscribe_to_are_topics_and_nothing_else() -> None:
    changed = ["alla.opml", "nyheter-2026-01.atom", "nyheter.atom", "nyheter.html", "nyheter.json", "nyheter.rss"]
    found = topics(changed, {"nyheter"}, "https://nyheter.example.org/")
    assert found == tuple(f"https://nyheter.example.org/feeds/nyheter.{kind}" for kind in ("atom", "json", "rss"))


def test_a_hub_that_is_down_is_asked_after_1_5_15_and_60_minutes_then_every_4_hours() -> None:
    ping, now, waits = PING, NOW, []
    for _ in range(6):
        ping = failed(ping, DOWN, now)
        waits.append((ping.due - now) / MINUTE)
        now = ping.due
    assert waits == [1, 5, 15, 60, 240, 240]


def test_after_two_days_a_ping_is_given_up() -> None:
    assert not failed(PING, DOWN, NOW + timedelta(hours=47)).given_up
    given_up = failed(PING, DOWN, NOW + timedelta(hours=48))
    assert given_up.given_up
    assert due([given_up], NOW + timedelta(days=9)) == ()


@pytest.mark.parametrize(("asked", "minutes"), [(timedelta(minutes=30), 30), (timedelta(seconds=1), 1), (-MINUTE, 1)])
def test_a_hub_that_asks_for_more_time_gets_it_but_is_not_asked_sooner(asked: timedelta, minutes: int) -> None:
    answer = Answer(status=429, said="429", retry_after=asked)
    assert failed(PING, answer, NOW).due == NOW + minutes * MINUTE


def test_a_hub_that_asks_for_a_year_gets_four_hours() -> None:
    answer = Answer(status=503, said="503", retry_after=timedelta(days=365))
    assert failed(PING, answer, NOW).due == NOW + timedelta(hours=4)


def test_what_waits_goes_in_the_order_of_the_changes() -> None:
    later, first = replace(PING, topic="a", since=NOW), replace(PING, topic="z", since=NOW - MINUTE)
    assert due([later, first], NOW) == (first, later)


def test_while_a_hub_rests_none_of_its_pings_goes() -> None:
    rests = failed(PING, DOWN, NOW)
    fresh = replace(PING, topic="z")
    assert due([rests, fresh], NOW) == ()
    assert due([rests, fresh], NOW + MINUTE) == (rests, fresh)


def test_a_topic_that_a_hub_does_not_like_keeps_no_other_topic_waiting() -> None:
    disliked = failed(PING, Answer(status=422, said="422 no such topic"), NOW)
    fresh = replace(PING, topic="b")
    assert due([disliked, fresh], NOW) == (fresh,)


@pytest.mark.parametrize(
    ("status", "of_hub"), [(0, True), (302, True), (404, True), (429, True), (500, True), (400, False)]
)
def test_an_answer_concerns_the_hub_or_one_topic(status: int, of_hub: bool) -> None:  # noqa: FBT001 - a table
    answer = Answer(status=status, said="")
    assert (answer.good, answer.of_hub) == (False, of_hub)


def test_a_clock_that_was_set_back_stalls_nothing() -> None:
    of_tomorrow = replace(failed(PING, DOWN, NOW + timedelta(days=1)), attempts=1)
    assert due([of_tomorrow], NOW) == (of_tomorrow,)


def test_the_third_failure_in_a_row_is_trouble_of_a_hub_that_is_configured() -> None:
    twice = replace(PING, attempts=2)
    thrice = replace(PING, topic="b", attempts=3)
    assert in_trouble([twice], {HUB}) == {}
    assert in_trouble([twice, thrice], {HUB}) == {HUB: thrice}
    assert in_trouble([thrice], set()) == {}


PRIVATE = (
    "127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "0.1.2.3", "100.64.0.1", "224.0.0.1", "::1", "fe80::1%2",
    "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
)  # fmt: skip


@pytest.mark.parametrize("ip", PRIVATE)
def test_the_name_of_a_public_hub_may_lead_nowhere_inside(ip: str) -> None:
    assert not Hub(address=HUB, on_this_machine=False).may_be_at(ip)


def test_a_hub_is_where_it_was_written_to_be() -> None:
    public, local = Hub(address=HUB, on_this_machine=False), Hub(address="http://localhost/", on_this_machine=True)
    assert all(public.may_be_at(ip) for ip in ("93.184.216.34", "2606:2800:220:1::1"))
    assert [local.may_be_at(ip) for ip in ("127.0.0.1", "::1", "10.0.0.1", "93.184.216.34")] == [
        True,
        True,
        False,
        False,
    ]
