"""Liveness: whether the daemon's jobs give signs of life, as `/healthz`, the watchdog and the store ask."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Liveness limit in seconds of a job without a sign of life: while it works, and while it waits to be woken."""

    at_work: float
    at_rest: float


@dataclass(frozen=True, kw_only=True)
class Silent:
    """A job that hangs, and for how many seconds it has given no sign of life."""

    job: str
    seconds: float


class Liveness:
    """Liveness of jobs: when each gave its last sign of life, on a monotonic clock.

    A job gives one when it begins, on its way (a file taken in, a letter answered), and when it has come round.
    """

    def __init__(self, limits: Mapping[str, Limit], clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._last = dict.fromkeys(limits, clock())
        self._at_work: dict[str, bool] = dict.fromkeys(limits, False)

    def began(self, job: str) -> None:
        """Hear that a job is at work."""
        self._at_work[job] = True
        self.sign(job)

    def sign(self, job: str) -> None:
        """Hear that a job goes on."""
        self._last[job] = self._clock()

    def came_round(self, job: str) -> None:
        """Hear that a job has done its round."""
        self._at_work[job] = False
        self.sign(job)

    def beats(self, job: str) -> bool:
        """Whether a job has given a sign of life in its time."""
        limit = self._limits[job]
        return self._clock() - self._last[job] <= (limit.at_work if self._at_work[job] else limit.at_rest)

    def silent(self) -> Sequence[Silent]:
        """The jobs that have not."""
        now = self._clock()
        return [Silent(job=job, seconds=now - self._last[job]) for job in self._limits if not self.beats(job)]
