"""Pings over real sockets: what a hub gets, and what a bad one can do to us."""

import asyncio
import ssl
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from feeds.outbound.adapters import http_client as outside
from feeds.outbound.adapters import websub
from feeds.outbound.adapters.http_client import CheckedTransport, OutboundNetwork, Resolve
from feeds.outbound.adapters.websub import WebSubPublisher
from feeds.outbound.websub_rules import Answer, Hub
from tests.digest.relay import certificate, server_tls
from tests.installed import free_port
from tests.site import Reply, Site

NOW = datetime(2026, 1, 9, 8, 0, tzinfo=UTC)
PUBLIC = "https://nyheter.example.org/"
TOPIC = f"{PUBLIC}feeds/alla-nyheter.atom"
PLAIN = ssl.create_default_context()
NETWORK = OutboundNetwork()


async def pinged(address: str, *, local: bool = True, resolve: Resolve = NETWORK.look_up) -> Answer:
    publisher = WebSubPublisher(Hub(address=address, on_this_machine=local), PUBLIC, PLAIN, resolve)
    try:
        return await publisher.ping(TOPIC, NOW)
    finally:
        await publisher.close()


async def test_a_hub_gets_the_topic_in_a_form_that_old_and_new_hubs_understand() -> None:
    with Site() as hub:
        assert (await pinged(hub.address)).good
        (asked,) = hub.asked
    assert (asked.method, asked.headers["content-type"]) == ("POST", "application/x-www-form-urlencoded")
    assert asked.form == {"hub.mode": "publish", "hub.url": TOPIC, "hub.topic": TOPIC}


async def test_many_pings_go_over_one_connection() -> None:
    with Site() as hub:
        publisher = WebSubPublisher(Hub(address=hub.address, on_this_machine=True), PUBLIC, PLAIN, NETWORK.look_up)
        assert [(await publisher.ping(TOPIC, NOW)).status for _ in range(3)] == [204] * 3
        await publisher.close()
        assert (len(hub.asked), hub.connections) == (3, 1)


async def test_a_hub_that_is_down_is_an_answer_in_words() -> None:
    answer = await pinged(f"http://127.0.0.1:{free_port()}/")
    assert (answer.status, answer.of_hub) == (0, True)
    assert answer.said.startswith("no connection to 127.0.0.1")


async def test_a_hub_that_says_no_is_quoted_on_one_line_and_not_at_length() -> None:
    with Site(lambda _: Reply(status=500, body=b"out\r\nof \x00 order " + b"x" * 9000)) as hub:
        answer = await pinged(hub.address)
    assert answer.said.startswith("500 out of order xxx")
    assert len(answer.said) < 250


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("Fri, 09 Jan 2026 08:10:00 GMT", timedelta(minutes=10)),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("9" * 400, None),
    ],
)
async def test_a_hub_may_ask_for_time(asked: str, wait: timedelta | None) -> None:
    with Site(lambda _: Reply(status=429, headers={"Retry-After": asked})) as hub:
        assert (await pinged(hub.address)).retry_after == wait


async def test_a_redirect_is_followed_nowhere_and_its_remedy_is_said() -> None:
    with Site() as inside, Site(lambda _: Reply(status=307, headers={"Location": inside.address})) as hub:
        answer = await pinged(hub.address)
        assert inside.asked == []
    assert (answer.status, answer.of_hub) == (307, True)
    assert "publish.hubs" in answer.said


async def test_of_ten_megabytes_no_more_is_read_than_is_wanted() -> None:
    with Site(lambda _: Reply(status=500, body=b"x" * 10_000_000)) as hub:
        began = time.monotonic()
        assert (await pinged(hub.address)).status == 500
        assert time.monotonic() - began < 5


async def test_a_hub_that_answers_never_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websub, "TOTAL_SECONDS", 0.3)
    with Site(lambda _: Reply(after=5)) as hub:
        began = time.monotonic()
        answer = await pinged(hub.address)
        assert time.monotonic() - began < 2
    assert (answer.status, "no answer within" in answer.said) == (0, True)


async def test_a_hub_that_says_yes_and_never_ends_has_heard_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websub, "TOTAL_SECONDS", 0.3)
    with Site(lambda _: Reply(status=202, body=b"t", cut=9)) as hub:
        assert (await pinged(hub.address)).good


def at(*addresses: str) -> Resolve:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolve


async def test_a_public_name_that_leads_inside_is_not_followed() -> None:
    with Site() as inside:
        answer = await pinged(
            f"http://hub.example.org:{inside.port}/", local=False, resolve=at("127.0.0.1", "10.0.0.1")
        )
        assert inside.asked == []
    assert (answer.status, answer.of_hub) == (0, True)
    assert "hub.example.org leads to 127.0.0.1, 10.0.0.1" in answer.said


async def test_a_name_that_is_not_found_is_said() -> None:
    async def nothing(_host: str, _port: int) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")

    answer = await pinged("https://hub.example.org/", local=False, resolve=nothing)
    assert answer.said == "hub.example.org is not found: Name or service not known"


async def test_a_name_server_that_is_silent_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "CONNECT_SECONDS", 0.2)

    async def silent(_host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return ()

    answer = await pinged("https://hub.example.org/", local=False, resolve=silent)
    assert answer.said == "the name server does not answer for hub.example.org"


async def test_a_name_is_looked_up_once_and_the_checked_address_is_asked_in_its_name() -> None:
    looked_up = 0

    async def rebinding(_host: str, _port: int) -> Sequence[str]:
        nonlocal looked_up
        looked_up += 1
        return ["127.0.0.1"]

    with Site() as site:
        transport = CheckedTransport(PLAIN, lambda _: True, rebinding)
        async with httpx2.AsyncClient(transport=transport) as client:
            await client.get(f"http://hub.example.org:{site.port}/ping")
        assert (looked_up, site.asked[0].headers["host"]) == (1, f"hub.example.org:{site.port}")


async def test_a_name_with_swedish_letters_is_asked_for_as_the_dns_has_it() -> None:
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with Site() as site:
        async with httpx2.AsyncClient(transport=CheckedTransport(PLAIN, lambda _: True, resolve)) as client:
            await client.get(f"http://malmö.example.org:{site.port}/")
        assert asked == ["xn--malm-8qa.example.org"]
        assert site.asked[0].headers["host"] == f"xn--malm-8qa.example.org:{site.port}"


async def test_an_address_that_takes_no_connection_leaves_it_to_the_next() -> None:
    with Site() as site:
        transport = CheckedTransport(PLAIN, lambda _: True, at("::1", "127.0.0.1"))
        async with httpx2.AsyncClient(transport=transport) as client:
            answer = await client.post(f"http://hub.example.org:{site.port}/", data={"a": "b"})
        assert (answer.status_code, site.asked[0].form) == (204, {"a": "b"})


@pytest.mark.parametrize(("name", "good"), [("hub.example.org", True), ("other.example.org", False)])
async def test_a_certificate_must_name_the_hub_and_not_its_address(name: str, good: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a table
    made = certificate(tmp_path, name)
    trusting = ssl.create_default_context(cafile=str(made))
    with Site(tls=server_tls(made)) as hub:
        address = f"https://hub.example.org:{hub.port}/"
        publisher = WebSubPublisher(Hub(address=address, on_this_machine=True), PUBLIC, trusting, at("127.0.0.1"))
        answer = await publisher.ping(TOPIC, NOW)
        await publisher.close()
    assert answer.good is good
    assert good or "certificate" in answer.said.lower()


async def test_the_authorities_of_this_machine_are_trusted_too() -> None:
    context = await NETWORK.tls()
    assert context is await NETWORK.tls()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
