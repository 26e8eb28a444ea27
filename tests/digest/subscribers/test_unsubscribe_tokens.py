"""Leave tokens for many rows are as random as any, and lie together."""

from itertools import islice

from digest.lifecycle.unsubscribe_journal import is_token
from digest.subscribers.adapters.unsubscribe_tokens import DRAWN, tokens_in_order


def test_no_token_comes_twice_and_each_has_its_form() -> None:
    drawn = list(islice(tokens_in_order(), 2 * DRAWN))
    assert len(set(drawn)) == 2 * DRAWN
    assert all(map(is_token, drawn))


def test_each_draw_is_in_order_from_anywhere_on() -> None:
    drawn = list(islice(tokens_in_order(), 4 * DRAWN))
    draws = [drawn[at : at + DRAWN] for at in range(0, 4 * DRAWN, DRAWN)]
    for draw in draws:
        first = draw.index(min(draw))
        assert draw[first:] + draw[:first] == sorted(draw)
        assert {token[0] for token in draw} == set("0123456789abcdef")
    assert len({draw[0][:2] for draw in draws}) > 1  # all four alike: once in sixteen million


def test_the_first_token_of_a_short_list_may_be_any() -> None:
    assert len({next(tokens_in_order())[0] for _ in range(40)}) > 4


def test_every_bit_is_random() -> None:
    ones = [0] * 128
    for token in islice(tokens_in_order(), DRAWN):
        bits = int(token, 16)
        for place in range(128):
            ones[place] += bits >> place & 1
    spread = DRAWN**0.5 / 2
    assert all(abs(each - DRAWN / 2) < 8 * spread for each in ones)


def test_two_imports_draw_their_own() -> None:
    assert not set(islice(tokens_in_order(), 1000)) & set(islice(tokens_in_order(), 1000))
