"""What an edition holds, over random lives, against an oracle that thinks in users' terms.

The oracle keeps no seq, no cursor and no span. For every subscriber it keeps what became news since they were last
settled, and the letters they got; that is compared with what the real planner wrote into a real database.
"""

import itertools
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from articles.acts import Hold
from articles.adapters.lapse import LapseBounds, Lapses
from articles.adapters.store import Arrival, ArticleStore, StoredDraft
from articles.article import ArticleId, Contact, Kind
from digest.adapters.tables import deliveries, subscribers, subscriptions, variant_items
from digest.editions.adapters.edition_control import EditionControl
from digest.editions.adapters.edition_counts import EditionCounts
from digest.editions.adapters.editions import Editions
from digest.editions.adapters.forms import LetterForms
from digest.editions.adapters.planner import Planner
from digest.editions.adapters.take_back import take_back
from digest.editions.adapters.withdrawn_texts import WithdrawnTexts, withdraw_texts
from digest.editions.delivery import OPEN, DeliveryState
from digest.editions.edition import Edition
from digest.editions.selection import newsroom
from digest.editions.slots import PeriodKey
from digest.lifecycle.adapters.by_operator import ByOperator, Wish
from digest.sending.adapters.outcomes import settle_dead
from digest.sending.adapters.uncertain import Settled, UncertainLetters
from digest.sending.sender import OnUncertain
from digest.sending.uncertain import Finding
from digest.subscribers.adapters.subscribers import Subscribers
from digest.subscribers.subscription import ALL, filter_of
from mail.address import Address
from mail.reply import Phase, Reply
from storage.database import Database
from tests.digest.steps import Steps
from tests.drawn import examples, steps
from tests.given import LINGONMARK, NOW, PAGES, draft
from tests.keys import KEY

TOPICS = ("vard", "buss", "kultur")
PEOPLE = tuple(f"lasare{number}@example.org" for number in range(3))
SOMEBODY = (Contact(name="Kim Exempel", phones=("070-1740605",)),)
SETS = st.frozensets(st.sampled_from(TOPICS), max_size=2)
REPLIES = {
    "sent": Reply(phase=Phase.DOT, code=250),
    "failed": Reply(phase=Phase.RCPT, code=550, text="5.1.1 no such mailbox"),
    "refused": Reply(phase=Phase.RCPT, code=550),
    "deferred": Reply(phase=Phase.RCPT, code=450),
    "uncertain": Reply(phase=Phase.DOT, code=0),
}
MEMORY = Path("/dev/shm")  # noqa: S108 - thousands of commits, none of which needs to survive
Shown = frozenset[tuple[str, ArticleId]]


@dataclass
class Text:
    """An article as a reader could know it: its states in order, newest last, and when it was last written to."""

    states: list[str] = field(default_factory=lambda: ["published"])
    topics: frozenset[str] = frozenset()
    written: int = 0

    @property
    def is_withdrawn(self) -> bool:
        return self.states[-1] == "withdrawn"

    @property
    def is_erased(self) -> bool:
        return self.states[-1] == "erased"

    @property
    def is_live(self) -> bool:
        return not (self.is_withdrawn or self.is_erased)

    def last(self, act: str) -> int | None:
        return max((place for place, state in enumerate(self.states) if state == act), default=None)


@dataclass(frozen=True)
class Got:
    """An article in a letter that reached somebody, or may have."""

    article: ArticleId
    state: int
    certain: bool


@dataclass
class Person:
    """What became news to this subscriber, how much of it is settled, and what their letters said."""

    wanted: frozenset[str]
    living: str = "active"
    news: list[tuple[ArticleId, str]] = field(default_factory=list)
    settled: int = 0
    got: list[Got] = field(default_factory=list)


@dataclass
class Letter:
    """A planned letter: what it shows, each article in which state, and from where to where it settles the news."""

    shown: dict[tuple[str, ArticleId], int]
    begins: int
    settles: int


@dataclass
class Doubt:
    """A letter of which nobody knows whether it arrived, as a person may learn later."""

    edition: Edition
    person: Person
    begins: int
    got: list[Got]


