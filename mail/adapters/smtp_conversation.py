"""The client's side of an SMTP connection once it is open: commands out, replies in, in step or not at all.

aiosmtplib opens connections, secures them and logs in; from then on this protocol takes its place. It can send several
commands in one go (RFC 2920) and tells how many of them were answered before a connection broke.
"""

import asyncio
from typing import NamedTuple, cast

_LONGEST_REPLY = 64 * 1024
_LOOK_ROUND = 1.0
_DIGITS, _LOWEST_CODE = 3, b"200"
_SEPARATORS = (b" ", b"-", b"")


class Answer(NamedTuple):
    """A reply's code and text (RFC 5321, section 4.2)."""

    code: int
    text: str


class Conversation(asyncio.Protocol):
    """Asks and hears. After anything that is out of step the connection is closed and `why` says what it was."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._heard = 0  # bytes since the last whole answer
        self._lines: list[str] = []
        self._answers: list[Answer] = []
        self._asked = 0  # answers that are still to come
        self._awaited = 0  # how many of them somebody waits for
        self._waiter: asyncio.Future[None] | None = None
        self._overdue = float("inf")
        self._watch = self._loop.call_later(_LOOK_ROUND, self._look)
        self.why = ""
        self.was_lost = False
        """Whether the relay closed the connection, and was not out of step before."""

    @classmethod
    def over(cls, transport: asyncio.BaseTransport) -> "Conversation":
        """Take over an open transport, on which nothing is being asked."""
        taken = cls(cast("asyncio.Transport", transport))
        transport.set_protocol(taken)
        return taken

    @property
    def is_open(self) -> bool:
        """Whether more can be said."""
        return not self.why and not self._transport.is_closing()

    def say(self, data: bytes, answers: int = 0) -> None:
        """Write what asks for so many answers."""
        if self.is_open:
            self._asked += answers
            self._transport.write(data)

    async def hear(self, answers: int, seconds: float) -> list[Answer]:
        """The next so many answers; there are fewer when the connection broke first: `why` says how.

        When the wait is cancelled, the connection is closed: its next answer would be taken for another's.
        """
        if self.is_open and len(self._answers) < answers:
            self._awaited = answers
            self._overdue = self._loop.time() + seconds
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            except asyncio.CancelledError:
                self.abort("cancelled")
                raise
            finally:
                self._waiter, self._overdue = None, float("inf")
        heard, self._answers = self._answers[:answers], self._answers[answers:]
        return heard

    async def ask(self, data: bytes, answers: int, seconds: float) -> list[Answer]:
        """Write, and wait for so many answers, as `hear` does."""
        self.say(data, answers)
        return await self.hear(answers, seconds)

    def abort(self, why: str) -> None:
        """Close at once, without a word: what has no final dot is not sent."""
        self.why = self.why or why
        self._watch.cancel()
        self._transport.abort()
        self._wake()

    def data_received(self, data: bytes) -> None:
        """Take replies apart as they come."""
        self._heard += len(data)
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            if not self.why:
                self._hear(line.rstrip(b"\r"))
        if self._heard > _LONGEST_REPLY:
            self.abort("the relay's reply is too long")

    def eof_received(self) -> bool:
        """The relay says no more, so neither do we."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits for an answer waits no more."""
        if not self.why:
            self.was_lost = True
            self.why = f"connection lost: {exc}" if exc else "connection closed by the relay"
        self._watch.cancel()
        self._wake()

    def _hear(self, line: bytes) -> None:
        code, more, text = line[:3], line[3:4], line[4:].decode("utf-8", "replace")
        if len(code) < _DIGITS or not code.isdigit() or code < _LOWEST_CODE or more not in _SEPARATORS:
            self.abort(f"the relay said what is no reply: {line[:100].decode('utf-8', 'replace')}")
            return
        if more == b"-":
            self._lines.append(text)
            return
        if self._lines:
            text = "\n".join([*self._lines, text])
            self._lines.clear()
        self._heard = 0
        if not self._asked:
            self.abort(f"the relay said without being asked: {int(code)} {text[:100]}")
            return
        self._asked -= 1
        self._answers.append(Answer(int(code), text))
        if len(self._answers) == self._awaited:
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _look(self) -> None:
        """One timer a connection: a timer a letter would outlive it by minutes."""
        if self._loop.time() > self._overdue:
            self.abort("the relay has not answered in time")
        else:
            self._watch = self._loop.call_later(_LOOK_ROUND, self._look)
