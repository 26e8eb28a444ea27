"""The rule by which a domain that refuses us is left alone and tried again."""

import itertools
from datetime import datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from digest.sending.circuit_breaker import Breaker
from digest.sending.domain_backoff import LISTENING, TRIAL, Patience, Standing, is_asked, is_too_many
from mail.reply import Verdict
from tests.given import NOW

PATIENCE = Patience()
HOUR = timedelta(hours=1)


def refused(times: int, standing: Standing | None = None, now: datetime = NOW) -> Standing:
    standing = standing or Standing()
    for _ in range(times):
        standing = standing.after_refusal(now, PATIENCE)
    return standing


@given(st.integers(1, 20), st.integers(0, 40))
def test_a_domain_is_paused_with_exactly_so_many_refusals_in_a_row(least: int, times: int) -> None:
    standing = Standing()
    for _ in range(times):
        standing = standing.after_refusal(NOW, Patience(refusals=least))
    assert standing.is_paused == (times >= least)


def test_an_accepted_letter_begins_the_count_anew() -> None:
    assert not refused(2, refused(2).after_acceptance()).is_paused
    assert refused(2).after_acceptance() == Standing()


@given(st.integers(1, 60))
def test_each_pause_lasts_twice_as_long_as_the_one_before_and_at_most_a_day(times: int) -> None:
    standing, now = refused(3), NOW
    waits = []
    for _ in range(times):
        assert standing.until
        waits.append(standing.until - now)
        now = standing.until
        standing = standing.at(now).after_refusal(now, PATIENCE)
    assert waits[0] == HOUR
    assert all(later == min(2 * before, timedelta(days=1)) for before, later in itertools.pairwise(waits))


def test_a_trial_is_a_few_letters_and_then_some_time_to_listen() -> None:
    waiting = refused(3)
    assert waiting.at(NOW + HOUR - timedelta(seconds=1)).room() == 0
    trying = waiting.at(NOW + HOUR)
    assert trying.room() == TRIAL
    heard = trying.after_acceptance()
    assert heard.at(NOW + HOUR + LISTENING - timedelta(seconds=1)).is_paused
    assert heard.at(NOW + HOUR + LISTENING).room() is None


def test_a_trial_of_which_no_letter_was_answered_begins_anew() -> None:
    silent = refused(3).at(NOW + HOUR).at(NOW + HOUR + LISTENING)
    assert (silent.is_waiting, silent.room()) == (False, TRIAL)


def test_a_letter_that_comes_back_counts_when_it_was_sent_since_the_last_change() -> None:
    waiting = refused(3)
    trying = waiting.at(NOW + HOUR)
    free = trying.after_acceptance().at(NOW + HOUR + LISTENING)
    later = NOW + 2 * HOUR
    assert Standing().is_told_by(NOW, later)
    assert not waiting.is_told_by(NOW + HOUR, later)
    assert [trying.is_told_by(NOW + each * HOUR, later) for each in (0, 1)] == [False, True]
    assert [free.is_told_by(NOW + each * HOUR, later) for each in (1, 2)] == [False, True]


@given(st.timedeltas(timedelta(seconds=1), timedelta(days=4000)))
def test_a_domain_that_a_wrong_clock_set_free_is_told_by_its_letters_again(ahead: timedelta) -> None:
    free = Standing(free_since=NOW + ahead)
    assert free.is_told_by(NOW, NOW)
    assert not free.is_told_by(NOW, NOW + ahead)


@given(st.timedeltas(timedelta(days=2), timedelta(days=4000)))
def test_a_pause_that_a_wrong_clock_wrote_does_not_last(ahead: timedelta) -> None:
    assert refused(3, now=NOW + ahead).at(NOW).room() == TRIAL


@given(st.integers(1, 5000), st.integers(1, 10))
def test_returned_letters_are_weighed_with_the_first_that_can_count_and_whenever_they_have_doubled(
    number: int, least: int
) -> None:
    asked = [each for each in range(number + 1) if is_asked(each, Patience(refusals=least))]
    assert asked[:1] == ([least] if number >= least else [])
    assert all(later <= 2 * before for before, later in itertools.pairwise(asked))
    assert len(asked) < 15


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_a_tenth_of_the_letters_may_come_back(returned: int, sent: int) -> None:
    assume(returned <= sent)
    assert is_too_many(returned, sent) == (10 * returned > sent)


def test_three_domains_in_a_row_are_the_relays_fault_unless_a_letter_was_taken_between() -> None:
    breaker = Breaker()
    for name in ("a.test", "b.test", "a.test", "b.test"):
        breaker = breaker.after_refusal(name, Standing())
    assert not breaker.is_refused_everywhere()
    assert breaker.after_refusal("c.test", Standing()).is_refused_everywhere()
    assert not breaker.after(Verdict.SENT).after_refusal("c.test", Standing()).is_refused_everywhere()
    assert not breaker.after_refusal("c.test", refused(3)).is_refused_everywhere()


class Domain(RuleBasedStateMachine):
    """A domain that answers as it likes, at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.standing, self.now = Standing(), NOW
        self.under_way = 0

    @rule(minutes=st.integers(1, 600))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.standing = self.standing.at(self.now)

    @rule()
    def claim(self) -> None:
        room = self.standing.room()
        if room is None or room > 0:
            self.under_way += 1
            if room is not None:
                self.standing = Standing(**(vars(self.standing) | {"tried": self.standing.tried + 1}))

    @rule(accepted=st.booleans())
    def answer(self, *, accepted: bool) -> None:
        if self.under_way:
            self.under_way -= 1
            before = self.standing
            refusal = before.after_refusal(self.now, PATIENCE)
            self.standing = before.after_acceptance() if accepted else refusal

    @invariant()
    def a_pause_ends(self) -> None:
        if self.standing.until:
            assert self.standing.until <= self.now + timedelta(days=1)

    @invariant()
    def no_more_than_a_few_letters_try(self) -> None:
        assert 0 <= self.standing.tried <= TRIAL

    @invariant()
    def it_always_heals_in_the_end(self) -> None:
        standing, now = self.standing, self.now
        for _ in range(3):
            now = standing.until or now
            standing = standing.at(now)
            standing = standing.after_acceptance() if standing.room() else standing
        assert standing.room() is None or standing.tried_since


TestDomain = Domain.TestCase
