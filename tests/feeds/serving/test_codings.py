"""Which form of a document is sent, by what a reader says it takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.serving.codings import CODINGS, preferred_coding


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZip", "gzip"),
        ("br", "br"),
        ("gzip, br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.5", "br"),
        ("br;q=0, gzip;q=0.001", "gzip"),
        ("gzip;q=0", ""),
        ("gzip;q=0, *", "br"),
        ("*;q=0", ""),
        ("*;q=0, gzip", "gzip"),
        ("identity", ""),
        ("identity, gzip", "gzip"),
        ("identity;q=1, gzip;q=0.5", ""),
        ("identity;q=0", ""),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("gzip ; q = 1", "gzip"),
        ("gzip;q=2", ""),
        ("gzip;q=-1", ""),
        ("gzip;q=", ""),
        ("gzip;q=0.1234", ""),
        ("zstd", ""),
        ("gzipbr", ""),
        (";;,,=", ""),
    ],
)
def test_the_best_liked_form_is_sent_and_of_equals_the_smallest(accept: str, chosen: str) -> None:
    assert preferred_coding(accept, CODINGS) == chosen


def test_a_form_that_there_is_not_is_not_chosen() -> None:
    assert preferred_coding("br, gzip;q=0.1", ("", "gzip")) == "gzip"
    assert preferred_coding("br", ("",)) == ""


@given(st.text(max_size=100), st.sets(st.sampled_from(CODINGS[1:])))
def test_whatever_is_asked_for_something_is_sent(accept: str, compressed: set[str]) -> None:
    assert preferred_coding(accept, {"", *compressed}) in {"", *compressed}
