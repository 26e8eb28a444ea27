"""Arrival time of a version: each act of its own second, so that readers who go by time miss none."""

from datetime import datetime, timedelta

_SECOND = timedelta(seconds=1)


def arrival_time(now: datetime, last: datetime | None) -> datetime:
    """The time of a version that is stored now, after one of `last`; at most a second ahead of now.

    Feeds tell whole seconds. What comes in the second of what came before it, by another command, counts as of the next
    one: the documents of both may have been fetched by then. All that is stored at one moment is of one time. Where the
    clock was set back there is no truth that rises: the time is what the clock says.
    """
    if last is None or last == now:
        return now
    before, present = _whole(last), _whole(now)
    if before == present:
        return present + _SECOND
    return last if before == last == present + _SECOND else now


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