class Lives(RuleBasedStateMachine):
    empty: Path
    on_uncertain: OnUncertain

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        path = Path(self.folder.name) / "store.db"
        shutil.copy(self.empty, path)
        self.database = Database(f"sqlite:///{path}")
        ends = (self.database.read, self.database.write)
        self.store, self.editions = ArticleStore(*ends), Editions(*ends)
        self.edition_control, self.edition_counts, self.forms = (
            EditionControl(*ends),
            EditionCounts(ends[0]),
            LetterForms(*ends),
        )
        self.subscribers, self.by_operator = Subscribers(ends[0]), ByOperator(ends[1], KEY)
        self.planner = Planner(self.database.write, batch=2)
        self.uncertain = UncertainLetters(*ends)
        self.now = NOW
        self.numbers = itertools.count()
        self.texts: dict[ArticleId, Text] = {}
        self.people: dict[str, Person] = {}
        self.open: dict[str, Letter] = {}
        self.settled_by_nothing: dict[str, int] = {}
        self.is_untouched = False
        self.doubts: list[Doubt] = []
        self.went_out: set[str] = set()
        self.named: set[str] = set()
        self.refused: dict[str, Letter] = {}
        self.was_tried_in_vain = False  # put off, or in doubt: of such a letter a relay has heard, whatever comes later

    @initialize()
    def begin(self) -> None:
        self.edition: Edition | None = None

    @initialize(limit=st.sampled_from([1, 30]))
    def letters_have_room_for(self, limit: int) -> None:
        self.limit = limit

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    def everybody(self) -> list[Person]:
        return [person for person in self.people.values() if person.living != "ended"]

    def any_live_article(self, data: st.DataObject) -> ArticleId | None:
        known = [each for each, text in self.texts.items() if text.is_live]
        return data.draw(st.sampled_from(known)) if known else None

    def write(self, article: ArticleId, act: str, topics: frozenset[str]) -> None:
        """Change the text in the store, and in the oracle's memory."""
        source = self.store.addresses(article)[0]
        number = next(self.numbers)
        changed = draft(f"Nyhet {number}", *sorted(topics), contacts=SOMEBODY)
        arrival = Arrival(source=PAGES, addresses=(source,), draft=changed, asked=Kind(act), note="fel")
        self.store.take(arrival, LINGONMARK, self.now)
        text = self.texts[article]
        for person in self.everybody():
            person.news += [(article, topic) for topic in topics - text.topics]
        text.states.append(act)
        text.topics, text.written = topics, number

    @rule(topics=SETS, days_old=st.integers(0, 400))
    def publish(self, topics: frozenset[str], days_old: int) -> None:
        """Publish something, often back-dated: the date must not matter."""
        number = next(self.numbers)
        new = draft(f"Nyhet {number}", *sorted(topics), contacts=SOMEBODY)
        assert new.published
        day = replace(new.published, value=(self.now - timedelta(days=days_old)).date())
        arrival = Arrival(source=PAGES, addresses=(f"{number}.txt",), draft=replace(new, published=day))
        taken = self.store.take(arrival, LINGONMARK, self.now)
        assert isinstance(taken, StoredDraft)
        self.is_new(taken.id, number, topics)

    def is_new(self, article: ArticleId, number: int, topics: frozenset[str]) -> None:
        self.texts[article] = Text(topics=topics, written=number)
        for person in self.everybody():
            person.news += [(article, "published")] + [(article, topic) for topic in topics]

    @rule(data=st.data(), topics=SETS)
    def retag(self, data: st.DataObject, topics: frozenset[str]) -> None:
        if article := self.any_live_article(data):
            self.write(article, "edited", topics)

    @rule(data=st.data())
    def correct(self, data: st.DataObject) -> None:
        if article := self.any_live_article(data):
            self.write(article, "corrected", self.texts[article].topics)

    @rule(data=st.data(), topics=SETS)
    def correct_and_retag(self, data: st.DataObject, topics: frozenset[str]) -> None:
        if article := self.any_live_article(data):
            self.write(article, "corrected", topics)

    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        article = self.any_live_article(data)
        if article is None:
            return
        self.store.act(article, Kind.WITHDRAWN, "fel", self.now)
        self.texts[article].states.append("withdrawn")
        withdraw_texts(self.database.write, WithdrawnTexts(withdrawn=frozenset({article})), self.now, batch=1)
        self.leaves_what_waits(article, "item", "named", "corrected")

    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        """Erase something, live or withdrawn: nobody is told, and no letter that waits says so."""
        known = [each for each, text in self.texts.items() if not text.is_erased]
        if not known:
            return
        article = data.draw(st.sampled_from(known))
        assert self.store.erase(article, self.now)
        self.texts[article].states.append("erased")
        withdraw_texts(self.database.write, WithdrawnTexts(erased=frozenset({article})), self.now, batch=1)
        self.leaves_what_waits(article, "item", "named", "corrected", "withdrawn")

    def leaves_what_waits(self, article: ArticleId, *showings: str) -> None:
        for who, letter in list(self.open.items()):
            letter.shown = {
                key: state for key, state in letter.shown.items() if key[1] != article or key[0] not in showings
            }
            if not letter.shown:
                self.settle(who, self.open.pop(who))

    @rule(data=st.data(), topics=SETS)
    def publish_again(self, data: st.DataObject, topics: frozenset[str]) -> None:
        """What is gone comes back from where it was: to everybody it is a new article."""
        gone = [each for each, text in self.texts.items() if not text.is_live and self.store.addresses(each)]
        if not gone:
            return
        number = next(self.numbers)
        source = self.store.addresses(data.draw(st.sampled_from(gone)))[0]
        arrival = Arrival(source=PAGES, addresses=(source,), draft=draft(f"Nyhet {number}", *sorted(topics)))
        assert isinstance(self.store.take(arrival, LINGONMARK, self.now), Hold)
        self.is_new(self.store.publish_again(arrival, LINGONMARK, self.now).id, number, topics)

    @rule(days=st.integers(0, 60))
    def time_passes_in_the_store(self, days: int) -> None:
        """Notices and contacts lapse: to no subscriber does that mean anything."""
        until = self.now - timedelta(days=days)
        Lapses(self.database.read, self.database.write).append(LapseBounds(withdrawn=until, published=until), self.now)

    @rule(who=st.sampled_from(PEOPLE), wanted=SETS)
    def join(self, who: str, wanted: frozenset[str]) -> None:
        self.now += timedelta(minutes=1)
        wish = Wish(address=Address(who), digest="veckobrev", wanted=filter_of(wanted))
        person = self.people.get(who)
        if person and person.living != "ended":
            return
        self.by_operator.join_again(wish, self.store.last_seq(), self.now)
        got = person.got if person else []
        self.people[who] = Person(wanted=wanted, got=got)
        self.settled_by_nothing.pop(who, None)

    @rule(who=st.sampled_from(PEOPLE), wanted=SETS)
    def choose(self, who: str, wanted: frozenset[str]) -> None:
        person = self.people.get(who)
        if person and person.living != "ended":
            self.by_operator.choose(Address(who), "veckobrev", filter_of(wanted), self.now)
            person.wanted = wanted

    @rule(who=st.sampled_from(PEOPLE))
    def pause_or_resume(self, who: str) -> None:
        person = self.people.get(who)
        if person is None or person.living == "ended":
            return
        turn = self.by_operator.pause if person.living == "active" else self.by_operator.resume
        assert turn(Address(who), "veckobrev", self.now)
        person.living = "paused" if person.living == "active" else "active"

    @rule(who=st.sampled_from(PEOPLE))
    def leave(self, who: str) -> None:
        person = self.people.get(who)
        if person and person.living != "ended":
            self.by_operator.end(Address(who), None, "asked", self.now)
            person.living = "ended"
            self.open.pop(who, None)
            self.refused.pop(who, None)
            self.named.discard(who)

    @rule()
    def plan(self) -> None:
        """A week passes (or an outage of many): the next edition is planned, and compared with the oracle."""
        self.now += timedelta(days=7)
        self.open.clear()
        self.settled_by_nothing.clear()
        self.nobody_heard()
        self.is_untouched = True
        cut = self.store.last_seq()
        self.edition = self.editions.open("veckobrev", PeriodKey(self.now.date().isoformat()), cut, self.now)
        room = newsroom(self.store.standings(cut), ALL, cut, self.editions.reach("veckobrev"))
        self.planner.plan(self.edition, room, self.limit)
        wanted = {}
        for who, person in self.people.items():
            if person.living == "active":
                letter = Letter(shown=self.owed(person), begins=person.settled, settles=len(person.news))
                wanted[who] = frozenset(letter.shown)
                if letter.shown:
                    self.open[who] = letter
                else:
                    self.settle(who, letter)
        assert self.planned() == wanted

    @precondition(lambda self: self.edition is not None and self.is_untouched)
    @rule()
    def take_back(self) -> None:
        """Nobody was offered a letter of the edition: it is as if it had never been planned."""
        assert self.edition
        assert take_back(self.database.write, self.edition, self.now, batch=1)
        for who, settled in self.settled_by_nothing.items():
            self.people[who].settled = min(self.people[who].settled, settled)
        self.open.clear()
        self.settled_by_nothing.clear()
        self.nobody_heard()
        self.is_untouched = False
        self.edition = None

    def nobody_heard(self) -> None:
        """No letter of the edition went out or was refused: by its mailbox's name, or without a word."""
        self.went_out.clear()
        self.named.clear()
        self.refused.clear()
        self.was_tried_in_vain = False

    @precondition(lambda self: self.edition is not None and not self.is_untouched)
    @rule()
    def what_a_relay_has_heard_of_is_not_taken_back(self) -> None:
        assert self.edition
        assert not take_back(self.database.write, self.edition, self.now)

    @precondition(lambda self: self.open)
    @rule(outcome=st.sampled_from([*REPLIES, "died with the mark", "died before the mark"]))
    def send_one(self, outcome: str) -> None:
        """One letter meets its fate, or the sender dies over it."""
        self.now += timedelta(hours=5)
        ledger = Steps(self.database.write, "test", self.on_uncertain, self.now)
        claims = ledger.claim(1, self.now)
        self.stop_for_the_paused()
        if not claims:
            return
        who = claims[0].address
        if outcome == "died before the mark":
            settle_dead(self.database.read, self.database.write, self.on_uncertain, self.now)
            return
        self.is_untouched = False
        if not ledger.mark(claims[0], self.now):
            pytest.fail("nobody left between claim and mark")
        if outcome == "died with the mark":
            Steps(self.database.write, "heir", self.on_uncertain, self.now)
        else:
            ledger.record(claims[0], REPLIES[outcome], self.now)
            assert self.edition
            self.edition_control.resume(self.edition)
        self.happened(who, outcome)

    def stop_for_the_paused(self) -> None:
        """A claim skips who is paused; the cursor stays, so that nothing is settled."""
        still = self.planned(*OPEN)
        stopped = [who for who in self.open if self.people[who].living == "paused" and who not in still]
        for who in stopped:
            del self.open[who]

    def happened(self, who: str, outcome: str) -> None:
        letter, person = self.open[who], self.people[who]
        doubtful = outcome in ("uncertain", "died with the mark")
        if outcome == "sent" or doubtful:
            got = [Got(key[1], state, not doubtful) for key, state in letter.shown.items()]
            person.got += got
            if doubtful and self.on_uncertain is OnUncertain.HOLD:
                assert self.edition
                self.doubts.append(Doubt(self.edition, person, letter.begins, got))
        if outcome == "deferred" or (doubtful and self.on_uncertain is OnUncertain.RESEND):
            self.was_tried_in_vain = True
            return
        del self.open[who]
        match outcome:
            case "failed":
                self.named.add(who)
                self.may_be_refused_as_a_whole()
            case "refused":
                self.refused[who] = letter
                self.may_be_refused_as_a_whole()
            case _:
                self.went_out.add(who)
                self.settle(who, letter)

    def may_be_refused_as_a_whole(self) -> None:
        """Where nothing went out, one answer to half of all that names nobody is about us: its letters go again."""
        over = not (self.open or self.went_out)
        if over and self.refused and len(self.refused) >= len(self.named):
            self.open |= self.refused
            self.refused.clear()
            # Nobody else was offered anything: then it is as if the edition had just been planned.
            untouched = self.planned() == self.planned(DeliveryState.PLANNED, DeliveryState.SKIPPED)
            self.is_untouched = untouched and not self.was_tried_in_vain

    @precondition(lambda self: self.doubts)
    @rule(data=st.data(), arrived=st.booleans())
    def learn(self, data: st.DataObject, arrived: bool) -> None:  # noqa: FBT001 - a value of the rule
        """A person learns what became of a doubtful letter, whatever was planned and sent since."""
        doubt = self.doubts.pop(data.draw(st.integers(0, len(self.doubts) - 1)))
        who = self.address_of(doubt)
        (letter,) = [each for each in self.uncertain.letters("veckobrev", doubt.edition.key) if each.address == who]
        finding = Finding.ARRIVED if arrived else Finding.LOST
        assert self.uncertain.settle(letter, finding) is Settled.DONE
        assert self.uncertain.settle(letter, finding) is Settled.BEFORE
        for got in doubt.got:
            place = next(place for place, each in enumerate(doubt.person.got) if each is got)
            doubt.person.got[place : place + 1] = [replace(got, certain=True)] if arrived else []
        if not arrived:  # whoever left and came back meanwhile is another person with the same letters
            if self.edition and doubt.edition.key == self.edition.key:
                self.went_out.discard(who)
            doubt.person.settled = min(doubt.person.settled, doubt.begins)

    def address_of(self, doubt: Doubt) -> str:
        """Whose letter it was: whoever left and came back has the same letters."""
        return next(address for address, person in self.people.items() if person.got is doubt.person.got)

    def settle(self, who: str, letter: Letter) -> None:
        person = self.people[who]
        self.settled_by_nothing.setdefault(who, person.settled)
        if person.settled >= letter.begins:  # else something before it was lost, and is news still
            person.settled = max(person.settled, letter.settles)
        for other in self.open.values():
            assert other is not letter

    def owed(self, person: Person) -> dict[tuple[str, ArticleId], int]:
        shown: dict[tuple[str, ArticleId], int] = {}
        new = self.items(person)
        items, named = new[-self.limit :], new[: -self.limit]
        for article, text in self.texts.items():
            kind = "item" if article in items else self.owed_notice(person, article, text)
            kind = kind or ("named" if article in named else None)
            if kind:
                shown[kind, article] = len(text.states) - 1
        return shown

    def items(self, person: Person) -> list[ArticleId]:
        """What is news to somebody and was never surely given, newest last: what is beyond a letter, its page names."""
        new = [
            article
            for article, text in self.texts.items()
            if text.is_live
            and self.is_news_to(person, article, text)
            and not any(got.article == article and got.certain for got in person.got)
        ]
        return sorted(new, key=lambda article: self.texts[article].written)

    def owed_notice(self, person: Person, article: ArticleId, text: Text) -> str | None:
        if text.is_erased:
            return None
        letters = [got for got in person.got if got.article == article]
        told = [got.state for got in letters if got.certain]
        act = "withdrawn" if text.is_withdrawn else "corrected"
        return act if self.missed(letters, told, text.last(act)) else None

    @staticmethod
    def missed(letters: list[Got], told: list[int], act: int | None) -> bool:
        """Had something older than the act, and was not surely told of it or of anything later."""
        return act is not None and any(got.state < act for got in letters) and not any(state >= act for state in told)

    @staticmethod
    def is_news_to(person: Person, article: ArticleId, text: Text) -> bool:
        if person.wanted and not person.wanted & text.topics:
            return False
        reasons = {reason for about, reason in person.news[person.settled :] if about == article}
        return "published" in reasons or bool(reasons & person.wanted & text.topics)

    def planned(self, *states: DeliveryState) -> dict[str, Shown]:
        """What the real store holds for this edition, for each recipient whose delivery is in one of these states."""
        assert self.edition
        statement = (
            select(subscribers.c.address, deliveries.c.variant_id)
            .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
            .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
            .where(deliveries.c.edition_id == self.edition.id, deliveries.c.state.in_(states or DeliveryState))
        )
        with self.database.read.begin() as connection:
            rows = connection.execute(select(variant_items)).all()
            found = connection.execute(statement).all()
        held = {
            variant: frozenset((row.showing, ArticleId(row.article)) for row in rows if row.variant_id == variant)
            for variant in {row.variant_id for row in found}
        }
        return {row.address: held.get(row.variant_id, frozenset()) for row in found}

    @invariant()
    def every_edition_adds_up(self) -> None:
        for status in self.edition_counts.status():
            assert sum(status.counts.values()) == status.audience
            if status.edition != self.edition and self.edition and status.edition.key < self.edition.key:
                assert not any(status.counts[state] for state in OPEN)

    @invariant()
    def open_letters_hold_what_the_oracle_expects(self) -> None:
        if self.edition is not None:
            planned = self.planned(*OPEN)
            assert planned == {who: frozenset(letter.shown) for who, letter in self.open.items()}


