import json
import tomllib
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from budkavle.config.toml_lines import Place, line_of, lines

TEXT = '''\
# first
plain = 1
dotted.key = "a # no comment"  # a comment
"quoted.key" = [1, 2,
  3,  # three
  { x = 1, y.z = [ "a", 1979-05-27 07:32:00 ] },
]
basic = """
[no-table]
no = 1 \\""" """""
literal = \'\'\'
[[no-table]]\'\'\'
[one.two]
number = -1.5e3
[one]
yes = true
[[many]]
id = 1
[many.sub]
z = 1
[[many]]
id = 2
[[many.deep]]
v = 1
[[many.deep]]
v = 2
'''

PLACES = {
    (): 1,
    ("plain",): 2,
    ("dotted",): 3,
    ("dotted", "key"): 3,
    ("quoted.key",): 4,
    ("quoted.key", 0): 4,
    ("quoted.key", 1): 4,
    ("quoted.key", 2): 5,
    ("quoted.key", 3): 6,
    ("quoted.key", 3, "x"): 6,
    ("quoted.key", 3, "y"): 6,
    ("quoted.key", 3, "y", "z"): 6,
    ("quoted.key", 3, "y", "z", 0): 6,
    ("quoted.key", 3, "y", "z", 1): 6,
    ("basic",): 8,
    ("literal",): 11,
    ("one",): 15,
    ("one", "two"): 13,
    ("one", "two", "number"): 14,
    ("one", "yes"): 16,
    ("many",): 17,
    ("many", 0): 17,
    ("many", 0, "id"): 18,
    ("many", 0, "sub"): 19,
    ("many", 0, "sub", "z"): 20,
    ("many", 1): 21,
    ("many", 1, "id"): 22,
    ("many", 1, "deep"): 23,
    ("many", 1, "deep", 0): 23,
    ("many", 1, "deep", 0, "v"): 24,
    ("many", 1, "deep", 1): 25,
    ("many", 1, "deep", 1, "v"): 26,
}


def places(value: object, place: Place = ()) -> Iterator[Place]:
    """The place of a value and of everything in it."""
    yield place
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*place, key))
    if isinstance(value, list):
        for position, inner in enumerate(value):
            yield from places(inner, (*place, position))


def test_every_way_to_write_a_table_has_its_lines() -> None:
    assert lines(TEXT) == PLACES


def test_the_places_are_those_that_tomllib_finds() -> None:
    assert set(lines(TEXT)) == set(places(tomllib.loads(TEXT)))


def test_a_missing_key_has_the_line_of_the_table_it_is_missing_in() -> None:
    found = lines(TEXT)
    assert line_of(found, ("many", 1, "name")) == 21
    assert line_of(found, ("one", "two", "three", "four")) == 13
    assert line_of(found, ("nowhere",)) == 1


SCALARS = st.integers() | st.booleans() | st.text(max_size=8).map(lambda text: text.replace("\x7f", ""))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=6)


@given(st.lists(st.tuples(st.text("abc", min_size=1, max_size=4), VALUES), unique_by=lambda pair: pair[0]))
def test_every_value_is_found_on_the_line_it_was_written_on(settings: list[tuple[str, object]]) -> None:
    text = "".join(f"# [no] = 1\n{key} = {json.dumps(value)}\n" for key, value in settings)
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    found = lines(text)
    assert [found[(key,)] for key, _ in settings] == [2 * position for position in range(1, len(settings) + 1)]
