"""Scripted lives on the real store: rules that look right and lose, repeat or misdirect something fail one of these.

Random lives miss some of them. What a letter shows is written `buss` for an item, `rättat buss` and `återkallat buss`
for notices; a subscriber who gets no letter is not in the answer.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from articles.adapters.lapse import LapseBounds, Lapses
from articles.adapters.store import Arrival, ArticleStore, StoredDraft
from articles.article import ArticleId, Contact, Kind, SourceName, TopicId
from articles.article import Draft as ArticleDraft
from digest.adapters.tables import deliveries, receipts, subscribers, subscriptions, variant_items
from digest.editions.adapters.edition_control import EditionControl
from digest.editions.adapters.edition_counts import EditionCounts
from digest.editions.adapters.editions import Editions
from digest.editions.adapters.forms import LetterForms
from digest.editions.adapters.planner import Planner
from digest.editions.adapters.withdrawn_texts import WithdrawalResult, WithdrawnTexts, withdraw_texts
from digest.editions.delivery import OPEN, DeliveryState
from digest.editions.edition import Edition, EditionState, EditionStatus
from digest.editions.selection import newsroom
from digest.editions.slots import PeriodKey
from digest.letters.content import Showing
from digest.letters.room import Fit, unbounded
from digest.lifecycle.adapters.by_operator import ByOperator, Wish
from digest.sending.sender import OnUncertain
from digest.subscribers.adapters.subscribers import Subscribers
from digest.subscribers.subscription import ALL, filter_of
from mail.address import Address
from mail.reply import Phase, Reply
from storage.database import Database
from tests.digest.steps import Steps
from tests.given import LINGONMARK, NOW, draft
from tests.keys import KEY

WORDS = {Showing.ITEM: "", Showing.CORRECTED: "rättat ", Showing.WITHDRAWN: "återkallat ", Showing.NAMED: "nämnt "}
REPLIES = {
    "sent": Reply(phase=Phase.DOT, code=250),
    "failed": Reply(phase=Phase.RCPT, code=550),
    "deferred": Reply(phase=Phase.RCPT, code=450),
    "uncertain": Reply(phase=Phase.DOT, code=0),
}
Shown = dict[str, set[str]]


class Life:
    """One digest, its articles by name, its subscribers by first name, week by week."""

    def __init__(self, database: Database, on_uncertain: OnUncertain = OnUncertain.HOLD, limit: int = 30) -> None:
        ends = (database.read, database.write)
        self.database, self.on_uncertain, self.limit = database, on_uncertain, limit
        self.store, self.editions = ArticleStore(*ends), Editions(*ends)
        self.edition_control, self.edition_counts, self.forms = (
            EditionControl(*ends),
            EditionCounts(ends[0]),
            LetterForms(*ends),
        )
        self.subscribers, self.by_operator = Subscribers(ends[0]), ByOperator(ends[1], KEY)
        self.now = NOW
        self.names: dict[ArticleId, str] = {}
        self.drafts: dict[str, ArticleDraft] = {}
        self.ids: dict[str, ArticleId] = {}
        self.changes = 0
        self.fit: Fit = unbounded

    def publish(self, name: str, *topics: str, days_old: int = 0, contacts: bool = False) -> None:
        people = (Contact(name="Kim Exempel", phones=("070-1740605",)),) if contacts else ()
        new = draft(f"Om {name}", *topics, contacts=people)
        assert new.published
        day = replace(new.published, value=(self.now - timedelta(days=days_old)).date())
        self._take(name, replace(new, published=day), None)

    def retag(self, name: str, *topics: str) -> None:
        self._take(name, replace(self.drafts[name], topics=tuple(map(TopicId, topics))), None)

    def correct(self, name: str, *, topics: Iterable[str] | None = None) -> None:
        self.changes += 1
        kept = self.drafts[name].topics if topics is None else tuple(map(TopicId, topics))
        changed = replace(self.drafts[name], lead=f"Rätt nu, {self.changes}.", topics=kept)
        self._take(name, changed, Kind.CORRECTED)

    def edit(self, name: str) -> None:
        self.changes += 1
        self._take(name, replace(self.drafts[name], lead=f"Putsat, {self.changes}."), None)

    def withdraw(self, name: str) -> None:
        """Withdraw an article, which pulls it from the letters that are not yet claimed."""
        self.store.act(self.ids[name], Kind.WITHDRAWN, "Uppgiften var fel.", self.now)
        withdraw_texts(
            self.database.write,
            WithdrawnTexts(withdrawn=frozenset({self.ids[name]})),
            self.now,
            batch=1,
            fit_of=lambda _: self.fit,
        )

    def erase(self, name: str) -> None:
        """Erase an article, which takes every word of it out of the letters that are not yet claimed."""
        assert self.store.erase(self.ids[name], self.now)
        withdraw_texts(
            self.database.write,
            WithdrawnTexts(erased=frozenset({self.ids[name]})),
            self.now,
            batch=1,
            fit_of=lambda _: self.fit,
        )

    def let_lapse(self) -> None:
        """Let the time of every withdrawal's notice, and of all contacts, be over."""
        assert Lapses(self.database.read, self.database.write).append(
            LapseBounds(withdrawn=self.now, published=self.now), self.now
        )

    def _take(self, name: str, text: ArticleDraft, asked: Kind | None) -> None:
        arrival = Arrival(source=SourceName("s"), addresses=(f"{name}.txt",), draft=text, asked=asked, note="fel")
        taken = self.store.take(arrival, LINGONMARK, self.now)
        assert isinstance(taken, StoredDraft)
        self.drafts[name], self.ids[name] = text, taken.id
        self.names[taken.id] = name

    def join(self, who: str, *topics: str) -> None:
        wish = Wish(address=_address(who), digest="veckobrev", wanted=filter_of(topics))
        self.by_operator.join_again(wish, self.store.last_seq(), self.now)

    def choose(self, who: str, *topics: str) -> None:
        assert self.by_operator.choose(_address(who), "veckobrev", filter_of(topics), self.now)

    def leave(self, who: str) -> None:
        assert self.by_operator.end(_address(who), None, "asked", self.now) == 1

    def pause(self, who: str) -> None:
        assert self.by_operator.pause(_address(who), "veckobrev", self.now)

    def resume(self, who: str) -> None:
        assert self.by_operator.resume(_address(who), "veckobrev", self.now)

    def plan(self, weeks: int = 1) -> Edition:
        """Plan the edition of a later week; what the last one left open ends."""
        self.now += timedelta(days=7 * weeks)
        cut = self.store.last_seq()
        edition = self.editions.open("veckobrev", PeriodKey(self.now.date().isoformat()), cut, self.now)
        room = newsroom(self.store.standings(cut), ALL, cut, self.editions.reach("veckobrev"))
        Planner(self.database.write).plan(edition, room, self.limit, self.fit)
        return edition

    def send(self, who: str, outcome: str = "sent") -> None:
        """One letter meets its fate; `held` is one that could not be made out."""
        ledger = Steps(self.database.write, "sender", self.on_uncertain, self.now)
        claims = ledger.claim(99, self.now)
        mine = next(claim for claim in claims if claim.address == _address(who).text)
        ledger.give_back([claim for claim in claims if claim is not mine], self.now)
        if outcome == "held":
            ledger.hold(mine, self.now)
        else:
            assert ledger.mark(mine, self.now)
            ledger.record(mine, REPLIES[outcome], self.now)
        newest = self.editions.newest("veckobrev")
        assert newest
        self.edition_control.resume(newest)

    def week(self, weeks: int = 1, **outcomes: str) -> Shown:
        """Plan an edition and send every letter; answer what they show. `outcomes` are others than `sent`."""
        self.plan(weeks)
        letters = self.letters()
        for who in letters:
            self.send(who, outcomes.get(who, "sent"))
        return letters

    def letters(self, *states: DeliveryState) -> Shown:
        """What the newest edition's letters in these states show; without states, what is still to be sent."""
        newest = self.editions.newest("veckobrev")
        assert newest
        statement = (
            select(subscribers.c.address, variant_items)
            .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
            .join(deliveries, deliveries.c.subscription_id == subscriptions.c.id)
            .join(variant_items, variant_items.c.variant_id == deliveries.c.variant_id)
            .where(deliveries.c.edition_id == newest.id, deliveries.c.state.in_(states or OPEN))
        )
        found: Shown = {}
        with self.database.read.begin() as connection:
            for row in connection.execute(statement):
                shown = WORDS[Showing(row.showing)] + self.names[ArticleId(row.article)]
                found.setdefault(row.address.split("@")[0], set()).add(shown)
        return found

    def status(self) -> EditionStatus:
        return list(self.edition_counts.status())[-1]


