"""A bell between pages and the daemon: whoever lays a letter down rings, and whoever sends letters hears it at once."""

from collections.abc import Callable


class Bell:
    """Rung from any thread. Without anybody who hears it nothing is lost: the queue is looked at every minute."""

    def __init__(self) -> None:
        self._heard: Callable[[], None] = _nobody

    def ring(self) -> None:
        """Say that a letter waits."""
        self._heard()

    def heard_by(self, hear: Callable[[], None]) -> None:
        """Let `hear` be called at every ring, in the thread that rings."""
        self._heard = hear


def _nobody() -> None:
    """Nobody listens: a command, or a daemon that starts or stops."""
