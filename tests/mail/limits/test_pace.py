"""The pace of a relay is found by what it takes, however it counts: by bucket, by window, by the minute."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mail.adapters.found_limits import FoundLimits
from mail.limits.connections import Connections
from mail.limits.pace import FoundPace
from mail.limits.session import Session
from mail.limits.throttle import Pace
from mail.reply import Phase, Reply
from tests.drawn import examples
from tests.given import NOW


@dataclass
class Bucket:
    """Takes `rate` letters a second, and `burst` at once."""

    rate: float
    burst: float
    tokens: float = field(init=False)
    last: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def takes(self, moment: float) -> bool:
        self.tokens = min(self.burst, self.tokens + (moment - self.last) * self.rate)
        self.last = moment
        free = self.tokens >= 1
        self.tokens -= free
        return free


@dataclass
class Window:
    """Takes so many letters in so many seconds; `slides`, or begins anew by the clock. It may count what it refuses."""

    letters: int
    seconds: float
    slides: bool = True
    counts_refusals: bool = False
    seen: list[float] = field(default_factory=list)

    def takes(self, moment: float) -> bool:
        begin = moment - self.seconds if self.slides else moment // self.seconds * self.seconds
        self.seen = [each for each in self.seen if each > begin]
        free = len(self.seen) < self.letters
        if free or self.counts_refusals:
            self.seen.append(moment)
        return free


@dataclass(kw_only=True)
class Run:
    """What came of sending: letters, seconds, refusals, and the most of them in a row."""

    sent: int = 0
    seconds: float = 0.0
    refusals: int = 0
    in_a_row: int = 0
    hopeless: bool = False


def sending(takes: Callable[[float], bool], letters: int, found: FoundPace | None = None) -> Run:
    """Send so many letters over three connections, as the ledger does it: by the bucket, and by what was found."""
    found, run = found or FoundPace(), Run()
    bucket = Pace(rate=None, burst=None, tokens=1.0, filled=NOW)
    while run.sent < letters and not run.hopeless:
        now = NOW + timedelta(seconds=run.seconds)
        if wait := found.wait(now):
            run.seconds += wait
            bucket = Pace(rate=None, burst=None, tokens=1.0, filled=now + timedelta(seconds=wait), found=found.limit)
            continue
        bucket = Pace(rate=None, burst=None, tokens=bucket.tokens, filled=bucket.filled, found=found.limit).at(now)
        if not bucket.allows(1):
            run.seconds += bucket.wait() + 1e-6
            continue
        bucket = bucket.without(1)
        run.seconds += 0.001
        now = NOW + timedelta(seconds=run.seconds)
        if takes(run.seconds):
            run.sent += 1
            found = found.after_letters(1, now)
        else:
            run.refusals += 1
            found = found.after_refusal(now)
            run.in_a_row = max(run.in_a_row, found.refusals)
            run.hopeless = found.is_hopeless(now)
    return run


RELAYS = {
    "five a second, one at once": (Bucket(5, 1), 5.0),
    "five a second, five at once": (Bucket(5, 5), 5.0),
    "five a second, fifty at once": (Bucket(5, 50), 5.0),
    "five in any second": (Window(5, 1), 5.0),
    "fifty in any ten seconds": (Window(50, 10), 5.0),
    "three hundred in any minute": (Window(300, 60), 5.0),
    "three hundred in any minute, refusals counted": (Window(300, 60, counts_refusals=True), 5.0),
    "five in each second": (Window(5, 1, slides=False), 5.0),
    "three hundred in each minute, refusals counted": (Window(300, 60, slides=False, counts_refusals=True), 5.0),
    "thirty in each minute, refusals counted": (Window(30, 60, slides=False, counts_refusals=True), 0.5),
    "fourteen a second": (Bucket(14, 14), 14.0),
    "a hundred a second": (Bucket(100, 100), 100.0),
    "one a second": (Bucket(1, 1), 1.0),
    "six a minute": (Bucket(0.1, 1), 0.1),
}


@pytest.mark.parametrize("relay", RELAYS)
def test_seven_tenths_of_what_a_relay_allows_go_in_one_run_with_few_refusals(relay: str) -> None:
    kind, allowed = RELAYS[relay]
    letters = max(int(120 * allowed), 60)
    run = sending(kind.takes, letters)
    assert not run.hopeless
    assert run.sent / run.seconds >= 0.70 * allowed
    assert run.refusals <= 0.1 * letters + 15


@given(st.floats(0.2, 200.0), st.integers(1, 100), st.sampled_from([0.0, 1.0, 5.0, 60.0]))
@settings(max_examples=examples(60))
def test_whatever_a_relay_allows_no_letter_is_lost_to_a_pause(rate: float, burst: int, window: float) -> None:
    relay = Window(max(int(rate * window), 1), window) if window else Bucket(rate, burst)
    assert sending(relay.takes, 200).sent == 200


def test_a_relay_that_takes_nothing_is_left_alone_after_a_second_and_one_that_took_letters_after_a_minute() -> None:
    never = sending(lambda _: False, 10)
    assert (never.sent, never.hopeless) == (0, True)
    assert never.seconds < 2
    stopped = sending(lambda moment: moment < 10, 100_000)
    assert stopped.hopeless
    assert 60 < stopped.seconds - 10 < 120


def test_what_was_found_before_is_kept_to_from_the_first_letter_on() -> None:
    run = sending(Window(5, 1).takes, 300, FoundPace(sustained=5.0))
    assert run.refusals <= 6
    assert run.sent / run.seconds > 0.8 * 5


def test_a_pace_that_is_refused_no_more_is_left_behind() -> None:
    run = sending(lambda _: True, 5000, FoundPace(sustained=5.0))
    assert run.seconds < 40


def test_seconds_in_which_there_was_nothing_to_send_say_nothing_of_the_pace() -> None:
    found = FoundPace()
    for minute in range(30):
        found = found.after_letters(1, NOW + timedelta(minutes=minute))
    now = NOW + timedelta(minutes=30)
    for letter in range(100):
        found = found.after_letters(1, now + timedelta(milliseconds=letter))
    found = found.after_refusal(now + timedelta(milliseconds=101))
    found = found.after_letters(1, now + timedelta(milliseconds=400))
    assert (found.sustained or 0) > 3


def test_letters_that_were_on_their_way_at_a_refusal_count_once() -> None:
    found = FoundPace(sustained=8.0).after_refusal(NOW)
    assert found.after_refusal(NOW + timedelta(milliseconds=10)) == found


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_a_clock_that_jumps_makes_nobody_wait_longer_than_half_a_minute(days: int) -> None:
    found = FoundPace(sustained=8.0).after_refusal(NOW)
    assert found.wait(NOW + timedelta(days=days)) <= 32


def test_connections_double_with_each_letter_until_one_is_refused() -> None:
    found = Connections.remembered(20, None)
    assert found.allowed == 1
    for _ in range(4):
        found = found.after_letters(found.allowed, found.allowed, NOW)
    assert found.allowed == 16
    found = found.after_refusal(10, NOW, on_connecting=True)
    assert (found.allowed, found.capacity) == (9, 10)


def test_one_more_connection_is_tried_the_more_seldom_the_more_often_it_was_refused() -> None:
    found, now, tries = Connections.remembered(10, 3), NOW, list[float]()
    for _ in range(40_000):
        now += timedelta(seconds=0.1)
        found = found.after_letters(1, min(found.allowed, 3), now)
        if found.allowed > 3:
            tries.append((now - NOW).total_seconds())
            found = found.after_refusal(3, now, on_connecting=True)
    waits = [later - sooner for sooner, later in pairwise(tries)]
    assert waits == sorted(waits)
    assert 3 < len(tries) < 15
    assert found.allowed == 3


def test_a_relay_that_allows_more_than_before_is_soon_used_as_far() -> None:
    found, now = Connections.remembered(10, 3), NOW
    for _ in range(100):
        now += timedelta(seconds=0.1)
        found = found.after_letters(1, found.allowed, now)
    assert found.allowed == 10


def test_a_refusal_over_a_connection_in_use_halves_them() -> None:
    found = Connections.remembered(16, None).after_letters(15, 15, NOW)
    assert found.after_refusal(15, NOW, on_connecting=False).allowed == 8


def test_what_a_connection_carries_is_believed_when_it_is_said_and_else_at_the_third_time() -> None:
    assert Session().after_end(10, said=True).letters == 10
    found = Session()
    for times in range(1, 4):
        found = found.after_end(10, said=False)
        assert found.letters == (10 if times == 3 else None)
    assert found.after_end(7, said=False).letters == 10
    assert Session().after_end(1, said=True).letters is None


@pytest.mark.parametrize(
    "said",
    ["421 4.7.0 [TSS04] Messages from 192.0.2.7 temporarily deferred", "421 RP-001 Unfortunately, some were not sent"],
)
def test_a_receivers_words_say_nothing_of_how_many_letters_our_relay_takes_over_a_connection(said: str) -> None:
    limits = FoundLimits(4)
    for _ in range(5):
        assert not limits.is_used_up(Reply(phase=Phase.RCPT, code=421, text=said[4:], carried=3))
    assert limits.letters is None


def test_a_relay_that_puts_all_off_and_does_not_say_why_is_tried_every_second_however_long_that_lasts() -> None:
    limits, now = FoundLimits(4), NOW
    for _ in range(3000):
        limits.slow_down(now)
        assert limits.wait(now) <= 1
        now += timedelta(seconds=limits.wait(now))


def test_now_and_then_a_connection_goes_on_and_one_refusal_at_the_same_number_is_enough() -> None:
    found = Session().after_end(10, said=True)
    for _ in range(10):
        assert found.letters == 10
        found = found.after_renewal()
    assert found.letters is None
    assert found.after_end(10, said=False).letters == 10
