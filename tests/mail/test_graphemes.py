"""User-perceived characters stay whole wherever text is cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mail.graphemes import is_boundary, joins, whole_up_to
from mail.headers import header_text, shortened
from tests.drawn import examples

WHOLE = {
    "a woman who is a firefighter": "👩\u200d🚒",
    "a family": "👨\u200d👩\u200d👧\u200d👦",
    "a skin tone": "👍🏽",
    "a skin tone and a profession": "👩🏾\u200d🔬",
    "a flag of two letters": "🇸🇪",
    "a flag of tags": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "a rainbow flag": "🏳\ufe0f\u200d🌈",
    "a pirate flag": "🏴\u200d☠\ufe0f",
    "a heart in colour": "❤\ufe0f",
    "a keycap": "1\ufe0f\u20e3",
    "a letter and its mark": "x\u0301",
    "a letter with two marks": "q\u0323\u0307",
    "a Thai syllable": "ที่",
    "a Hindi syllable": "नि",
    "a wheelchair user": "👩\u200d🦽\u200d➡\ufe0f",
}


@pytest.mark.parametrize("cluster", WHOLE.values(), ids=list(WHOLE))
def test_what_people_see_as_one_sign_is_never_cut(cluster: str) -> None:
    assert not any(is_boundary(cluster, at) for at in range(1, len(cluster)))
    row = cluster * 5
    for limit in range(1, len(row)):
        cut = row[: whole_up_to(row, limit)]
        assert cut == cluster * (limit // len(cluster)) or limit < len(cluster)


@pytest.mark.parametrize("cluster", WHOLE.values(), ids=list(WHOLE))
def test_a_headline_is_shortened_between_such_signs(cluster: str) -> None:
    for length in range(10, 40):
        kept = shortened("x" * 5 + cluster * 30, length)
        assert len(kept) <= length
        assert kept == "x" * 5 + cluster * ((len(kept) - 6) // len(cluster)) + "…"


@pytest.mark.parametrize("cluster", WHOLE.values(), ids=list(WHOLE))
def test_a_subject_keeps_such_a_sign_whole(cluster: str) -> None:
    assert header_text(f"Nytt {cluster} här") == f"Nytt {cluster} här"


@settings(max_examples=examples(50))
@given(st.text(max_size=40), st.integers(1, 50))
def test_a_shortened_text_is_never_longer_than_asked_for(text: str, limit: int) -> None:
    assert len(shortened(text, limit)) <= max(limit, 1)


def test_a_sign_of_endless_marks_is_cut_all_the_same() -> None:
    endless = "e" + "\u0301" * 5000
    assert len(shortened(endless, 100)) == 100


@pytest.mark.parametrize("text", ["dolt\u200dord", "a\u200c", "\u200d🚑", "x\U000e0067", "🏴x\U000e0067"])
def test_an_invisible_sign_that_holds_nothing_together_is_no_part_of_a_header(text: str) -> None:
    assert not any(joins(text, at) for at, sign in enumerate(text) if sign in "\u200c\u200d\U000e0067")


def test_three_flags_in_a_row_are_cut_between_two_of_them() -> None:
    assert [at for at in range(1, 6) if is_boundary("🇸🇪🇫🇮🇳🇴", at)] == [2, 4]
