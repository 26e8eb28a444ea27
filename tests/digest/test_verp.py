"""Envelope senders: only this installation can make one, and no other letter's passes for it."""

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.keys import Key, Purpose
from digest.return_spellings import LONGEST_LOCAL
from digest.verp import Returned, ReturnedNotice, ReturnPaths, read_address, read_tag
from tests.keys import KEY

PATHS = ReturnPaths(KEY, "studs@example.org")
IDS = st.integers(min_value=1, max_value=9_999_999_999)
SECONDS = st.integers(min_value=0, max_value=2**32 - 1)


def sender(edition: int, subscription: int) -> str:
    return PATHS.sender(PATHS.tag(edition, subscription))


@given(IDS, IDS)
def test_what_is_made_is_read_again(edition: int, subscription: int) -> None:
    found = Returned(edition=edition, subscription=subscription)  # type: ignore[arg-type]
    assert read_address(KEY, sender(edition, subscription)) == found
    assert read_address(KEY, f" <{sender(edition, subscription)}> ") == found
    assert read_tag(KEY, PATHS.tag(edition, subscription)) == found


@given(IDS, SECONDS)
def test_a_transactional_letters_sender_is_read_again_and_is_no_editions(number: int, asked: int) -> None:
    moment = datetime.fromtimestamp(asked, UTC)
    found = ReturnedNotice(number=number, asked=f"{asked:08x}")
    tag = PATHS.notice_tag(number, moment)
    assert read_address(KEY, PATHS.sender(tag)) == found
    assert read_tag(KEY, tag[1:]) is None
    assert read_tag(KEY, f"n{PATHS.tag(number, asked or 1)}") is None
    assert all(read_tag(KEY, tag[:end]) is None for end in range(len(tag)))
    assert read_tag(KEY, PATHS.notice_tag(number, moment + timedelta(seconds=1))[:-15] + tag[-15:]) is None


@given(IDS, IDS)
def test_a_retry_has_the_same_sender(edition: int, subscription: int) -> None:
    assert ReturnPaths(Key(KEY.secret), "studs@example.org").tag(edition, subscription) == PATHS.tag(
        edition, subscription
    )


@given(IDS, IDS, st.data())
def test_no_single_changed_character_passes(edition: int, subscription: int, data: st.DataObject) -> None:
    tag = PATHS.tag(edition, subscription)
    at = data.draw(st.integers(min_value=0, max_value=len(tag) - 1))
    sign = data.draw(st.sampled_from(string.printable) | st.characters())
    changed = tag[:at] + sign + tag[at + 1 :]
    assert (read_tag(KEY, changed) is None) == (changed != tag)


@given(IDS, IDS, st.data())
def test_nothing_left_out_or_put_in_passes(edition: int, subscription: int, data: st.DataObject) -> None:
    tag = PATHS.tag(edition, subscription)
    at = data.draw(st.integers(min_value=0, max_value=len(tag)))
    assert all(read_tag(KEY, tag[:end]) is None for end in range(len(tag)))
    assert read_tag(KEY, tag[:at] + data.draw(st.sampled_from("0a.-٣")) + tag[at:]) is None


@given(IDS, IDS, st.binary(min_size=32, max_size=32))
def test_another_installations_sender_is_nobodys(edition: int, subscription: int, secret: bytes) -> None:
    other = ReturnPaths(Key(secret), "studs@example.org")
    found = read_address(KEY, other.sender(other.tag(edition, subscription)))
    assert (found is None) == (secret != KEY.secret)


@given(st.text(max_size=80))
def test_no_text_raises(text: str) -> None:
    assert read_address(KEY, text) is None


@given(IDS, IDS)
def test_the_local_part_fits_into_64_octets(edition: int, subscription: int) -> None:
    paths = ReturnPaths(KEY, f"{'s' * LONGEST_LOCAL}@example.org")
    notice = paths.sender(paths.notice_tag(9_999_999_999, datetime(2100, 1, 1, tzinfo=UTC)))
    assert len(notice.partition("@")[0]) <= 64
    assert len(paths.sender(paths.tag(edition, subscription)).partition("@")[0]) <= 64


def test_a_bounce_address_without_room_for_the_tag_is_refused() -> None:
    with pytest.raises(ValueError, match="27 characters"):
        ReturnPaths(KEY, f"{'s' * (LONGEST_LOCAL + 1)}@example.org")


@given(st.text(max_size=40), st.sampled_from(Purpose))
def test_many_hashes_are_those_that_are_made_one_by_one(text: str, purpose: Purpose) -> None:
    assert KEY.many(purpose)(text.encode("utf-8", "replace").decode()) == KEY.mac(
        purpose, text.encode("utf-8", "replace").decode()
    )
