"""The encoded parts decode to their text, fit the wire, and keep the token whole."""

import quopri
import re

from hypothesis import given
from hypothesis import strategies as st

from mail.encoding import TOKEN_LENGTH, boundary, quoted_printable

TOKEN = "".join(chr(ord("A") + number % 26) for number in range(32))
OTHER = "0123456789abcdef" * 2
PIECES = st.one_of(
    st.just(TOKEN),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=90),
    st.text(" .=\tå\nA", max_size=120),
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)


def with_newlines(text: str) -> str:
    return re.sub(r"\r\n|\r", "\n", text)


@given(TEXTS)
def test_it_decodes_to_the_text(text: str) -> None:
    decoded = quopri.decodestring(quoted_printable(text, TOKEN)).decode()
    assert decoded.replace("\r\n", "\n") == with_newlines(text)


@given(TEXTS)
def test_no_line_is_too_long_or_begins_with_a_dot_or_ends_in_a_blank(text: str) -> None:
    encoded = quoted_printable(text, TOKEN)
    assert encoded.isascii()
    assert b"\n" not in encoded.replace(b"\r\n", b"")
    for line in encoded.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith(b".")
        assert not line.endswith((b" ", b"\t"))


@given(TEXTS)
def test_replacing_the_token_in_the_bytes_is_replacing_it_in_the_text(text: str) -> None:
    replaced = quoted_printable(text, TOKEN).replace(TOKEN.encode(), OTHER.encode())
    assert quopri.decodestring(replaced).decode().replace("\r\n", "\n") == with_newlines(text).replace(TOKEN, OTHER)


@given(TEXTS)
def test_a_boundary_occurs_in_no_part_and_is_the_same_again(text: str) -> None:
    encoded = quoted_printable(text, TOKEN)
    mark = boundary((encoded,))
    assert mark == boundary((encoded,))
    assert mark.encode() not in encoded


def test_the_token_is_as_long_as_a_leave_token() -> None:
    assert len(TOKEN) == len(OTHER) == TOKEN_LENGTH