def _address(who: str) -> Address:
    return Address(f"{who}@example.org")


@pytest.fixture
def life(database: Database) -> Life:
    return Life(database)


@pytest.fixture
def resending(database: Database) -> Life:
    return Life(database, OnUncertain.RESEND)


def test_an_article_tagged_after_its_edition_went_out_comes_with_the_next(life: Life) -> None:
    life.join("anna", "vard")
    life.publish("remiss")
    assert life.week() == {}
    life.retag("remiss", "vard")
    assert life.week() == {"anna": {"remiss"}}
    assert life.week() == {}


def test_an_article_that_was_sent_and_later_gets_a_wanted_topic_is_not_repeated(life: Life) -> None:
    life.join("anna", "buss", "vard")
    life.publish("turlista", "buss")
    assert life.week() == {"anna": {"turlista"}}
    life.retag("turlista", "buss", "vard")
    assert life.week() == {}


def test_an_article_that_was_sent_to_one_and_tagged_later_comes_only_to_the_other(life: Life) -> None:
    life.join("anna")
    life.join("bertil", "vard")
    life.publish("remiss")
    assert life.week() == {"anna": {"remiss"}}
    life.retag("remiss", "vard")
    assert life.week() == {"bertil": {"remiss"}}


@pytest.mark.parametrize("act", ["correct", "withdraw"])
def test_who_joins_hears_nothing_of_what_was_published_before(act: str, life: Life) -> None:
    life.publish("gammalt")
    life.join("anna")
    getattr(life, act)("gammalt")
    assert life.week() == {}


