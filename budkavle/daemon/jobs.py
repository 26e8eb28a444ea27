"""The daemon's jobs: each with its interval, and how long it may give no sign of life before it counts as hanging."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from budkavle.daemon.liveness import Limit


class JobName(StrEnum):
    """The name of a job in the log, in `/healthz` and in `budkavle status`."""

    SCHEDULER = "scheduler"
    NEWS = "news"
    PLANNING = "planning"
    SENDING = "sending"
    WATCH = "watch"
    KEEPING = "keeping"
    ANNOUNCING = "announcing"
    CHECKING = "checking"
    BOUNCES = "bounces"
    NOTICES = "notices"


@dataclass(frozen=True, kw_only=True)
class Times:
    """Times of a job in seconds: the interval, and how long it may give no sign of life while it works."""

    every: int
    within: float


TIMES: Mapping[JobName, Times] = {
    JobName.SCHEDULER: Times(every=5, within=60),
    JobName.NEWS: Times(every=60, within=600),  # from one file to the next, and from one feed to the next
    # A million take half a minute; it waits for a dot under way, for which a relay has ten minutes.
    JobName.PLANNING: Times(every=20, within=900),
    JobName.WATCH: Times(every=60, within=180),  # the first import has a minute before it, an alarm's mail another
    JobName.KEEPING: Times(every=86_400, within=3600),  # from one step to the next, on a slow disk
    JobName.ANNOUNCING: Times(every=20, within=600),
    JobName.CHECKING: Times(every=20, within=600),
    JobName.BOUNCES: Times(every=60, within=900),  # a visit to a mailbox
    # A page that lays a letter down rings; this is for what waited for a relay. A letter: as for sending.
    JobName.NOTICES: Times(every=60, within=1800),
}
"""The jobs that the scheduler wakes."""
SENDING_WITHIN = 1800.0
"""From one letter to the next: five minutes for each answer, ten for that to the final dot."""
_INTERVALS_MISSED, _GRACE_SECONDS = 3, 60.0
"""How many intervals, and seconds more, a job may sleep beyond its own."""


def limits(times: Mapping[JobName, Times], sending_within: float) -> Mapping[str, Limit]:
    """Liveness limits of each job, at work and at rest."""
    woken = {
        str(name): Limit(at_work=job.within, at_rest=job.every * _INTERVALS_MISSED + _GRACE_SECONDS)
        for name, job in times.items()
    }
    return woken | {JobName.SENDING: Limit(at_work=sending_within, at_rest=sending_within)}
