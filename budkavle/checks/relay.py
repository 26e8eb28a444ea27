"""Talking to the relay as far as a letter would need, and no further: no letter is begun."""

import asyncio
import re
import ssl
from collections.abc import Iterator
from enum import Enum

from aiosmtplib import SMTP, SMTPConnectError, SMTPException, SMTPResponseException, SMTPServerDisconnected

from budkavle.config_faults import Finding
from budkavle.config_lines import Place
from budkavle.config_settings import Smtp

SECONDS = 5
"""How long the whole conversation may take."""

_SHOWN = 200
_IMPLICIT_PORT = 465
_SMTP: Place = ("mail", "smtp")


class _Step(Enum):
    """How far the conversation has come."""

    CONNECT = "connecting"
    TLS = "STARTTLS"
    LOGIN = "logging in"


class _Conversation:
    """Connect, EHLO, TLS with the certificate checked, AUTH, QUIT."""

    def __init__(self, smtp: Smtp, password: str | None) -> None:
        self._smtp = smtp
        self._password = password
        self.step = _Step.CONNECT

    async def hold(self) -> None:
        smtp = self._smtp
        client = SMTP(
            hostname=smtp.host, port=smtp.port, use_tls=smtp.tls == "implicit", start_tls=False, timeout=SECONDS
        )
        try:
            await client.connect()
            await client.ehlo()
            if smtp.tls == "starttls":
                self.step = _Step.TLS
                await client.starttls()
            if smtp.user and self._password:
                self.step = _Step.LOGIN
                await client.login(smtp.user, self._password)
            await client.quit()
        finally:
            if isinstance(client.transport, asyncio.WriteTransport):
                client.transport.abort()  # closing TLS waits for the relay's goodbye, and this loop ends at once
            client.close()


def relay_findings(smtp: Smtp, password: str | None) -> Iterator[Finding]:
    """What keeps the relay from taking our letters, in its own words, and the setting that mends it."""
    talk = _Conversation(smtp, password)
    try:
        asyncio.run(asyncio.wait_for(talk.hold(), SECONDS))
    except (SMTPException, OSError, ValueError) as error:
        yield _finding(talk.step, smtp, error, password)


def _finding(step: _Step, smtp: Smtp, error: Exception, password: str | None) -> Finding:
    name, remedy = _remedy(step, smtp, error)
    what = _what(step, error)
    return Finding(place=(*_SMTP, name), what=_harmless(what, password), remedy=remedy)


def _what(step: _Step, error: Exception) -> str:
    tls = _tls_fault(error)
    match error:
        case SMTPResponseException():
            return f"the relay said: {error.code} {error.message}"
        case _ if isinstance(tls, ssl.SSLCertVerificationError):
            return f"the relay's certificate is not trusted: {tls.verify_message}"
        case _ if tls:
            return f"{step.value}: TLS failed: {tls.reason or tls}"
        case SMTPServerDisconnected():
            return f"{step.value}: the relay hung up"
        case TimeoutError():
            return f"{step.value}: no answer within {SECONDS} seconds"
        case _:
            return f"{step.value}: {error}"


def _remedy(step: _Step, smtp: Smtp, error: Exception) -> tuple[str, str]:
    """The setting to look at, and what to do with it."""
    tls = _tls_fault(error)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return "host", "write the name that stands in its certificate, or let this machine trust who signed it"
    if tls or step is _Step.TLS:
        other = "starttls" if smtp.tls == "implicit" else "implicit"
        return "tls", f'ask who runs the relay whether this port wants tls = "{other}"'
    if step is _Step.LOGIN:
        return "user", "mend user, or the first line of password_file"
    if isinstance(error, SMTPResponseException) and not isinstance(error, SMTPConnectError):
        return "host", "ask who runs the relay to let this machine in"
    if smtp.port == _IMPLICIT_PORT and smtp.tls != "implicit":
        return "tls", 'write tls = "implicit": this port begins with TLS'
    return "host", "mend host or port, or start the relay and open the way to it"


def _tls_fault(error: BaseException | None) -> ssl.SSLError | None:
    """The TLS fault behind an error, if there is one."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _harmless(text: str, password: str | None) -> str:
    """What a relay said, in one short line, without addresses, and without the password if it repeats it."""
    line = "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
    line = line.replace(password, "…") if password else line
    line = re.sub(r"[^\s<>]+@[^\s<>]+", "…", line)
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