@pytest.mark.parametrize("act", ["correct", "withdraw"])
def test_who_adds_a_topic_hears_nothing_of_its_older_articles(act: str, life: Life) -> None:
    life.join("anna", "buss")
    life.publish("remiss", "vard")
    assert life.week() == {}
    life.choose("anna", "buss", "vard")
    getattr(life, act)("remiss")
    assert life.week() == {}


@pytest.mark.parametrize(("act", "notice"), [("correct", "rättat remiss"), ("withdraw", "återkallat remiss")])
def test_who_removed_the_topic_still_hears_what_became_of_an_article_they_got(
    act: str, notice: str, life: Life
) -> None:
    life.join("anna", "buss", "vard")
    life.publish("remiss", "vard")
    assert life.week() == {"anna": {"remiss"}}
    life.choose("anna", "buss")
    getattr(life, act)("remiss")
    assert life.week() == {"anna": {notice}}
    assert life.week() == {}


def test_a_correction_reaches_those_who_got_the_article_although_it_was_tagged_away(life: Life) -> None:
    life.join("anna", "vard")
    life.publish("remiss", "vard")
    assert life.week() == {"anna": {"remiss"}}
    life.correct("remiss", topics=["buss"])
    assert life.week() == {"anna": {"rättat remiss"}}


def test_a_withdrawal_reaches_those_who_got_the_article_although_it_was_tagged_away(life: Life) -> None:
    life.join("anna", "vard")
    life.publish("remiss", "vard")
    assert life.week() == {"anna": {"remiss"}}
    life.retag("remiss", "buss")
    life.withdraw("remiss")
    assert life.week() == {"anna": {"återkallat remiss"}}


