"""How much hypothesis draws: little for `quick`, more for `ci` (`make test`), much for `long` (`make fuzz`)."""

from hypothesis import settings

_UNASKED = 100  # what hypothesis draws where a test says nothing; a test's own number is in proportion to it
_STEPS = 50  # and how deep a state machine goes there
_FEW = 5  # fewer would be little more than the simplest example


def register_profiles() -> None:
    """A tenth of what tests name for `quick`, half as deep; a quarter for `ci`; for `long` fourfold, twice as deep."""
    settings.register_profile("quick", deadline=None, max_examples=_UNASKED // 10, stateful_step_count=_STEPS // 2)
    settings.register_profile("ci", deadline=None, max_examples=_UNASKED // 4, stateful_step_count=_STEPS)
    settings.register_profile("long", deadline=None, max_examples=_UNASKED * 4, stateful_step_count=_STEPS * 2)
    settings.load_profile("ci")


def examples(number: int) -> int:
    """The number in proportion to the profile, but not below a few."""
    return max(min(number, _FEW), number * settings.default.max_examples // _UNASKED)


def steps(number: int) -> int:
    """The depth of a state machine in proportion to the profile."""
    return number * settings.default.stateful_step_count // _STEPS
