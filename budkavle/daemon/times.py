"""The jobs' time limits: for how long one that works may give no sign of life before it counts as hanging."""

WITHIN = {
    "scheduler": 60.0,
    "news": 600.0,  # from one file to the next, and from one feed to the next
    "planning": 900.0,  # a million take half a minute; it waits for a dot under way, for which a relay has ten minutes
    "watch": 180.0,  # the first import has one minute before it, an alarm's mail another
    "keeping": 3600.0,  # from one step to the next, on a slow disk
    "announcing": 600.0,
    "checking": 600.0,
    "bounces": 900.0,  # a visit to a mailbox
    "notices": 1800.0,  # a letter: as below
    "sending": 1800.0,  # from one letter to the next: five minutes for each answer, ten for that to the final dot
}
"""Seconds by job."""
INTERVALS_MISSED, GRACE_SECONDS = 3, 60.0
"""How many intervals, and seconds more, a job may sleep beyond its own."""
