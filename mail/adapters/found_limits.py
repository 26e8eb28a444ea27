"""The limits of one relay as a sender finds them: what its connections, its ledger and its single letters share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

from mail.adapters.throttle import Learned
from mail.limits.connections import Connections
from mail.limits.pace import FoundPace
from mail.limits.receiver_words import names_a_receiver
from mail.limits.relay_limits import Limit, is_said_in_words, limit_said
from mail.limits.session import Session
from mail.reply import Phase, Reply

_MOST_STRAINED = timedelta(seconds=1)


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
    """What is found of a relay's limits while letters are sent; it begins with what was learned before.

    Rules are in `mail.limits.relay_limits` and `mail.limits.connections`, `mail.limits.session`, `mail.limits.pace`.
    """

    def __init__(self, most: int = 1, *, learned: Learned | None = None, lines: OpenConnections | None = None) -> None:
        known = learned or Learned()
        self.lines = lines or OpenConnections()
        self._connections = Connections.remembered(most, known.connections)
        self._session = Session(letters=known.letters)
        self._pace = FoundPace(held=known.pace, refused=known.refused)

    @property
    def connections(self) -> int:
        """How many connections an edition may use now; one less while a single letter wants one, where they are few."""
        allowed = self._connections.allowed
        if self._connections.held is None or not self.lines.wanted_apart:
            return allowed
        self.lines.is_short = self.lines.wanted_apart >= allowed
        return allowed - self.lines.wanted_apart

    @property
    def letters(self) -> int | None:
        """How many letters the relay takes over one connection, as far as that is known."""
        return self._session.letters

    @property
    def pace(self) -> float | None:
        """Letters a second that may go; None for no limit."""
        return self._pace.limit

    @property
    def goes(self) -> datetime | None:
        """When a letter may go again, after a refusal."""
        return self._pace.until

    def learned(self) -> Learned:
        """What is worth remembering."""
        return Learned(
            connections=self._connections.held,
            letters=self._session.letters,
            pace=self._pace.steady,
            refused=self._pace.refused,
        )

    def adopt(self, learned: Learned) -> None:
        """Another sender to the same relay was refused something since: what it learned counts."""
        own, held = self._pace.refused, self._connections.held
        if learned.refused is not None and (own is None or learned.refused > own):
            self._pace = replace(self._pace, held=learned.pace, refused=learned.refused, ripe=0.0)
        if learned.connections is not None and (held is None or learned.connections < held):
            self._connections = Connections.remembered(self._connections.most, learned.connections)

    def wait(self, now: datetime) -> float:
        """Seconds until a letter may go at all."""
        return self._pace.wait(now)

    def taken(self, letters: int, now: datetime) -> None:
        """The relay took so many letters."""
        self._connections = self._connections.after_letters(letters, self.lines.number, now)
        self._pace = self._pace.after_letters(letters, now)

    def refused(self, reply: Reply, now: datetime) -> bool:
        """The relay refused for a limit; True when it has done so too often in a row for another try to be of use."""
        limit, lonely = limit_said(reply), reply.others == 0
        if limit is Limit.CONNECTIONS:
            on_connecting = reply.phase is Phase.CONNECT
            if not (on_connecting and lonely):
                self._connections = self._connections.after_refusal(reply.others, now, on_connecting=on_connecting)
            if lonely:
                self._pace = self._pace.after_busy(now)
        else:
            self._pace = self._pace.after_refusal(now)
        return self._pace.is_hopeless(now)

    def slow_down(self, now: datetime) -> None:
        """The relay puts off one letter after the other, and does not say why.

        The wait does not grow as after a refusal for a limit: each of these letters waits for minutes by itself.
        """
        self._pace = self._pace.after_refusal(now, _MOST_STRAINED)

    def paused(self) -> None:
        """Sending pauses; what was learned stays."""
        self._pace = self._pace.after_pause()

    def is_used_up(self, reply: Reply) -> bool:
        """Whether a refusal says that a connection has carried what it may, so that a fresh one will do."""
        limit = limit_said(reply)
        if limit not in {Limit.SESSION, Limit.PACE} or not reply.carried or names_a_receiver(reply):
            return False
        self._session = self._session.after_end(reply.carried, said=is_said_in_words(reply))
        return limit is Limit.SESSION or self._session.is_known

    def renewed(self) -> None:
        """A connection was replaced in time, having carried what it may."""
        self._session = self._session.after_renewal()

    @contextmanager
    def unchanged_by_failure(self) -> Iterator[None]:
        """Forget what was found meanwhile when this raises: it will be told once more."""
        before = (self._connections, self._session, self._pace)
        try:
            yield
        except BaseException:
            self._connections, self._session, self._pace = before
            raise
