"""Web servers in front that hide their visitors are told of, and nobody else is taken for one."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from budkavle.alarms.detect import detect
from budkavle.config.field_types import Wrong, listen
from budkavle.config.networks import network
from budkavle.web.proxies import Proxies
from tests.budkavle.asking import Site, site
from tests.budkavle.running_newsroom import until
from tests.installed import budkavle, changed, free_port

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PUBLIC = "nyheter.example.org"
HEADERS = {
    "X-Forwarded-For": "198.51.100.7",
    "Forwarded": "for=198.51.100.7",
    "X-Real-IP": "198.51.100.7",
    "CF-Connecting-IP": "198.51.100.7",
    "True-Client-IP": "198.51.100.7",
    "Fly-Client-IP": "198.51.100.7",
}


async def whom(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that says for whom it is asked."""
    client = Request(scope).client
    await PlainTextResponse(client.host if client else "nobody")(scope, receive, send)


class Front:
    """The rule with its clock and its bell."""

    def __init__(self, *trusted: str) -> None:
        self.now, self.rang = NOW, 0
        self.proxies = Proxies(whom, trusted, PUBLIC, self._ring, lambda: self.now)

    def _ring(self) -> None:
        self.rang += 1

    def ask(self, at: str, method: str = "GET", host: str = PUBLIC, **headers: str) -> str:
        names = {name.replace("_", "-"): value for name, value in headers.items()}

        async def asked() -> str:
            transport = httpx2.ASGITransport(app=self.proxies, client=(at, 4711))
            async with httpx2.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
                return (await client.request(method, "/", headers=names)).text

        return asyncio.run(asked())

    def told(self) -> list[str]:
        return [f"{one.about}: {one.what}" for one in self.proxies.alarms()]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("at", ["127.0.0.1", "::1", "172.17.0.1", "10.1.2.3", "fd00::1", "192.168.0.9"])
def test_an_untrusted_neighbour_that_names_its_visitors_is_told_with_the_line_to_write(at: str, header: str) -> None:
    front = Front()
    for _ in range(3):
        assert front.ask(at, **{header: HEADERS[header]}) == at
    (told,) = front.told()
    assert f'write trusted_proxies = ["{at}"] in [web]' in told
    assert header in told
    assert ("X-Forwarded-For $remote_addr" in told) == (header != "X-Forwarded-For")
    assert front.rang == 1


def test_the_line_keeps_whoever_is_trusted_already() -> None:
    front = Front("127.0.0.1", "10.0.0.0/8")
    front.ask("172.17.0.1", X_Forwarded_For="198.51.100.7")
    assert 'trusted_proxies = ["127.0.0.1", "10.0.0.0/8", "172.17.0.1"]' in front.told()[0]


