"""The limits of one relay as a sender finds them: what its connections, its ledger and its single letters share."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Lock

from mail.limits.estimates import Estimates, Learned, may_end_a_session
from mail.limits.limit import Limit
from mail.limits.relay_limits import limit_said
from mail.reply import Reply


class OpenConnections:
    """How many connections to a relay this process holds open, and how many single letters want one of them.

    An edition and a transactional letter go through different threads, and the relay counts their connections together.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self.number = 0
        self.wanted_apart = 0
        self.is_short = False
        """Whether an edition has no connection left while a single letter has one."""

    def changed(self, by: int) -> None:
        """One more is open, or one less."""
        with self._lock:
            self.number += by

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Have an edition that uses all that the relay allows give one connection up meanwhile."""
        with self._lock:
            self.wanted_apart += 1
        try:
            yield
        finally:
            with self._lock:
                self.wanted_apart -= 1
                self.is_short = False


class FoundLimits:
    """The estimates of a relay's limits while letters are sent; they begin with what was learned before.

    `estimates` are replaced by whoever learns something: the connections at once, a ledger when its group is durable.
    """

    def __init__(self, most: int = 1, *, learned: Learned | None = None, lines: OpenConnections | None = None) -> None:
        self.lines = lines or OpenConnections()
        self.estimates = Estimates.remembered(most, learned or Learned())

    @property
    def connections(self) -> int:
        """How many connections an edition may use now; one less while a single letter wants one, where they are few."""
        connections = self.estimates.connections
        if connections.capacity is None or not self.lines.wanted_apart:
            return connections.allowed
        self.lines.is_short = self.lines.wanted_apart >= connections.allowed
        return connections.allowed - self.lines.wanted_apart

    @property
    def letters(self) -> int | None:
        """How many letters the relay takes over one connection, as far as that is known."""
        return self.estimates.session.letters

    @property
    def pace(self) -> float | None:
        """Letters a second that may go; None for no limit."""
        return self.estimates.pace.limit

    @property
    def goes(self) -> datetime | None:
        """When a letter may go again, after a refusal."""
        return self.estimates.pace.until

    def learned(self) -> Learned:
        """What is worth remembering."""
        return self.estimates.learned

    def wait(self, now: datetime) -> float:
        """Seconds until a letter may go at all."""
        return self.estimates.pace.wait(now)

    def taken(self, letters: int, now: datetime) -> None:
        """The relay took so many letters."""
        self.estimates = self.estimates.after_letters(letters, self.lines.number, now)

    def refused(self, reply: Reply, now: datetime) -> bool:
        """The relay refused for a limit; True when it has done so too often in a row for another try to be of use."""
        self.estimates = self.estimates.after_refusal(reply, now)
        return self.estimates.pace.is_hopeless(now)

    def slow_down(self, now: datetime) -> None:
        """The relay puts off one letter after the other, and does not say why."""
        self.estimates = self.estimates.after_strain(now)

    def is_used_up(self, reply: Reply) -> bool:
        """Whether a refusal says that a connection has carried what it may, so that a fresh one will do."""
        if not may_end_a_session(reply):
            return False
        self.estimates = self.estimates.after_session(reply)
        return limit_said(reply) is Limit.SESSION or self.estimates.session.is_known

    def renewed(self) -> None:
        """A connection was replaced in time, having carried what it may."""
        self.estimates = self.estimates.after_renewal()