def lives(empty: Path, on_uncertain: OnUncertain) -> Callable[[], Lives]:
    return type("LivesOfOnePolicy", (Lives,), {"empty": empty, "on_uncertain": on_uncertain})


@pytest.mark.hypothesis
@pytest.mark.parametrize("on_uncertain", list(OnUncertain))
def test_everybody_is_shown_exactly_what_they_are_owed(empty_store: Path, on_uncertain: OnUncertain) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lives(empty_store, on_uncertain),
        settings=settings(
            max_examples=examples(60),
            stateful_step_count=steps(40),
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("first", ["deferred", "uncertain", "died with the mark"])
def test_a_relay_that_refuses_everybody_at_last_has_heard_of_what_it_put_off_before(
    empty_store: Path, first: str
) -> None:
    """Found by make fuzz: the oracle took the edition for untouched, and taking it back was rightly refused."""
    machine = lives(empty_store, OnUncertain.RESEND)()
    try:
        machine.begin()
        machine.letters_have_room_for(limit=1)
        for who in PEOPLE[:2]:
            machine.join(who=who, wanted=frozenset())
        machine.publish(topics=frozenset({"vard"}), days_old=0)
        machine.plan()
        for outcome in (first, "refused", "refused"):
            machine.send_one(outcome=outcome)
        assert set(machine.open) == set(PEOPLE[:2])
        assert not machine.is_untouched
        machine.what_a_relay_has_heard_of_is_not_taken_back()
    finally:
        machine.teardown()