@pytest.mark.parametrize(
    ("trusted", "at"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("::1", "0:0:0:0:0:0:0:1"),
        ("10.0.0.0/8", "10.200.0.1"),
        ("fd00::/8", "fd12::3"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("::ffff:10.0.0.0/104", "10.1.1.1"),
    ],
)
def test_a_trusted_neighbour_is_believed_and_nothing_is_told(trusted: str, at: str) -> None:
    front = Front(network(trusted))
    assert front.ask(at, "POST", X_Forwarded_For="198.51.100.7") == "198.51.100.7"
    assert front.ask(at, "POST", X_Forwarded_For="198.51.100.7:50123") == "198.51.100.7"
    assert front.told() == []


def test_a_trusted_neighbour_that_names_its_visitors_in_another_way_is_told_what_to_send() -> None:
    front = Front("127.0.0.1")
    front.ask("127.0.0.1", X_Real_IP="198.51.100.7")
    (told,) = front.told()
    assert "X-Real-IP, which is not read" in told
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in told


@pytest.mark.parametrize(
    "value",
    [
        "",
        " , ",
        "unknown",
        "unix:",
        "-",
        "_hidden",
        "localhost",
        "for=198.51.100.7",
        '"198.51.100.7"',
        "198.51.100.7,",
        "198.51.100.7, unknown",
        "[2001:db8::1",
        "999.1.1.1",
        "x" * 10_000,
    ],
)
def test_a_trusted_neighbour_that_names_its_visitors_by_no_address_is_told_what_to_send(value: str) -> None:
    front = Front("127.0.0.1")
    front.ask("127.0.0.1", X_Forwarded_For=value)
    (told,) = front.told()
    assert "by no internet address in X-Forwarded-For" in told
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in told
    assert front.rang == 1
    front.ask("127.0.0.1", X_Forwarded_For="198.51.100.7")
    assert front.told() == []


@pytest.mark.parametrize(
    ("value", "visitor"),
    [
        ("1.1.1.1, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1, 198.51.100.7", "198.51.100.7"),
        ("garbage, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (", ".join(["192.0.2.1"] * 1000) + ", 198.51.100.7", "198.51.100.7"),
        ("192.0.2.1, [2001:db8::7]:443", "2001:db8::7"),
        ("192.0.2.1,2001:db8::7 ", "2001:db8::7"),
        ("10.0.0.5, 10.0.0.6", "10.0.0.5"),
    ],
)
def test_what_a_visitor_writes_before_the_trusted_part_is_nobody(value: str, visitor: str) -> None:
    front = Front("127.0.0.1", "10.0.0.0/8")
    assert front.ask("127.0.0.1", "POST", X_Forwarded_For=value) == visitor
    assert front.told() == []


def test_a_trusted_neighbour_that_names_nobody_is_told_once_a_form_comes_under_the_public_name() -> None:
    front = Front("127.0.0.1")
    front.ask("127.0.0.1")
    front.ask("127.0.0.1", "POST", host="127.0.0.1:8090")
    assert front.told() == []
    front.ask("127.0.0.1", "POST")
    assert "does not say for whom" in front.told()[0]
    front.ask("127.0.0.1", X_Forwarded_For="198.51.100.7")
    assert front.told() == []


def test_a_stranger_on_the_internet_who_writes_a_header_is_not_taken_for_a_web_server_of_ours() -> None:
    front = Front("127.0.0.1")
    for _ in range(5):
        front.ask("8.8.8.8", X_Forwarded_For="198.51.100.7")
    front.ask("9.9.9.9")
    assert (front.told(), front.rang) == ([], 0)


def test_a_web_server_elsewhere_on_the_internet_is_told_by_the_visitors_it_names() -> None:
    front = Front("127.0.0.1")
    for number in range(3):
        front.ask("8.8.8.8", X_Forwarded_For=f"198.51.100.{number}")
    assert '"8.8.8.8"]' in front.told()[0]
    assert front.rang == 1


def test_it_is_over_after_a_day_without_and_strangers_by_the_thousand_are_not_all_remembered() -> None:
    front = Front()
    for number in range(300):
        front.ask(f"10.0.{number // 250}.{number % 250}", X_Forwarded_For="198.51.100.7")
    assert "and others" in front.told()[0]
    front.now += timedelta(days=1)
    assert front.told() == []


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("*", "name the web servers in front"),
        ("0.0.0.0/0", "name the web servers in front"),
        ("::/0", "name the web servers in front"),
        ("localhost", '"127.0.0.1"'),
        ("unix:", "by TCP alone"),
        ("10.0.0.5/8", 'write "10.0.0.0/8"'),
        ("127.0.0.1:8090", "without a port"),
        ("proxy.example.org", "192.0.2.10"),
    ],
)
def test_what_names_no_web_server_is_refused_with_what_to_write(text: str, remedy: str) -> None:
    with pytest.raises(Wrong) as caught:
        network(text)
    assert remedy in str(caught.value)


@pytest.mark.parametrize("text", ["unix:/run/budkavle.sock", "/run/budkavle.sock", "var/budkavle.sock"])
def test_a_unix_socket_is_refused_by_name(text: str) -> None:
    with pytest.raises(Wrong, match="is a Unix socket"):
        listen(text)


@given(st.ip_addresses())
def test_every_address_is_itself_or_what_it_stands_for(address: object) -> None:
    assert network(network(str(address))) == network(str(address))


# What limits withhold


@pytest.fixture
def pages(home: Path) -> Iterator[Site]:
    with site(home, "[limits]\nfill_seconds = 0\n") as opened:
        yield opened


