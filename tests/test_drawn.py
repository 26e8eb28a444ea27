"""`make fuzz` draws more for every property: none has a number of its own that does not follow the profile."""

import re
from pathlib import Path

from hypothesis import settings

from tests.drawn import examples, steps


def test_no_test_names_a_number_that_does_not_follow_the_profile() -> None:
    fixed = re.compile(r"(max_examples|stateful_step_count)=\d")
    assert [str(path) for path in Path(__file__).parent.rglob("test_*.py") if fixed.search(path.read_text())] == []


def test_a_long_search_draws_sixteen_times_as_much_and_goes_twice_as_deep() -> None:
    ci, long = settings.get_profile("ci"), settings.get_profile("long")
    assert long.max_examples == 16 * ci.max_examples
    assert long.stateful_step_count == 2 * ci.stateful_step_count
    assert ci.deadline is long.deadline is None


def test_what_a_test_names_is_drawn_in_proportion() -> None:
    share = settings.default.max_examples / 100
    assert examples(400) == 400 * share
    assert steps(40) == 40 * settings.default.stateful_step_count / 50
    assert examples(8) >= 5
    assert examples(2) >= 2
