"""Logging in at a relay: SASL over AUTH (RFC 4954), by the strongest mechanism that the relay offers.

| mechanism                        | with     | over       |
|----------------------------------|----------|------------|
| OAUTHBEARER (RFC 7628), XOAUTH2  | a token  | TLS        |
| SCRAM-SHA-256, -1 (RFC 7677)     | password | anything   |
| CRAM-MD5 (RFC 2195)              | password | anything   |
| PLAIN (RFC 4616), LOGIN          | password | TLS        |
"""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiosmtplib import SMTP, SMTPAuthenticationError

from mail.adapters.token_command import TokenCommand

_WELCOME, _GO_ON = 235, 334


class NoMechanismError(ValueError):
    """The relay offers no way to log in that is safe and known here."""

    def __init__(self, offered: list[str]) -> None:
        said = ", ".join(sorted(offered)).upper() or "none at all"
        super().__init__(f"the relay offers no login that can be used (it offers {said}); ask who runs it")


class UnprovedRelayError(ValueError):
    """The relay did not prove that it knows the password, as SCRAM demands: it may be another one."""

    def __init__(self) -> None:
        super().__init__("the relay did not prove that it knows the password (SCRAM): it may be another machine")


@dataclass(frozen=True, kw_only=True)
class Login:
    """Who we are to the relay, and by what it shall know us: a password, or a command that gives tokens."""

    user: str
    password: str | None = None
    token: TokenCommand | None = None


async def log_in(client: SMTP, login: Login, *, is_secure: bool) -> None:
    """Log in. Raises SMTPResponseException when the relay refuses, TokenError, NoMechanismError, UnprovedRelayError.

    A mechanism that is offered and then refused gives way to the next one, as long as it is a password's.
    """
    offered = [mechanism.lower() for mechanism in client.server_auth_methods]
    if login.token is not None:
        await _with_token(client, login, login.token, offered if is_secure else [])
        return
    ways = [way for name, way, needs_tls in _WAYS if name in offered and (is_secure or not needs_tls)]
    if not ways:
        raise NoMechanismError(offered)
    for last, way in ((way is ways[-1], way) for way in ways):
        try:
            await way(client, login.user, login.password or "")
        except SMTPAuthenticationError as refused:
            if last or refused.code // 100 != _REFUSED or not client.is_connected:
                raise
        else:
            return


_REFUSED = 5


async def _with_token(client: SMTP, login: Login, command: TokenCommand, offered: list[str]) -> None:
    name = next((mechanism for mechanism in ("oauthbearer", "xoauth2") if mechanism in offered), None)
    if name is None:
        raise NoMechanismError(offered)
    token = await command.token()
    bearer = f"auth=Bearer {token}\x01\x01"
    said = f"n,a={login.user},\x01{bearer}" if name == "oauthbearer" else f"user={login.user}\x01{bearer}"
    code, text = await _auth(client, name, said.encode())
    if code == _GO_ON:  # the reason in JSON, which wants an answer before the refusal
        code, text = await client.execute_command(b"AQ==" if name == "oauthbearer" else b"")
    if code != _WELCOME:
        command.forget()
        raise SMTPAuthenticationError(code, text)


async def _auth(client: SMTP, name: str, first: bytes) -> tuple[int, str]:
    response = await client.execute_command(b"AUTH", name.upper().encode(), base64.b64encode(first))
    return response.code, response.message


def _scram(name: str) -> "Callable[[SMTP, str, str], Awaitable[None]]":
    async def way(client: SMTP, user: str, password: str) -> None:
        from scramp import ScramClient, ScramException  # noqa: PLC0415 - only who needs it waits for it

        scram = ScramClient([name], user, password)
        code, text = await _auth(client, name, scram.get_client_first().encode())
        try:
            for take, give in ((scram.set_server_first, scram.get_client_final), (scram.set_server_final, str)):
                if code != _GO_ON:
                    break
                take(base64.b64decode(text).decode())
                answer = base64.b64encode(give().encode())
                code, text = await client.execute_command(answer)
            else:
                if code == _WELCOME:
                    return
        except (ScramException, ValueError) as wrong:
            raise UnprovedRelayError from wrong
        if code == _WELCOME:
            raise UnprovedRelayError
        raise SMTPAuthenticationError(code, text)

    return way


async def _cram_md5(client: SMTP, user: str, password: str) -> None:
    await client.auth_crammd5(user, password)


async def _plain(client: SMTP, user: str, password: str) -> None:
    await client.auth_plain(user, password)


async def _login(client: SMTP, user: str, password: str) -> None:
    await client.auth_login(user, password)


_WAYS = (
    ("scram-sha-256", _scram("SCRAM-SHA-256"), False),
    ("scram-sha-1", _scram("SCRAM-SHA-1"), False),
    ("cram-md5", _cram_md5, False),
    ("plain", _plain, True),
    ("login", _login, True),
)