def test_fourteen_joins_behind_a_web_server_that_is_not_trusted_are_told_in_log_and_status(pages: Site) -> None:
    with structlog.testing.capture_logs() as log:
        for number in range(14):
            answer = pages.post("/prenumerera", pages.form(address=f"a{number}@d{number}.test"), host="127.0.0.1")
            assert answer.status_code == 200
    assert len(pages.letters()) == 10
    lines = [each for each in log if each["event"] == "letter_withheld"]
    assert [each["this_hour"] for each in lines] == [1, 2, 4]
    assert {each["setting"] for each in lines} == {"limits.network and limits.wide_network"}
    (alarm,) = [each for each in detect(pages.service, datetime.now(UTC)) if each.kind == "letters_withheld"]
    assert alarm.what.startswith("4 letters were not sent")
    assert "web.trusted_proxies" in alarm.what
    said = budkavle("status", folder=pages.home)
    assert "letters withheld since yesterday: 4 by limits.network and limits.wide_network" in said.out
    assert "127.0.0" not in said.out.replace("127.0.0.1:8090", "")
    assert "d13.test" not in said.out + str(lines)


def test_who_asks_twice_is_counted_and_is_no_alarm(pages: Site) -> None:
    for _ in range(3):
        pages.post("/prenumerera", pages.form())
    assert [each for each in detect(pages.service, datetime.now(UTC)) if "letter" in each.kind] == []
    said = budkavle("status", folder=pages.home).out
    assert "letters withheld since yesterday: 2 by limits.minutes_between, limits.per_day" in said


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_page_promises_no_letter_that_a_limit_withholds_and_is_the_same_either_way(
    pages: Site, language: str
) -> None:
    path = f"/prenumerera?sprak={language}"
    form = pages.form(path, digest="veckobrev", address="lasare@example.org")
    sent, withheld = (pages.post(path, form).text for _ in range(2))
    assert len(pages.letters()) == 1
    assert sent == withheld
    lead = " ".join(re.findall(r'<p class="lead">(.*?)</p>', sent))
    said = {"sv": "inte har beställts för många brev på sistone", "en": "not too many letters have been asked for"}
    assert said[language] in lead
    assert "på väg" not in lead
    assert "on its way" not in lead


# The whole daemon


@pytest.mark.parametrize(("setting", "trusted"), [("[]", '"127.0.0.1"'), ('["10.0.0.1"]', '"10.0.0.1", "127.0.0.1"')])
def test_the_daemon_tells_the_line_in_its_log_and_status_at_once_and_once(
    home: Path, setting: str, trusted: str
) -> None:
    config, port = home / "config.toml", free_port()
    text = changed(config.read_text(encoding="utf-8"), listen=f"127.0.0.1:{port}")
    config.write_text(text.replace('#trusted_proxies = ["127.0.0.1", "::1"]', f"trusted_proxies = {setting}"), "utf-8")
    line = f"trusted_proxies = [{trusted}]"
    with (home / "run.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "budkavle", "run", "--config", str(config)], cwd=home, stderr=log
        )
    try:
        headers = {"X-Forwarded-For": "198.51.100.7", "Host": f"127.0.0.1:{port}"}
        until(lambda: answers(f"http://127.0.0.1:{port}/", headers), "the daemon")
        until(lambda: line in budkavle("status", folder=home).out, "the alarm")
        for _ in range(5):
            assert answers(f"http://127.0.0.1:{port}/", headers)
    finally:
        process.terminate()
        process.wait()
    written = (home / "run.log").read_text(encoding="utf-8").replace('\\"', '"')
    assert len([each for each in written.splitlines() if line in each]) == 1
    assert "198.51.100" not in written


def answers(address: str, headers: dict[str, str]) -> bool:
    try:
        return httpx2.get(address, headers=headers).status_code == 200
    except httpx2.TransportError:
        return False


def test_check_tells_who_listens_for_a_web_server_on_this_machine_and_does_not_trust_it(home: Path) -> None:
    config = home / "config.toml"
    text = changed(config.read_text(encoding="utf-8"), public_url="https://nyheter.example.org/")
    text = text.replace('#trusted_proxies = ["127.0.0.1", "::1"]', 'trusted_proxies = ["10.0.0.0/8"]')
    config.write_text(text, encoding="utf-8")
    said = budkavle("check", folder=home)
    assert said.code == 1
    assert 'write trusted_proxies = ["10.0.0.0/8", "127.0.0.1"]' in said.out
    config.write_text(text.replace('["10.0.0.0/8"]', '["127.0.0.0/8"]'), encoding="utf-8")
    assert "trusted_proxies" not in budkavle("check", folder=home).out
