"""Limit: what a relay allows no more of."""

from enum import StrEnum


class Limit(StrEnum):
    """What a relay allows no more of."""

    CONNECTIONS = "connections"
    SESSION = "session"
    PACE = "pace"
    QUOTA = "quota"
