"""Whether the daemon's jobs come round: what `/healthz` and the watchdog ask."""

from collections.abc import Callable, Iterator, Mapping


class Rounds:
    """When each job last came round, on a clock that nobody sets, and how many seconds it may take at most."""

    def __init__(self, limits: Mapping[str, float], clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._last = dict.fromkeys(limits, clock())

    def came_round(self, job: str) -> None:
        """Hear that a job has done its round."""
        self._last[job] = self._clock()

    def beats(self, job: str) -> bool:
        """Whether a job has come round in its time."""
        return self._clock() - self._last[job] <= self._limits[job]

    def late(self) -> Iterator[str]:
        """The jobs that have not, each as a line."""
        for job in self._limits:
            if not self.beats(job):
                yield f"{job} has not come round for {self._clock() - self._last[job]:.0f} seconds"
