"""When a log proves that a letter arrived, and when that it was lost: nobody is mailed twice by a wrong file."""

import pytest

from articles.article import Seq
from digest.editions.delivery import EditionId
from digest.editions.slots import PeriodKey
from digest.sending.relay_log import LogReading
from digest.sending.uncertain import Neighbours, UncertainLetter, named, why_not_arrived, why_not_lost
from digest.subscribers.subscription import SubscriptionId
from tests.given import NOW

OURS, BEFORE, AFTER = (f"<2026-01-09.{each * 32}@nyheter.example.org>" for each in "0ab")
LETTER = UncertainLetter(
    edition=EditionId(1),
    key=PeriodKey("2026-01-09"),
    subscription=SubscriptionId(7),
    address="Lasare@example.org",
    message_id=OURS,
    at=NOW,
    reply="",
    from_seq=Seq(0),
)
BOTH = Neighbours(before=[BEFORE], after=[AFTER])


def log(*taken: str, named_too: tuple[str, ...] = ()) -> LogReading:
    return LogReading(taken=frozenset(taken), mentioned=frozenset({*taken, *named_too}))


@pytest.mark.parametrize("word", ["lasare@example.org", "LASARE@EXAMPLE.ORG", OURS, OURS[1:-1], f" {OURS}\n"])
def test_a_letter_is_named_by_address_or_message_id(word: str) -> None:
    assert named(word, [LETTER]) == [LETTER]


@pytest.mark.parametrize("word", ["", "lasare", "@example.org", BEFORE, "2026-01-09"])
def test_nothing_less_names_a_letter(word: str) -> None:
    assert named(word, [LETTER]) == []


def test_only_a_log_that_shows_the_letter_as_taken_proves_that_it_arrived() -> None:
    assert why_not_arrived(LETTER, log(OURS)) is None
    assert why_not_arrived(LETTER, log(BEFORE, AFTER))
    assert "no line says" in str(why_not_arrived(LETTER, log(named_too=(OURS,))))


def test_a_letter_is_lost_when_the_log_has_all_around_it_and_not_it() -> None:
    assert why_not_lost(LETTER, log(BEFORE, AFTER), BOTH) is None


@pytest.mark.parametrize(
    ("reading", "sent", "why"),
    [
        (log(BEFORE, AFTER, OURS), BOTH, "the relay took it"),
        (log(BEFORE, AFTER, named_too=(OURS,)), BOTH, "may have been taken"),
        (log(), BOTH, "misses 1 of the 1 letters sent just before"),
        (log(BEFORE), BOTH, "misses 1 of the 1 letters sent just after"),
        (log(AFTER), BOTH, "just before"),
        (log(BEFORE), Neighbours(before=[BEFORE]), "no letter was sent after it"),
        (log(AFTER), Neighbours(after=[AFTER]), "no letter was sent before it"),
    ],
)
def test_a_log_of_another_relay_or_time_proves_no_loss(reading: LogReading, sent: Neighbours, why: str) -> None:
    assert why in str(why_not_lost(LETTER, reading, sent))
