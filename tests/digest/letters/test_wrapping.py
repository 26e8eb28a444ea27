"""Wrapped text keeps its words, its width and its numbers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.letters.wrapping import WIDTH, wrapped


@given(st.text())
def test_the_words_stay_the_same(text: str) -> None:
    assert wrapped(text).split() == text.split()


@given(st.lists(st.text("abcåäö.,-", min_size=1, max_size=WIDTH)).map(" ".join))
def test_no_line_is_longer_than_the_width(text: str) -> None:
    assert all(len(line) <= WIDTH for line in wrapped(text).split("\n"))


@pytest.mark.parametrize(
    "number", ["9,3 procent", "477 miljoner", "12 kronor och 4 öre", "kl. 8", "21 januari", "10 000 kr"]
)
@pytest.mark.parametrize("before", range(50, 80))
def test_a_number_stays_with_what_it_counts(number: str, before: int) -> None:
    text = wrapped("x" * before + " " + number + " till")
    for pair in re.findall(r"\d \w+|kl\. \d", number):
        assert pair in text


def test_a_list_item_hangs_under_its_first_word() -> None:
    first, second = wrapped("ord " * 20, "  ", "- ").split("\n")
    assert first.startswith("- ord")
    assert second.startswith("  ord")


def test_an_address_is_never_broken() -> None:
    address = "https://www.example.org/" + "mycket-lang-" * 10
    assert address in wrapped(f"Läs mer på {address} i dag")
