"""Preferences: what the holder of a leave token may change, and what becomes of it."""

from enum import StrEnum


class PreferencesOutcome(StrEnum):
    """Outcome of a change of preferences."""

    DONE = "done"
    UNCHANGED = "unchanged"
    ENDED = "ended"
    """The subscription is not sent to: only its owner's confirmation of a new wish makes it so."""
    TAKEN = "taken"
    """There is, or was, a subscription of the same person to that digest."""
    UNKNOWN = "unknown"
