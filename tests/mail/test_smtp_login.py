"""Logging in at a relay that speaks SASL for real: by token or password, the strongest way that it offers."""

import asyncio
import base64
import json
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from scramp import ScramException, ScramMechanism

from mail.adapters.smtp import SmtpRelay
from mail.adapters.smtp_connect import RelayAddress, Tls
from mail.adapters.token_command import TokenCommand, TokenError
from mail.relay import Envelope as Ours
from mail.reply import Reply, Verdict, heals, verdict
from tests.digest.relay import certificate, server_tls

USER, PASSWORD = "budkavle", "hemligt ord"
LETTER = Ours(sender="nyheter@example.org", recipient="lasare@example.org", letter=b"Subject: Nytt\r\n\r\nHej!\r\n")
AUTHENTICATED = AuthResult(success=True)


class Handler:
    """Takes letters from who is logged in, knows passwords and tokens, and remembers what was used."""

    def __init__(self, tokens: Sequence[str] = (), mechanism: str = "SCRAM-SHA-256", knows: str = PASSWORD) -> None:
        self.tokens, self.used, self.letters = list(tokens), list[str](), 0
        self._scram = ScramMechanism(mechanism)
        self._auth = self._scram.make_auth_info(knows)

    async def handle_DATA(self, _server: SMTP, session: Session, _envelope: Envelope) -> str:  # noqa: N802
        self.letters += bool(session.authenticated)
        return "250 ok" if session.authenticated else "530 5.7.0 log in"

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        return await self._token(server, args, "XOAUTH2")

    async def auth_OAUTHBEARER(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        return await self._token(server, args, "OAUTHBEARER")

    async def _token(self, server: SMTP, args: list[str], name: str) -> AuthResult:
        self.used.append(name)
        said = base64.b64decode(args[1]).decode()
        assert USER in said
        if any(f"auth=Bearer {token}\x01\x01" in said for token in self.tokens):
            return AUTHENTICATED
        await server.challenge_auth(json.dumps({"status": "400", "schemes": "Bearer"}))
        return AuthResult(success=False, handled=False)

    async def auth_SCRAM__SHA__256(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        return await self._scrammed(server, args, "SCRAM-SHA-256")

    async def auth_SCRAM__SHA__1(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        return await self._scrammed(server, args, "SCRAM-SHA-1")

    async def _scrammed(self, server: SMTP, args: list[str], name: str) -> AuthResult:
        self.used.append(name)
        asking = self._scram.make_server(lambda _: self._auth)
        asking.set_client_first(base64.b64decode(args[1]).decode())
        try:
            answer = await server.challenge_auth(asking.get_server_first())
            assert isinstance(answer, bytes)
            asking.set_client_final(answer.decode())
        except ScramException:
            return AuthResult(success=False, handled=False)
        await server.challenge_auth(asking.get_server_final())
        return AUTHENTICATED


@asynccontextmanager
async def relay(handler: Handler, pem: Path, without: Sequence[str] = ()) -> AsyncIterator[int]:
    """A server that wants TLS first, and offers every mechanism but these."""

    def session() -> SMTP:
        return SMTP(
            handler, tls_context=server_tls(pem), auth_required=True, auth_exclude_mechanism=without, hostname="relay"
        )

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("pem"))


def printing(folder: Path, *tokens: str) -> TokenCommand:
    """A command that prints one of these at each run, and the last one from then on."""
    script, count = folder / "token.py", folder / "count"
    script.write_text(
        f"import pathlib\nc = pathlib.Path({str(count)!r})\nn = int(c.read_text()) if c.exists() else 0\n"
        f"c.write_text(str(n + 1))\nprint({list(tokens)!r}[min(n, {len(tokens) - 1})])\n"
    )
    return TokenCommand([sys.executable, str(script)])


async def one_letter(port: int, pem: Path, token: TokenCommand | None = None, tls: Tls = Tls.STARTTLS) -> Reply:
    password = None if token else PASSWORD
    where = RelayAddress(
        host="localhost", port=port, tls=tls, user=USER, password=password, token=token, ca_file=str(pem)
    )
    carrier = SmtpRelay(where)
    try:
        return await carrier.offer(LETTER) or await carrier.finish()
    finally:
        await carrier.close()


@pytest.mark.parametrize(("name", "without"), [("OAUTHBEARER", ()), ("XOAUTH2", ("OAUTHBEARER",))])
async def test_a_token_opens_the_way(name: str, without: Sequence[str], pem: Path, tmp_path: Path) -> None:
    handler = Handler(["good"])
    async with relay(handler, pem, without) as port:
        assert verdict(await one_letter(port, pem, printing(tmp_path, "good"))) is Verdict.SENT
    assert (handler.used, handler.letters) == ([name], 1)


async def test_a_token_that_is_refused_is_replaced_once(pem: Path, tmp_path: Path) -> None:
    handler = Handler(["new"])
    async with relay(handler, pem) as port:
        assert verdict(await one_letter(port, pem, printing(tmp_path, "old", "new"))) is Verdict.SENT
    assert len(handler.used) == 2


async def test_tokens_that_are_refused_again_and_again_pause_and_are_told_to_nobody(pem: Path, tmp_path: Path) -> None:
    handler = Handler(["good"])
    async with relay(handler, pem) as port:
        reply = await one_letter(port, pem, printing(tmp_path, "wrongtoken"))
    assert verdict(reply) is Verdict.PAUSE
    assert not heals(reply)
    assert "wrongtoken" not in str(reply)
    assert len(handler.used) == 2


@pytest.mark.parametrize("name", ["SCRAM-SHA-256", "SCRAM-SHA-1"])
async def test_scram_is_taken_before_what_shows_the_password(name: str, pem: Path) -> None:
    handler = Handler(mechanism=name)
    other = "SCRAM-SHA-1" if name == "SCRAM-SHA-256" else "SCRAM-SHA-256"
    async with relay(handler, pem, (other,)) as port:
        assert verdict(await one_letter(port, pem)) is Verdict.SENT
    assert (handler.used, handler.letters) == ([name], 1)


async def test_a_wrong_password_pauses_for_a_person(pem: Path) -> None:
    handler = Handler(knows="another")
    async with relay(handler, pem, ("PLAIN", "LOGIN", "SCRAM-SHA-1")) as port:
        reply = await one_letter(port, pem)
    assert verdict(reply) is Verdict.PAUSE
    assert not heals(reply)
    assert PASSWORD not in str(reply)


async def test_a_relay_without_a_way_that_can_be_used_pauses_for_a_person_and_names_what_it_offers(
    pem: Path, tmp_path: Path
) -> None:
    handler = Handler()
    async with relay(handler, pem, ("XOAUTH2", "OAUTHBEARER")) as port:
        reply = await one_letter(port, pem, printing(tmp_path, "good"))
    assert (verdict(reply), heals(reply)) == (Verdict.PAUSE, False)
    assert "PLAIN" in reply.text


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("import sys; sys.exit('client_secret=hunter2 for drift@example.org failed')", "exit code 1"),
        ("import sys; print('x', file=sys.stderr); sys.exit(3)", "exit code 3: x"),
        ("print()", "prints no token"),
        ("print('two words')", "prints no token"),
        ("print('å')", "prints no token"),
        ("import time; time.sleep(9)", "within 0.5 seconds"),
    ],
)
def test_a_command_that_gives_no_token_is_named_with_its_code_and_no_secret(code: str, named: str) -> None:
    with pytest.raises(TokenError, match=named) as told:
        TokenCommand([sys.executable, "-c", code], seconds=0.5 if "sleep" in code else 30).run()
    assert "hunter2" not in str(told.value)
    assert "@" not in str(told.value)


def test_a_command_that_is_not_there_is_nothing_that_waiting_mends() -> None:
    with pytest.raises(TokenError, match="cannot be run") as told:
        TokenCommand(["/nowhere/token"]).run()
    assert told.value.lasting


def test_a_certificate_authority_of_ones_own_is_trusted_where_it_is_named(pem: Path) -> None:
    assert ssl.create_default_context(cafile=pem).get_ca_certs()
