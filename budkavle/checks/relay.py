"""Check of the relay: an SMTP conversation as far as a letter would need it, and no letter is begun."""

import asyncio
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from aiosmtplib import SMTP, SMTPConnectError, SMTPException, SMTPResponseException, SMTPServerDisconnected

from budkavle.config.faults import Finding
from budkavle.config.settings import Smtp
from budkavle.config.toml_lines import Place
from mail.adapters.smtp_login import Login, log_in
from mail.adapters.token_command import TokenError

SECONDS = 5
"""How long the whole conversation may take."""

_SHOWN = 200
_IMPLICIT_PORT = 465
_SMTP: Place = ("mail", "smtp")


class _Step(Enum):
    """A step of the SMTP conversation."""

    CONNECT = "connecting"
    TLS = "STARTTLS"
    LOGIN = "logging in"
    SENDER = "naming the sender"


class _Conversation:
    """Connect, EHLO, TLS with the certificate checked, AUTH, MAIL as a letter has it, RSET, QUIT."""

    def __init__(self, smtp: Smtp, how: "Trial") -> None:
        self._smtp = smtp
        self._how = how
        self.step = _Step.CONNECT

    async def hold(self) -> None:
        smtp = self._smtp
        client = SMTP(
            hostname=smtp.host,
            port=smtp.port,
            use_tls=smtp.tls == "implicit",
            start_tls=False,
            timeout=SECONDS,
            cert_bundle=self._how.ca_file,
        )
        try:
            await client.connect()
            await client.ehlo()
            if smtp.tls == "starttls":
                self.step = _Step.TLS
                await client.starttls()
                await client.ehlo()
            if self._how.login is not None:
                self.step = _Step.LOGIN
                await log_in(client, self._how.login, is_secure=smtp.tls != "none")
            if self._how.sender:
                self.step = _Step.SENDER
                await client.mail(self._how.sender)
                await client.rset()
            await client.quit()
        finally:
            if isinstance(client.transport, asyncio.WriteTransport):
                client.transport.abort()  # closing TLS waits for the relay's goodbye, and this loop ends at once
            client.close()


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Credentials of a trial: our login, who vouches for it, and the envelope sender of a letter."""

    login: Login | None = None
    ca_file: str | None = None
    sender: str | None = None


def relay_findings(smtp: Smtp, how: Trial) -> Iterator[Finding]:
    """Findings about the relay: why it takes no letter of ours, in its own words, and the setting that mends it."""
    talk = _Conversation(smtp, how)
    password = how.login.password if how.login else None
    try:
        if how.login and how.login.token:
            how.login.token.prepare()
        asyncio.run(asyncio.wait_for(talk.hold(), SECONDS))
    except TokenError as error:
        what, remedy = str(error), "run it by hand as this user; it must print a token and nothing else"
        yield Finding(place=(*_SMTP, "token_command"), what=what, remedy=remedy)
    except (SMTPException, OSError, ValueError) as error:
        yield _finding(talk.step, smtp, error, password)


def _finding(step: _Step, smtp: Smtp, error: Exception, password: str | None) -> Finding:
    name, remedy = _remedy(step, smtp, error)
    what = _what(step, error)
    place = ("bounces", "address") if step is _Step.SENDER and name == "address" else (*_SMTP, name)
    return Finding(place=place, what=_harmless(what, password), remedy=remedy)


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
        remedy = "write the name that stands in its certificate, or name who signed it in ca_file"
        return "ca_file" if smtp.ca_file else "host", remedy
    if tls or step is _Step.TLS:
        other = "starttls" if smtp.tls == "implicit" else "implicit"
        return "tls", f'ask who runs the relay whether this port wants tls = "{other}"'
    if step in _REMEDIES:
        return _REMEDIES[step](smtp)
    if isinstance(error, SMTPResponseException) and not isinstance(error, SMTPConnectError):
        return "host", "ask who runs the relay to let this machine in"
    if smtp.port == _IMPLICIT_PORT and smtp.tls != "implicit":
        return "tls", 'write tls = "implicit": this port begins with TLS'
    return "host", "mend host or port, or start the relay and open the way to it"


def _of_login(smtp: Smtp) -> tuple[str, str]:
    other = "what token_command prints" if smtp.token_command else "the first line of password_file"
    return "user", f"mend user, or {other}"


def _of_sender(_: Smtp) -> tuple[str, str]:
    return "address", "ask who runs the relay to let us send from this address, with a tag behind a plus sign"


_REMEDIES = {_Step.LOGIN: _of_login, _Step.SENDER: _of_sender}


def _tls_fault(error: BaseException | None) -> ssl.SSLError | None:
    """The TLS fault behind an error, if there is one."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _harmless(text: str, password: str | None) -> str:
    """What a relay said, in one short line, without addresses, and without the password if it repeats it."""
    line = "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
    line = line.replace(password, "…") if password else line
    line = re.sub(r"(?<![^\s<>])[^\s<>]+@[^\s<>]+", "…", line)
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
