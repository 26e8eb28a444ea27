"""What is let go of old editions, and what stays: nobody is sent anything else for it, and everything adds up."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Table, func, insert, select, update

from articles.article import ArticleId, Seq
from articles.standing import Standing
from digest.adapters.tables import deliveries, delivery_counts, editions, receipts, variant_items, variants
from digest.editions.adapters.retention import Retention
from digest.editions.delivery import DeliveryState
from digest.editions.selection import newsroom
from digest.editions.slots import PeriodKey
from digest.ids import VariantId
from digest.sending.sender import OnUncertain
from digest.subscribers.subscription import ALL
from storage.database import Database
from tests.digest.editions.test_selection_lives import PEOPLE, SETS, Lives, Person, Text
from tests.digest.editions.test_selection_scripts import Life
from tests.drawn import examples, steps
from tests.given import NOW

LATER = NOW + timedelta(days=3650)


@pytest.fixture
def life(database: Database) -> Life:
    told = Life(database)
    told.editions.first_seen("veckobrev", NOW)
    return told


def until_done(step: Callable[[], int]) -> int:
    """Take steps until there is nothing left to do; says how many rows it were."""
    return sum(iter(step, 0))


def fold(life: Life) -> int:
    return until_done(lambda: Retention(life.database.write).fold(LATER, LATER))


def forget(life: Life) -> int:
    return until_done(lambda: Retention(life.database.write).forget(LATER))


def rows(database: Database, table: Table) -> int:
    with database.read.begin() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_folding_leaves_counts_and_receipts_and_the_same_status(life: Life) -> None:
    for who in ("anna", "bertil", "cecilia", "david"):
        life.join(who)
    life.join("edith", "vard")
    life.publish("buss")
    life.week(bertil="failed", cecilia="uncertain", david="held")
    life.week()
    before = list(life.edition_counts.status())
    assert fold(life) == 5
    first, *others = life.edition_counts.status()
    assert first.edition.is_folded
    assert [replace(first, edition=replace(first.edition, is_folded=False)), *others] == before
    with life.database.read.begin() as connection:
        first, second = connection.execute(select(editions.c.id, editions.c.folded).order_by(editions.c.id)).all()
        assert (first.folded, second.folded) == (LATER, None)
        counted = connection.execute(select(delivery_counts.c.state, delivery_counts.c.number))
        assert dict(map(tuple, counted)) == {"sent": 1, "failed": 1, "uncertain": 1, "held": 1, "skipped": 1}
        kept = connection.execute(select(receipts.c.subscription_id, receipts.c.certain)).all()
        assert sorted(map(tuple, kept)) == [(1, True), (3, False)]
        assert connection.execute(select(deliveries.c.edition_id).distinct()).scalars().all() == [second.id]


def test_a_fold_broken_off_anywhere_adds_up_and_goes_on(life: Life) -> None:
    for number in range(7):
        life.join(f"lasare{number}")
    life.publish("buss")
    life.week(lasare3="uncertain", lasare5="failed")
    life.week()
    before = list(life.edition_counts.status())
    for size in (3, 3, 1):  # each by a process of its own, the last one killed before it could write `folded`
        assert Retention(life.database.write, rows=3).fold(LATER, LATER) == size
        assert list(life.edition_counts.status()) == before
        assert all(not status.unexplained for status in life.edition_counts.status())
    assert Retention(life.database.write, rows=3).fold(LATER, LATER) == 0
    assert rows(life.database, receipts) == 6


def test_an_edition_is_folded_neither_too_young_nor_as_the_newest_nor_with_letters_open(life: Life) -> None:
    life.join("anna")
    life.publish("buss")
    life.week()
    ended = life.now
    retention = Retention(life.database.write)
    assert retention.fold(LATER, LATER) == 0  # it is the newest
    life.week()
    assert retention.fold(ended, LATER) == 0  # it is of that very moment
    with life.database.write.begin() as connection:
        connection.execute(update(deliveries).values(state="claimed"))
    assert retention.fold(LATER, LATER) == 0  # a sender is about to learn the outcome
    with life.database.write.begin() as connection:
        connection.execute(update(deliveries).values(state="sent"))
    assert retention.fold(ended + timedelta(seconds=1), LATER) == 1


def test_another_digests_edition_makes_none_the_newest_but_one(life: Life) -> None:
    life.join("anna")
    life.publish("buss")
    life.week()
    with life.database.write.begin() as connection:
        other = {"digest": "manadsbrev", "period_key": "2999-01-01", "state": "finished", "cut_seq": 9, "moment": NOW}
        connection.execute(insert(editions).values(other))
    assert fold(life) == 0


def test_a_doubtful_attempt_that_was_tried_again_is_folded_into_one_receipt(database: Database) -> None:
    life = Life(database, OnUncertain.RESEND)
    life.join("anna")
    life.publish("buss")
    life.plan()
    life.send("anna", "uncertain")
    life.now += timedelta(hours=1)
    life.send("anna")
    life.week()
    fold(life)
    with database.read.begin() as connection:
        assert connection.execute(select(receipts.c.certain)).scalars().all() == [True]
    life.correct("buss")
    assert life.week() == {"anna": {"rättat buss"}}
    assert life.week() == {}


@pytest.mark.parametrize(("act", "notice"), [("correct", "rättat buss"), ("withdraw", "återkallat buss")])
def test_a_notice_reaches_those_whose_delivery_was_folded(act: str, notice: str, life: Life) -> None:
    life.join("anna")
    life.join("bertil")
    life.publish("buss")
    life.join("cecilia")
    life.week(bertil="uncertain")
    life.week()
    fold(life)
    getattr(life, act)("buss")
    assert life.week() == {"anna": {notice}, "bertil": {notice}}


def test_a_retag_after_its_receipts_were_dropped_does_not_send_the_article_again(life: Life) -> None:
    life.join("anna", "buss", "vard")
    life.publish("turlista", "buss")
    life.week()
    life.publish("remiss", "buss")
    life.week()
    fold(life)
    assert forget(life) == 1
    life.retag("turlista", "buss", "vard")  # first stored before the cut that was dropped
    life.retag("remiss", "buss", "vard")  # its receipt is still a delivery of the newest edition
    life.publish("ny", "vard")
    assert life.week() == {"anna": {"ny"}}


def test_what_was_first_stored_after_the_reach_comes_when_it_is_tagged(life: Life) -> None:
    life.join("anna", "vard")
    life.publish("gammal")
    life.publish("annan", "vard")
    life.week()
    life.publish("remiss")
    life.week()
    fold(life)
    forget(life)
    life.retag("gammal", "vard")
    life.retag("remiss", "vard")
    assert life.week() == {"anna": {"remiss"}}


def test_who_was_sent_what_is_forgotten_with_the_receipts_and_not_before(life: Life) -> None:
    life.join("anna")
    life.publish("ett")
    life.week()
    first = life.now
    life.publish("tva")
    life.week()
    life.week()
    fold(life)
    assert until_done(lambda: Retention(life.database.write).forget(first + timedelta(days=1))) == 1
    life.withdraw("ett")
    life.withdraw("tva")
    assert life.week() == {"anna": {"återkallat tva"}}


def test_receipts_are_dropped_a_few_at_a_time_and_count_as_said_from_the_first_on(life: Life) -> None:
    for who in ("anna", "bertil", "cecilia"):
        life.join(who)
    life.publish("buss")
    life.week()
    cut = life.store.last_seq()
    life.publish("tag")
    life.week()
    fold(life)
    assert life.editions.reach("veckobrev") == 0
    retention = Retention(life.database.write, rows=2)
    for left in (1, 0):
        retention.forget(LATER)
        assert (life.editions.reach("veckobrev"), rows(life.database, receipts)) == (cut, left)
    assert retention.forget(LATER) == 0


def test_receipts_of_an_edition_that_is_not_folded_yet_stay(life: Life) -> None:
    life.join("anna")
    life.publish("buss")
    life.week()
    life.week()
    with life.database.write.begin() as connection:
        receipt = {"variant_id": 1, "subscription_id": 1, "certain": False}
        connection.execute(insert(receipts).values(receipt))
    assert forget(life) == 0


def test_nothing_is_forgotten_while_an_edition_is_planned(life: Life) -> None:
    life.join("anna")
    life.publish("buss")
    life.week()
    life.week()
    fold(life)
    life.now += timedelta(days=7)
    life.editions.open("veckobrev", PeriodKey(life.now.date().isoformat()), life.store.last_seq(), life.now)
    assert forget(life) == 0
    with life.database.write.begin() as connection:
        connection.execute(update(editions).values(state="finished"))
    assert forget(life) == 1


def test_the_register_keeps_what_when_to_how_many_and_a_hash(life: Life) -> None:
    life.join("anna")
    life.publish("buss")
    life.week()
    life.forms.keep_form(VariantId(1), b"the letter")
    life.week()
    retention = Retention(life.database.write)
    assert retention.strip(NOW) == 0
    assert until_done(lambda: retention.strip(LATER)) == 1
    fold(life)
    forget(life)
    with life.database.read.begin() as connection:
        (variant,) = connection.execute(select(variants.c.form, variants.c.sha256)).all()
        assert tuple(variant) == (None, hashlib.sha256(b"the letter").hexdigest())
        assert connection.execute(select(variant_items.c.seq)).scalars().all() == [1]
        assert connection.execute(select(editions.c.moment)).scalars().first() == NOW + timedelta(days=7)
    first, second = life.edition_counts.status()
    assert (first.audience, first.counts[DeliveryState.SENT]) == (1, 1)
    assert (second.audience, second.counts[DeliveryState.SKIPPED]) == (1, 1)


def test_a_letter_that_was_kept_without_a_hash_gets_one_when_it_goes(life: Life) -> None:
    life.join("anna")
    life.publish("buss")
    life.week()
    life.week()
    with life.database.write.begin() as connection:
        connection.execute(update(variants).values(form=b"an old letter", sha256=None))
    assert Retention(life.database.write).strip(LATER) == 1
    with life.database.read.begin() as connection:
        assert (
            connection.execute(select(variants.c.sha256)).scalar_one() == hashlib.sha256(b"an old letter").hexdigest()
        )


def test_the_letters_of_the_newest_edition_stay(life: Life) -> None:
    life.join("anna")
    life.publish("buss")
    life.week()
    life.forms.keep_form(VariantId(1), b"the letter")
    assert Retention(life.database.write).strip(LATER) == 0


@pytest.mark.parametrize(("published", "reach", "shown"), [(4, 3, True), (4, 4, False), (4, 5, False), (1, 0, True)])
def test_what_was_first_stored_at_or_before_the_reach_is_no_item(published: int, reach: int, shown: bool) -> None:  # noqa: FBT001
    tagged = Standing(
        id=ArticleId("a"),
        publishers=frozenset(),
        newest=Seq(9),
        published=Seq(published),
        held_since={},
    )
    room = newsroom([tagged], ALL, Seq(9), Seq(reach))
    assert bool(room.items(ALL, Seq(0))) is shown


class LivesThatFold(Lives):
    """The lives of the selection and the same oracle, but after every act one more old delivery is folded.

    Everybody is there from the beginning, and whole weeks pass: random acts alone seldom come to a second edition.
    """

    @initialize()
    def begin(self) -> None:
        super().begin()
        for who, wanted in zip(
            PEOPLE, (frozenset[str](), frozenset({"vard"}), frozenset({"vard", "buss"})), strict=True
        ):
            self.join(who=who, wanted=wanted)

    @rule(
        topics=SETS, outcomes=st.lists(st.sampled_from(["sent", "sent", "uncertain", "failed", "refused"]), min_size=3)
    )
    def week(self, topics: frozenset[str], outcomes: list[str]) -> None:
        self.publish(topics=topics, days_old=0)
        self.plan()
        for outcome in outcomes[:3]:
            if self.open:
                self.send_one(outcome=outcome)

    @invariant()
    def fold(self) -> None:
        Retention(self.database.write, rows=1).fold(LATER, self.now)

    @precondition(lambda self: self.doubts)
    @rule(data=st.data(), arrived=st.booleans())
    def learn(self, data: st.DataObject, arrived: bool) -> None:  # noqa: FBT001 - a value of the rule
        """What is folded is counted, and nobody can say any more what became of it."""
        listed = {(letter.key, letter.address) for letter in self.uncertain.letters("veckobrev")}
        self.doubts = [doubt for doubt in self.doubts if (doubt.edition.key, self.address_of(doubt)) in listed]
        if self.doubts:
            super().learn(data=data, arrived=arrived)


class LivesThatForget(LivesThatFold):
    """Receipts go as well, and the oracle forgets with them: what all letters but the newest edition's said."""

    def __init__(self) -> None:
        super().__init__()
        self.editions.first_seen("veckobrev", NOW)
        self.known: frozenset[ArticleId] = frozenset()
        self.known_when_sent: frozenset[ArticleId] = frozenset()
        self.settled: frozenset[ArticleId] = frozenset()
        self.had: dict[str, int] = {}
        self.before_plan = self.known_when_sent, self.known, self.had

    @rule()
    def plan(self) -> None:
        self.before_plan = self.known_when_sent, self.known, self.had
        if any(len(person.got) > self.had.get(who, 0) for who, person in self.people.items()):
            self.known_when_sent = self.known
        self.known = frozenset(self.texts)
        self.had = {who: len(person.got) for who, person in self.people.items()}
        super().plan()

    @rule()
    def forget(self) -> None:
        until_done(lambda: Retention(self.database.write).fold(LATER, self.now))
        until_done(lambda: Retention(self.database.write).forget(LATER))
        self.settled = self.known_when_sent
        for who, person in self.people.items():
            del person.got[: self.had.get(who, 0)]
        self.had = {}
        self.before_plan = self.known_when_sent, self.before_plan[1], self.had

    @precondition(lambda self: self.edition is not None and self.is_untouched)
    @rule()
    def take_back(self) -> None:
        """The edition before is the newest again: of its letters nothing is forgotten yet."""
        super().take_back()
        self.known_when_sent, self.known, self.had = self.before_plan

    def is_news_to(self, person: Person, article: ArticleId, text: Text) -> bool:
        """What the oracle has forgotten of a letter may have been in it."""
        return article not in self.settled and super().is_news_to(person, article, text)


def lives(machine: type[Lives], empty: Path, on_uncertain: OnUncertain) -> Callable[[], Lives]:
    return type("LivesOfOnePolicy", (machine,), {"empty": empty, "on_uncertain": on_uncertain})


@pytest.mark.hypothesis
@pytest.mark.parametrize("on_uncertain", list(OnUncertain))
@pytest.mark.parametrize("machine", [LivesThatFold, LivesThatForget])
def test_folding_and_forgetting_at_any_moment_sends_nobody_anything_else(
    machine: type[Lives], empty_store: Path, on_uncertain: OnUncertain
) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lives(machine, empty_store, on_uncertain),
        settings=settings(
            max_examples=examples(60),
            stateful_step_count=steps(40),
            suppress_health_check=list(HealthCheck),
        ),
    )
