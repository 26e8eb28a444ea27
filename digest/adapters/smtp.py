"""Sending through an SMTP relay: aiosmtplib connects, secures and authenticates; the transaction is phase by phase.

aiosmtplib's own `sendmail()` hides whether a connection was lost before or after the final dot, and loses step with
the relay when a call is cancelled. Here each phase has its own reply, and after any surprise the connection is closed.
"""

from asyncio import CancelledError
from collections.abc import Awaitable
from dataclasses import dataclass
from enum import StrEnum

from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse

from digest.delivery import Phase, Reply
from digest.sending import Envelope

_SECONDS = 300.0
_DOT_SECONDS = 600.0
"""RFC 5321, section 4.5.3.2.6: ten minutes for the answer to the final dot."""
_MOST_LETTERS = 100
"""Letters a connection: relays close older ones, and balance their load by new ones."""


class Tls(StrEnum):
    """How a connection to the relay is secured. `none` is for the loopback only."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True, kw_only=True)
class RelayAddress:
    """Where the relay is, and who we are to it."""

    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = None


class SmtpRelay:
    """One connection to a relay, opened when needed and used again."""

    def __init__(self, where: RelayAddress) -> None:
        self._where = where
        self._client: SMTP | None = None
        self._letters = 0

    async def offer(self, envelope: Envelope) -> Reply | None:
        """MAIL, RCPT, DATA and the letter without its final dot."""
        if self._letters >= _MOST_LETTERS:
            await self.close()
        phase = Phase.CONNECT
        try:
            client = await self._connected()
            phase = Phase.MAIL
            await client.mail(envelope.sender, timeout=_SECONDS)
            phase = Phase.RCPT
            await client.rcpt(envelope.recipient, timeout=_SECONDS)
            phase = Phase.DATA
            await self._command(b"DATA", 354)
            _write(client, envelope.letter)
        except (SMTPException, OSError, ValueError) as error:
            return await self._refused(phase, error)
        except CancelledError:  # the relay may still answer what nobody waits for
            await self.drop()
            raise
        return None

    async def finish(self) -> Reply:
        """Write the final dot and wait for its answer, as long as the standard asks."""
        client = self._client
        if client is None or not client.is_connected:  # without its dot nothing was sent
            return await self._refused(Phase.DATA, ConnectionError())
        self._letters += 1
        try:
            _write(client, b".\r\n")
            answer = await _protocol(client).read_response(timeout=_DOT_SECONDS)
        except (SMTPException, OSError) as error:
            return await self._refused(Phase.DOT, error)
        except CancelledError:
            await self.drop()
            raise
        if answer.code != _DONE and not _is_orderly(answer.code):
            await self.drop()
        return Reply(phase=Phase.DOT, code=answer.code, text=answer.message)

    async def drop(self) -> None:
        """Close the connection without a dot: the relay throws away what it has (RFC 5321, section 4.1.1.4)."""
        client, self._client, self._letters = self._client, None, 0
        if client is not None:
            client.close()

    async def close(self) -> None:
        """Say goodbye, where there is somebody to say it to."""
        client = self._client
        if client is not None and client.is_connected:
            await _quietly(client.quit(timeout=5))
        await self.drop()

    async def _connected(self) -> SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        await self.drop()
        where = self._where
        client = SMTP(
            hostname=where.host,
            port=where.port,
            use_tls=where.tls is Tls.IMPLICIT,
            # Never None: that would go on in plain text when somebody strips STARTTLS from the greeting.
            start_tls=where.tls is Tls.STARTTLS,
            username=where.user,
            password=where.password,
            timeout=_SECONDS,
        )
        self._client = client
        await client.connect()
        return client

    def _alive(self) -> SMTP:
        if self._client is None:
            msg = "the connection is closed"
            raise ConnectionError(msg)
        return self._client

    async def _command(self, command: bytes, wanted: int) -> None:
        answer: SMTPResponse = await _protocol(self._alive()).execute_command(command, timeout=_SECONDS)
        if answer.code != wanted:
            raise SMTPResponseException(answer.code, answer.message)

    async def _refused(self, phase: Phase, error: Exception) -> Reply:
        """Turn an exception into a reply. Only an orderly refusal before DATA leaves the connection usable."""
        if not isinstance(error, SMTPResponseException):
            await self.drop()
            # Before MAIL an error's words name the relay or its certificate; later they could hold an address.
            return Reply(phase=phase, code=0, text=str(error) if phase is Phase.CONNECT else type(error).__name__)
        reply = Reply(phase=phase, code=error.code, text=error.message)
        if phase is Phase.RCPT and _is_orderly(error.code) and await self._reset():
            return reply
        await self.drop()
        return reply

    async def _reset(self) -> bool:
        client = self._alive()
        return await _quietly(client.rset(timeout=_SECONDS))


_CLOSING = 421
_DONE = 250


def _is_orderly(code: int) -> bool:
    """Whether a refusal leaves client and relay in step."""
    return code // 100 in {4, 5} and code != _CLOSING


def _protocol(client: SMTP) -> SMTPProtocol:
    if client.protocol is None:
        msg = "the connection is closed"
        raise ConnectionError(msg)
    return client.protocol


def _write(client: SMTP, data: bytes) -> None:
    """Write bytes that are CRLF lines already and need no dot-stuffing: see `digest.letter`."""
    _protocol(client).write(data)


async def _quietly(going: Awaitable[SMTPResponse]) -> bool:
    try:
        await going
    except (TimeoutError, SMTPException, OSError):
        return False
    return True