def test_an_article_got_through_a_topic_added_after_its_publication_is_corrected_like_any_other(life: Life) -> None:
    life.join("anna", "buss")
    life.publish("remiss", "vard")
    life.choose("anna", "buss", "vard")
    assert life.week() == {"anna": {"remiss"}}
    life.correct("remiss")
    assert life.week() == {"anna": {"rättat remiss"}}


def test_an_article_got_through_a_late_tag_is_corrected_like_any_other(life: Life) -> None:
    life.join("anna", "vard")
    life.publish("remiss")
    assert life.week() == {}
    life.retag("remiss", "vard")
    assert life.week() == {"anna": {"remiss"}}
    life.correct("remiss")
    assert life.week() == {"anna": {"rättat remiss"}}


def test_who_was_away_when_the_edition_went_out_hears_of_no_correction(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.leave("anna")
    assert life.week() == {}
    life.join("anna")
    life.correct("remiss")
    assert life.week() == {}


def test_who_left_before_an_edition_and_is_back_in_time_starts_anew(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.leave("anna")
    life.join("anna")
    life.correct("remiss")
    assert life.week() == {}
    life.publish("nytt")
    assert life.week() == {"anna": {"nytt"}}


def test_who_got_an_article_and_was_away_for_its_correction_hears_of_it_when_back(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    assert life.week() == {"anna": {"remiss"}}
    life.leave("anna")
    life.correct("remiss")
    assert life.week() == {}
    life.join("anna")
    assert life.week() == {"anna": {"rättat remiss"}}


def test_of_one_edition_only_those_mailed_before_the_withdrawal_hear_of_it(life: Life) -> None:
    life.join("anna")
    life.join("bertil")
    life.publish("remiss")
    life.publish("buss")
    life.plan()
    life.send("anna")
    life.withdraw("remiss")
    assert life.letters() == {"bertil": {"buss"}}
    life.send("bertil")
    assert life.week() == {"anna": {"återkallat remiss"}}


def test_a_letter_deferred_past_the_withdrawal_brings_neither_article_nor_notice(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.plan()
    life.send("anna", "deferred")
    life.withdraw("remiss")
    assert life.letters() == {}
    assert life.status().edition.state is EditionState.FINISHED
    assert life.status().counts[DeliveryState.SKIPPED] == 1
    assert life.week() == {}


def test_an_edition_emptied_by_a_pull_settles_what_it_would_have_said(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.plan()
    life.withdraw("remiss")
    assert life.status().edition.state is EditionState.FINISHED
    life.publish("buss")
    assert life.week() == {"anna": {"buss"}}


def test_a_topic_added_after_an_emptied_edition_does_not_bring_what_was_older(life: Life) -> None:
    life.join("anna", "kultur")
    life.publish("konsert", "kultur")
    life.publish("remiss", "vard")
    life.plan()
    life.withdraw("konsert")
    life.choose("anna", "kultur", "vard")
    assert life.week() == {}


def test_a_topic_added_after_quiet_weeks_does_not_bring_weeks_of_old_articles(life: Life) -> None:
    life.join("anna", "kultur")
    for name in ("ett", "två", "tre"):
        life.publish(name, "vard")
        assert life.week() == {}
    life.choose("anna", "kultur", "vard")
    assert life.week() == {}
    life.publish("fyra", "vard")
    assert life.week() == {"anna": {"fyra"}}


def test_an_added_topic_brings_what_is_new_since_the_last_edition(life: Life) -> None:
    life.join("anna", "kultur")
    assert life.week() == {}
    life.publish("remiss", "vard")
    life.choose("anna", "kultur", "vard")
    assert life.week() == {"anna": {"remiss"}}


def test_a_held_letter_is_made_up_for_with_the_articles_newest_state(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    assert life.week(anna="held") == {"anna": {"remiss"}}
    life.correct("remiss")
    assert life.week() == {"anna": {"remiss"}}
    assert life.week() == {}


@pytest.mark.parametrize("outcome", ["failed", "deferred", "held"])
def test_a_letter_that_never_went_out_is_made_up_for_by_the_next_edition(outcome: str, life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.week(anna=outcome)
    life.publish("buss")
    assert life.week() == {"anna": {"remiss", "buss"}}
    assert life.week() == {}


def test_a_pause_is_made_up_for_by_the_edition_after_it(life: Life) -> None:
    life.join("anna")
    life.pause("anna")
    life.publish("remiss")
    assert life.week() == {}
    life.publish("buss")
    life.resume("anna")
    assert life.week() == {"anna": {"remiss", "buss"}}


def test_an_article_withdrawn_during_a_pause_is_never_shown(life: Life) -> None:
    life.join("anna")
    life.pause("anna")
    life.publish("remiss")
    life.week()
    life.withdraw("remiss")
    life.resume("anna")
    assert life.week() == {}


def test_an_uncertain_letter_is_not_repeated_but_its_correction_is_owed(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    assert life.week(anna="uncertain") == {"anna": {"remiss"}}
    assert life.week() == {}
    life.correct("remiss")
    assert life.week() == {"anna": {"rättat remiss"}}


def test_an_uncertain_letter_that_showed_the_corrected_text_is_owed_no_notice(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.correct("remiss")
    assert life.week(anna="uncertain") == {"anna": {"remiss"}}
    assert life.week() == {}


def test_an_uncertain_notice_does_not_count_as_told(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.week()
    life.correct("remiss")
    assert life.week(anna="uncertain") == {"anna": {"rättat remiss"}}
    assert life.week() == {"anna": {"rättat remiss"}}
    assert life.week() == {}


def test_where_uncertain_letters_are_resent_the_attempt_is_a_receipt_of_its_own(resending: Life) -> None:
    resending.join("anna")
    resending.publish("remiss")
    assert resending.week(anna="uncertain") == {"anna": {"remiss"}}
    with resending.database.read.begin() as connection:
        assert connection.execute(select(receipts.c.certain)).scalars().all() == [False]
    assert resending.status().counts[DeliveryState.DEFERRED] == 1


def test_where_uncertain_letters_are_resent_an_uncertain_text_is_both_shown_again_and_owed_its_withdrawal(
    resending: Life,
) -> None:
    resending.join("anna")
    resending.publish("remiss")
    resending.week(anna="uncertain")
    assert resending.week(anna="uncertain") == {"anna": {"remiss"}}
    resending.withdraw("remiss")
    assert resending.week() == {"anna": {"återkallat remiss"}}
    assert resending.week() == {}


def test_where_uncertain_letters_are_resent_an_uncertain_notice_is_told_again(resending: Life) -> None:
    resending.join("anna")
    resending.publish("remiss")
    resending.week()
    resending.correct("remiss")
    assert resending.week(anna="uncertain") == {"anna": {"rättat remiss"}}
    assert resending.week() == {"anna": {"rättat remiss"}}
    assert resending.week() == {}


def test_a_correction_of_a_correction_is_told_too(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.week()
    for _ in range(2):
        life.correct("remiss")
        assert life.week() == {"anna": {"rättat remiss"}}
        assert life.week() == {}


def test_two_corrections_in_one_week_are_one_notice(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.week()
    life.correct("remiss")
    life.correct("remiss")
    assert life.week() == {"anna": {"rättat remiss"}}
    assert life.week() == {}


def test_an_article_corrected_before_its_first_edition_is_an_item_alone(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.correct("remiss")
    assert life.week() == {"anna": {"remiss"}}
    assert life.week() == {}


def test_an_article_published_and_withdrawn_in_one_week_is_not_mentioned(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.withdraw("remiss")
    assert life.week() == {}


def test_a_typo_mended_is_not_mentioned(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.week()
    life.edit("remiss")
    assert life.week() == {}


def test_a_corrected_and_then_withdrawn_article_is_withdrawn_alone(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.week()
    life.correct("remiss")
    life.withdraw("remiss")
    assert life.week() == {"anna": {"återkallat remiss"}}


def test_an_article_published_again_after_its_withdrawal_is_a_new_one(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.week()
    life.withdraw("remiss")
    life.publish("remiss på nytt")
    assert life.ids["remiss på nytt"] != life.ids["remiss"]
    assert life.week() == {"anna": {"återkallat remiss", "remiss på nytt"}}
    assert life.week() == {}


def test_a_backdated_article_comes_with_the_next_edition(life: Life) -> None:
    life.join("anna")
    life.week()
    life.publish("ur arkivet", days_old=400)
    assert life.week() == {"anna": {"ur arkivet"}}


def test_after_an_outage_one_edition_holds_all_of_it(life: Life) -> None:
    life.join("anna")
    life.week()
    for name in ("ett", "två", "tre"):
        life.publish(name)
        life.now += timedelta(days=7)
    assert life.week() == {"anna": {"ett", "två", "tre"}}
    assert len(list(life.edition_counts.status())) == 2


def test_an_edition_broken_off_halfway_is_made_up_for_by_the_next(life: Life) -> None:
    life.join("anna")
    life.join("bertil")
    life.publish("remiss")
    life.plan()
    life.send("anna")
    life.publish("buss")
    assert life.week() == {"anna": {"buss"}, "bertil": {"remiss", "buss"}}
    first = next(iter(life.edition_counts.status()))
    assert (first.unexplained, first.counts[DeliveryState.FAILED]) == (0, 1)


def test_an_item_that_a_full_letter_left_to_its_page_counts_as_said_and_is_owed_a_correction(
    database: Database,
) -> None:
    life = Life(database, limit=2)
    life.join("anna")
    for name in ("ett", "två", "tre"):
        life.publish(name)
    assert life.week() == {"anna": {"två", "tre", "nämnt ett"}}
    life.correct("ett")
    assert life.week() == {"anna": {"rättat ett"}}
    assert life.week() == {}


def test_a_doubtful_item_that_finds_no_room_in_the_next_letter_is_there_as_a_correction(database: Database) -> None:
    life = Life(database, OnUncertain.RESEND, limit=1)
    life.join("anna")
    life.publish("remiss")
    assert life.week(anna="uncertain") == {"anna": {"remiss"}}
    life.correct("remiss")
    life.publish("buss")
    assert life.week() == {"anna": {"buss", "rättat remiss"}}
    assert life.week() == {}


@pytest.mark.parametrize("outcome", ["failed", "held", "uncertain"])
@pytest.mark.parametrize("weeks", [1, 3, 4, 5, 8])
def test_a_correction_is_owed_however_many_letters_went_wrong_since(outcome: str, weeks: int, life: Life) -> None:
    life.join("anna")
    life.join("bertil")
    life.publish("remiss")
    life.week()
    life.correct("remiss")
    for week in range(weeks):
        life.publish(f"nyhet {week}")
        assert "rättat remiss" in life.week(anna=outcome)["anna"]
    assert "rättat remiss" in life.week()["anna"]
    assert life.week() == {}


def test_who_is_owed_nothing_today_is_owed_the_correction_of_tomorrow(life: Life) -> None:
    life.join("anna", "kultur")
    life.publish("konsert", "kultur")
    assert life.week() == {"anna": {"konsert"}}
    for _ in range(6):
        assert life.week() == {}
    life.correct("konsert")
    assert life.week() == {"anna": {"rättat konsert"}}


def test_a_letter_that_was_claimed_while_its_text_was_withdrawn_and_came_back_is_pulled_then(life: Life) -> None:
    life.join("anna")
    life.publish("remiss")
    life.publish("buss")
    life.plan()
    ledger = Steps(life.database.write, "sender", life.on_uncertain, life.now)
    (claim,) = ledger.claim(1, life.now)
    gone = WithdrawnTexts(withdrawn=frozenset({life.ids["remiss"]}))
    life.store.act(life.ids["remiss"], Kind.WITHDRAWN, "Uppgiften var fel.", life.now)
    assert withdraw_texts(life.database.write, gone, life.now) == WithdrawalResult(letters=0, under_way=True)
    assert life.letters() == {"anna": {"buss", "remiss"}}
    ledger.record(claim, REPLIES["deferred"], life.now)
    assert withdraw_texts(life.database.write, gone, life.now) == WithdrawalResult(letters=1, under_way=False)
    assert life.letters() == {"anna": {"buss"}}
    assert withdraw_texts(life.database.write, gone, life.now) == WithdrawalResult(letters=0, under_way=False)


def test_of_two_who_are_alike_in_all_but_their_receipts_one_is_owed_the_correction(life: Life) -> None:
    life.join("anna")
    life.join("bertil")
    life.publish("remiss")
    life.week()
    life.correct("remiss")
    life.week(anna="uncertain")
    for week in range(5):
        life.publish(f"nyhet {week}")
        life.week(anna="failed", bertil="failed")
    letters = life.week()
    assert letters["anna"] == letters["bertil"] | {"rättat remiss"}
    assert "rättat remiss" not in letters["bertil"]


def test_an_erased_article_is_in_no_edition_and_nobody_is_told_even_those_who_had_it(life: Life) -> None:
    life.join("anna")
    life.publish("buss")
    life.publish("konsert")
    assert life.week() == {"anna": {"buss", "konsert"}}
    life.correct("buss")
    life.publish("remiss")
    life.erase("buss")
    life.erase("remiss")
    assert life.week() == {}
    life.publish("bro")
    assert life.week() == {"anna": {"bro"}}


def test_a_withdrawal_that_is_erased_before_its_notice_went_out_is_told_to_nobody(life: Life) -> None:
    life.join("anna")
    life.publish("buss")
    life.week()
    life.withdraw("buss")
    life.plan()
    assert life.letters() == {"anna": {"återkallat buss"}}
    life.erase("buss")
    assert life.letters() == {}
    assert life.week() == {}


def test_an_erasure_takes_corrections_out_of_letters_that_wait_and_leaves_the_rest(life: Life) -> None:
    life.join("anna")
    life.publish("buss")
    life.week()
    life.correct("buss")
    life.publish("konsert")
    life.plan()
    assert life.letters() == {"anna": {"rättat buss", "konsert"}}
    life.erase("buss")
    assert life.letters() == {"anna": {"konsert"}}


def test_what_is_published_again_after_an_erasure_is_an_item_for_all(life: Life) -> None:
    life.join("anna")
    life.publish("buss")
    life.week()
    life.erase("buss")
    again = Arrival(source=SourceName("s"), addresses=("buss.txt",), draft=life.drafts["buss"])
    new = life.store.publish_again(again, LINGONMARK, life.now).id
    life.names[new] = "buss igen"
    assert life.week() == {"anna": {"buss igen"}}


def test_the_passing_of_time_is_no_news_and_no_notice(life: Life) -> None:
    life.join("anna")
    life.publish("buss", contacts=True)
    life.publish("konsert")
    life.publish("bro")
    life.plan()
    life.send("anna")
    life.withdraw("konsert")
    life.correct("bro")
    assert life.week() == {"anna": {"återkallat konsert", "rättat bro"}}
    life.let_lapse()
    assert life.week() == {}
    life.join("bo")
    assert life.week() == {}


def test_a_lapse_between_a_correction_and_its_notice_leaves_the_notice_owed(life: Life) -> None:
    life.join("anna")
    life.publish("buss", contacts=True)
    life.publish("konsert")
    life.week()
    life.correct("buss")
    life.withdraw("konsert")
    life.let_lapse()
    assert life.week() == {"anna": {"rättat buss", "återkallat konsert"}}


def test_a_lapse_does_not_bring_an_old_article_before_a_newer_one(database: Database) -> None:
    life = Life(database, limit=1)
    life.join("anna")
    life.publish("buss", contacts=True)
    life.publish("konsert")
    life.let_lapse()
    assert life.week() == {"anna": {"konsert", "nämnt buss"}}
