"""Faults of a store and of its disk, whatever database it is."""

from sqlalchemy.exc import DatabaseError

STORE_FAULTS = (DatabaseError, OSError)
"""What a store raises that is locked, full or broken: no fault of what is being kept there, so it is tried again."""
