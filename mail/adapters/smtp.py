"""Sending through an SMTP relay: one connection, and the transaction of one letter after the other, phase by phase.

aiosmtplib opens connections (`mail.adapters.smtp_connect`); its own `sendmail()` hides whether one was lost before or
after the final dot, encodes every letter anew, waits for each command's answer, and loses step with the relay when a
call is cancelled. What a connection is about is one of three values:

    Idle -- MAIL, RCPT, DATA accepted, letter written --> Offered
    Offered -- final dot, answered ---------------------> Idle
    Offered -- final dot and the next MAIL, RCPT, DATA --> Announced
    Announced -- those accepted, letter written --------> Offered
"""

import time
from dataclasses import dataclass

from mail.adapters.found_limits import FoundLimits
from mail.adapters.smtp_connect import NOT_LET_IN, RelayAddress, connect, not_let_in
from mail.adapters.smtp_conversation import Answer
from mail.adapters.smtp_transaction import (
    COMMANDS,
    DONE,
    Line,
    commands,
    introduce,
    is_orderly,
    refused,
    reset,
)
from mail.relay import Envelope
from mail.reply import Phase, Reply

_GOODBYE_SECONDS = 5.0
_MOST_SECONDS = 300.0
"""How old a connection gets: relays close older ones, and balance their load by new ones."""


@dataclass(frozen=True, kw_only=True)
class Idle:
    """No letter is half said; there is no connection where `line` is None."""

    line: Line | None = None


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A letter was written without its final dot."""

    line: Line


@dataclass(frozen=True, kw_only=True)
class Announced:
    """The next letter was introduced together with the last dot (RFC 2920, section 3.1), and is not offered yet."""

    line: Line
    following: Envelope


class SmtpRelay:
    """One connection to a relay, opened when needed and used again until it has carried its share.

    `limits` are what is found of the relay's own, by this connection and others.
    """

    def __init__(self, where: RelayAddress, limits: FoundLimits | None = None) -> None:
        self._where = where
        self._limits = limits or FoundLimits()
        self._state: Idle | Offered | Announced = Idle()

    async def offer(self, envelope: Envelope) -> Reply | None:
        """MAIL, RCPT, DATA and the letter without its final dot.

        A connection that the relay closed while it was idle, or of which it has enough, is no fault: the letter is
        offered once more on a fresh one.
        """
        introduced = await self._introduced(envelope)
        if introduced is not None:
            line, answers = introduced
            if answers or not line.conversation.was_lost:
                refusal = await self._judged(line, answers, envelope.letter)
                if refusal is None or not self._limits.is_used_up(refusal):
                    return refusal
            await self.drop()
        try:
            line = await self._connected()
        except NOT_LET_IN as error:
            return not_let_in(error, self._limits.lines.number)
        return await self._judged(line, await introduce(line, envelope), envelope.letter)

    async def finish(self, following: Envelope | None = None) -> Reply:
        """Write the final dot and wait for its answer, as long as the standard asks.

        Where the relay takes commands in one go and the connection has not carried its share, `following` is introduced
        in the same write: that saves a letter one of its two waits for the relay.
        """
        match self._state:
            case Offered(line=line) if line.conversation.is_open:
                return await self._end(line, following)
            case Idle(line=None):
                why = "the connection is closed"
            case Idle(line=Line(conversation=conversation)) | Offered(line=Line(conversation=conversation)):
                why = conversation.why
            case Announced(line=line):
                why = line.conversation.why
        await self.drop()  # without its dot nothing was sent
        return Reply(phase=Phase.DATA, code=0, text=why)

    async def _end(self, line: Line, following: Envelope | None) -> Reply:
        line.letters += 1
        if following is not None and line.pipelining and self._is_usable(line):
            self._state = Announced(line=line, following=following)
            introduction = commands(line, following)
            line.conversation.say(b"".join((b".\r\n", *introduction)), 1 + len(introduction))
        else:
            self._state = Idle(line=line)
            line.conversation.say(b".\r\n", 1)
        answers = await line.conversation.hear(1, line.dot_seconds)
        if not answers:
            why = line.conversation.why
            await self.drop()
            return Reply(phase=Phase.DOT, code=0, text=why)
        if answers[0].code != DONE and not is_orderly(answers[0]):
            await self.drop()
        return self._reply(line, Phase.DOT, answers[0], carried=line.letters - 1)

    async def drop(self) -> None:
        """Close the connection without a dot: the relay throws away what it has (RFC 5321, section 4.1.1.4)."""
        line, self._state = self._state.line, Idle()
        if line is not None:
            line.conversation.abort("dropped")
            self._limits.lines.changed(-1)

    async def close(self) -> None:
        """Say goodbye, where there is somebody to say it to and no letter half said."""
        match self._state:
            case Idle(line=Line(conversation=conversation)) if conversation.is_open:
                await conversation.ask(b"QUIT\r\n", 1, _GOODBYE_SECONDS)
        await self.drop()

    async def _introduced(self, envelope: Envelope) -> tuple[Line, list[Answer]] | None:
        """What the relay says to MAIL, RCPT and DATA on the open connection; None where a fresh one is wanted."""
        match self._state:
            case Announced(line=line, following=following) if following == envelope:
                self._state = Idle(line=line)
                return line, await line.conversation.hear(len(COMMANDS), line.seconds)
            case Idle(line=Line() as line) if self._is_usable(line):
                return line, await introduce(line, envelope)
            case Announced() | Offered():  # it waits for another letter
                await self.drop()
        return None

    def _is_usable(self, line: Line) -> bool:
        """Whether a connection is open and has not carried its share."""
        if not line.conversation.is_open or line.letters >= self._most_letters():
            return False
        return time.monotonic() - line.since < _MOST_SECONDS

    def _most_letters(self) -> int:
        return min(self._where.letters, self._limits.letters or self._where.letters)

    async def _connected(self) -> Line:
        """A fresh connection in the place of the last one."""
        last = self._state.line
        if last is not None and last.letters == self._limits.letters:
            self._limits.renewed()
        await self.close()
        line = Line.over(await connect(self._where), self._where, time.monotonic())
        self._state = Idle(line=line)
        self._limits.lines.changed(1)
        return line

    async def _judged(self, line: Line, answers: list[Answer], letter: bytes) -> Reply | None:
        """None when all was accepted and the letter is on its way; else the refusal that counts.

        Only a refused recipient leaves the connection usable: what else is refused will be refused again.
        """
        refusal = refused(answers)
        if refusal is None and len(answers) == len(COMMANDS) and line.conversation.is_open:
            line.conversation.say(letter)
            self._state = Offered(line=line)
            return None
        if refusal is None:
            lost = Reply(phase=COMMANDS[min(len(answers), len(COMMANDS) - 1)], code=0, text=line.conversation.why)
            await self.drop()
            return lost
        phase, answer = refusal
        reply = self._reply(line, phase, answer, carried=line.letters)
        if not (phase is Phase.RCPT and is_orderly(answer) and await reset(line, answers)):
            await self.drop()
        return reply

    def _reply(self, line: Line, phase: Phase, answer: Answer, *, carried: int) -> Reply:
        """What the relay said, with how its connections stand."""
        others = self._limits.lines.number - (1 if line is self._state.line else 0)
        return Reply(phase=phase, code=answer.code, text=answer.text, carried=carried, others=max(others, 0))
