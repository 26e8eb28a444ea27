"""Estimates of one relay's limits: connections at once, letters over one connection, and letters a second.

They are found by what the relay takes and refuses: `mail.limits.connections`, `mail.limits.session`,
`mail.limits.pace`; which of them a reply speaks of says `mail.limits.relay_limits`.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mail.limits.connections import Connections
from mail.limits.limit import Limit
from mail.limits.pace import FoundPace
from mail.limits.receiver_words import names_a_receiver
from mail.limits.relay_limits import is_said_in_words, limit_said
from mail.limits.session import Session
from mail.reply import Phase, Reply

_MOST_STRAINED = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Learned:
    """Limits that were found of a relay and are remembered; None where none was met.

    `pace` is in letters a second, `refused` when the relay last asked for less.
    """

    connections: int | None = None
    letters: int | None = None
    pace: float | None = None
    refused: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """What is known of a relay's limits at one moment."""

    connections: Connections
    session: Session = field(default_factory=Session)
    pace: FoundPace = field(default_factory=FoundPace)

    @classmethod
    def remembered(cls, most: int, learned: Learned) -> "Estimates":
        """The estimates to begin with, where this was learned before; `most` connections are configured."""
        return cls(
            connections=Connections.remembered(most, learned.connections),
            session=Session(letters=learned.letters),
            pace=FoundPace(sustained=learned.pace, refused=learned.refused),
        )

    @property
    def learned(self) -> Learned:
        """What is worth remembering."""
        return Learned(
            connections=self.connections.capacity,
            letters=self.session.letters,
            pace=self.pace.steady,
            refused=self.pace.refused,
        )

    def adopting(self, learned: Learned) -> "Estimates":
        """The estimates when another sender to the same relay was refused something since: what it learned counts."""
        pace, connections = self.pace, self.connections
        if learned.refused is not None and (pace.refused is None or learned.refused > pace.refused):
            pace = replace(pace, sustained=learned.pace, refused=learned.refused, ripe=0.0)
        if learned.connections is not None and (
            connections.capacity is None or learned.connections < connections.capacity
        ):
            connections = Connections.remembered(connections.most, learned.connections)
        return replace(self, pace=pace, connections=connections)

    def after_letters(self, letters: int, open_connections: int, now: datetime) -> "Estimates":
        """The relay took so many letters while so many connections were open."""
        connections = self.connections.after_letters(letters, open_connections, now)
        return replace(self, connections=connections, pace=self.pace.after_letters(letters, now))

    def after_refusal(self, reply: Reply, now: datetime) -> "Estimates":
        """The relay refused for a limit."""
        if limit_said(reply) is not Limit.CONNECTIONS:
            return replace(self, pace=self.pace.after_refusal(now))
        lonely, on_connecting = reply.others == 0, reply.phase is Phase.CONNECT
        connections, pace = self.connections, self.pace
        if not (on_connecting and lonely):
            connections = connections.after_refusal(reply.others, now, on_connecting=on_connecting)
        if lonely:
            pace = pace.after_busy(now)
        return replace(self, connections=connections, pace=pace)

    def after_strain(self, now: datetime) -> "Estimates":
        """The relay puts off one letter after the other, and does not say why.

        The wait does not grow as after a refusal for a limit: each of these letters waits for minutes by itself.
        """
        return replace(self, pace=self.pace.after_refusal(now, _MOST_STRAINED))

    def after_pause(self) -> "Estimates":
        """Sending pauses; what was learned stays."""
        return replace(self, pace=self.pace.after_pause())

    def after_session(self, reply: Reply) -> "Estimates":
        """A connection ended with this reply, having carried what the relay takes over one."""
        return replace(self, session=self.session.after_end(reply.carried, said=is_said_in_words(reply)))

    def after_renewal(self) -> "Estimates":
        """A connection was replaced in time, having carried what it may."""
        return replace(self, session=self.session.after_renewal())


def may_end_a_session(reply: Reply) -> bool:
    """Whether a refusal may mean that its connection has carried what it may."""
    about_letters = limit_said(reply) in {Limit.SESSION, Limit.PACE}
    return about_letters and bool(reply.carried) and not names_a_receiver(reply)
