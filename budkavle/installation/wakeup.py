"""Wake-up between pages and the daemon: whoever queues a letter wakes whoever sends it, at once."""

from collections.abc import Callable


class WakeUp:
    """A wake-up call from any thread. Without a listener nothing is lost: the queue is looked at every minute."""

    def __init__(self) -> None:
        self._heard: Callable[[], None] = _nobody

    def wake(self) -> None:
        """Say that a letter waits."""
        self._heard()

    def heard_by(self, hear: Callable[[], None]) -> None:
        """Let `hear` be called at every wake-up, in the thread that wakes."""
        self._heard = hear


def _nobody() -> None:
    """Nobody listens: a command, or a daemon that starts or stops."""
