"""The spellings of one mailbox: what a provider says is one, is one, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mail.address import Address
from mail.spellings import RESPELT_DOMAINS, mailbox_of, one_spelling
from tests.drawn import examples

SAME = (
    ("anna.karlsson@gmail.com", "annakarlsson@gmail.com"),
    ("a.n.n.a@googlemail.com", "anna@gmail.com"),
    ("Anna.Karlsson@GoogleMail.com", "annakarlsson@gmail.com"),
    ("anna.k+nyheter.sv@gmail.com", "annak+nyheter.sv@gmail.com"),
    ("anna.k@me.com", "anna.k@icloud.com"),
    ("anna_k@mac.com", "anna_k@icloud.com"),
    ("anna-maria_k@proton.me", "annamariak@protonmail.com"),
    ("anna.k@pm.me", "annak@protonmail.ch"),
    ("anna-k@ya.ru", "anna.k@yandex.com"),
    ("anna.k@yandex.by", "anna-k@yandex.kz"),
    ("ANNA@example.org", "anna@example.org"),
)
OTHER = (
    ("anna.karlsson@example.org", "annakarlsson@example.org"),
    ("anna.k@outlook.com", "annak@outlook.com"),
    ("anna@outlook.com", "anna@hotmail.com"),
    ("anna@live.se", "anna@live.com"),
    ("anna.k@yahoo.com", "annak@yahoo.com"),
    ("anna@yahoo.se", "anna@yahoo.com"),
    ("anna.k@icloud.com", "annak@icloud.com"),
    ("anna.k@yandex.ru", "annak@yandex.ru"),
    ("anna+a@gmail.com", "anna+b@gmail.com"),
    ("anna@gmail.com", "anna@gmail.co"),
    ("anna.k@mail.gmail.com", "annak@mail.gmail.com"),
    ("anna@tuta.com", "anna@tutanota.com"),
    ("anna.k@telia.com", "annak@telia.com"),
    ("anna.k@gmx.de", "annak@gmx.net"),
)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_a_provider_calls_one_mailbox_is_one(one: str, other: str) -> None:
    assert Address(one).key == Address(other).key


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_two_people_are_never_taken_for_one(one: str, other: str) -> None:
    assert Address(one).key != Address(other).key


@settings(max_examples=examples(50))
@given(local=st.from_regex(r"[a-z0-9._+-]{1,20}", fullmatch=True), domain=st.sampled_from([*RESPELT_DOMAINS, "a.test"]))
def test_the_one_spelling_of_a_mailbox_has_no_other_and_keeps_a_name(local: str, domain: str) -> None:
    once = one_spelling(f"{local}@{domain}")
    assert one_spelling(once) == once
    assert once.rpartition("@")[0]
    assert mailbox_of(once) == mailbox_of(f"{local}@{domain}")


@pytest.mark.parametrize(
    ("typed", "mailbox"),
    [
        ("anna+a@example.org", "anna@example.org"),
        ("+anna@example.org", "+anna@example.org"),
        ("an.na+x@googlemail.com", "anna@gmail.com"),
        ("nick-shop@yahoo.com", "nick@yahoo.com"),
        ("nick-shop@ymail.com", "nick@ymail.com"),
        ("anna-maria@example.org", "anna-maria@example.org"),
        ("shop@anna.fastmail.com", "anna@fastmail.com"),
        ("anna+shop@fastmail.com", "anna@fastmail.com"),
    ],
)
def test_letters_that_strangers_cause_count_by_the_mailbox_they_reach(typed: str, mailbox: str) -> None:
    assert mailbox_of(typed) == mailbox
