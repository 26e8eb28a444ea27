"""Records of a list: whatever is in the file, every line stands in one of them, and none swallows an address."""

import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.lists.csv_records import LONGEST_LINE, Record, lines_of, records
from tests.drawn import examples

PIECES = st.sampled_from(
    ['"', '""', ",", ";", "\n", "\r\n", "\r", "\0", " ", "a@example.org", "vård", "\u2028", "\x85", "'"]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)


def read(text: str, separator: str = ",") -> list[Record]:
    return list(records(lines_of(io.StringIO(text, newline=None)), separator))


def physical(text: str) -> list[str]:
    """The lines as any editor numbers them."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


@given(TEXTS | st.text(max_size=60), st.sampled_from(",;\t|"))
@example('"a\n' * 30, ",")
@settings(max_examples=examples(400))
def test_every_line_stands_in_exactly_one_record(text: str, separator: str) -> None:
    lines, taken = physical(text), 0
    for record in read(text, separator):
        assert record.number == taken + 1
        assert record.lines >= 1
        taken += record.lines
    assert taken == len(lines)


@given(TEXTS)
@settings(max_examples=examples(400))
def test_no_line_with_an_address_becomes_part_of_another_record(text: str) -> None:
    lines = physical(text)
    for record in read(text):
        assert not [each for each in lines[record.number : record.number + record.lines - 1] if "@" in each]


@given(st.lists(st.text(st.sampled_from('aå",; '), max_size=8), min_size=2, max_size=5))
def test_what_a_writer_of_csv_quotes_is_read_back(fields: list[str]) -> None:
    line = ",".join('"' + each.replace('"', '""') + '"' for each in fields)
    (record,) = read(line)
    assert record.fault is None
    assert record.fields == (tuple(fields) if any(map(str.strip, fields)) else ())


def test_a_quoted_text_goes_on_in_the_next_lines() -> None:
    first, second = read('a@example.org,"sade ja\npå mässan\n2026"\nb@example.org,\n')
    assert (first.number, first.lines, first.fields[1]) == (1, 3, "sade ja\npå mässan\n2026")
    assert (second.number, second.fields[0]) == (4, "b@example.org")


def test_a_quote_that_nobody_closes_costs_its_own_line_alone() -> None:
    text = (
        'a@example.org,"ja\n' + "".join(f"b{number}@example.org,ja\n" for number in range(50)) + 'c@example.org,"nej\n'
    )
    found = read(text)
    assert [each.number for each in found if each.fault] == [1, 52]
    assert len(found) == 52


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("a\0@example.org", "control character"),
        ("a@example.org\x1b[31m", "control character"),
        ('"a@example.org', "quotes"),
        ('"a@example.org"x', "quotes"),
        ("a\ufffd@example.org", "encoding"),
        ("a@example.org," + "x" * LONGEST_LINE, "longer than 65536"),
    ],
)
def test_a_line_that_cannot_be_read_says_why_and_costs_no_other(line: str, why: str) -> None:
    first, bad, last = read(f"b@example.org\n{line}\nc@example.org\n")
    assert why in str(bad.fault)
    assert (first.fields, last.fields, last.number) == (("b@example.org",), ("c@example.org",), 3)


def test_lines_of_blanks_and_separators_alone_are_blank() -> None:
    assert [each.fields for each in read("\n  \n,,,\n\t\n")] == [()] * 4
