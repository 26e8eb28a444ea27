"""What replies mean beyond each letter: the breaker, the domains, the relay's limits and the pauses."""

from collections.abc import Mapping
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.editions.delivery import Claim
from digest.ids import EditionId, SubscriptionId, VariantId
from digest.sending.circuit_breaker import Breaker
from digest.sending.consequences import Circumstances, Consequences, Judged, Reach, consequences
from digest.sending.domain_backoff import Patience, Standing
from mail.limits.estimates import Estimates, Learned
from mail.limits.relay_limits import judged
from mail.reply import Phase, Reply, Verdict
from tests.given import NOW

SENT = Reply(phase=Phase.DOT, code=250)
REFUSED = Reply(phase=Phase.RCPT, code=550, text="5.7.1 Service refused")
LOST = Reply(phase=Phase.RCPT, code=0, text="connection lost")
SILENT = Reply(phase=Phase.DOT, code=0, text="connection lost")
LATER = Reply(phase=Phase.RCPT, code=450, text="4.2.0 try later")
REPLIES = (SENT, REFUSED, LOST, SILENT, LATER)


def claim(domain: str, attempt: int = 0, edition: int = 1) -> Claim:
    return Claim(
        edition=EditionId(edition),
        digest="veckobrev",
        cut=1,
        from_seq=0,
        subscription=SubscriptionId(1),
        variant=VariantId(1),
        address=f"lasare@{domain}",
        token="0" * 32,
        attempt=attempt,
    )


def heard(*letters: tuple[str, Reply], attempt: int = 0) -> list[Judged]:
    return [(claim(domain, attempt), reply, judged(reply)) for domain, reply in letters]


def circumstances(domains: Mapping[str, Standing] | None = None, enough: int = 3) -> Circumstances:
    return Circumstances(
        breaker=Breaker(),
        estimates=Estimates.remembered(3, Learned()),
        domains=domains or {},
        heeded=frozenset(domains or ()),
        enough=enough,
        open_connections=1,
        patience=Patience(),
    )


def after(letters: list[Judged], before: Circumstances | None = None) -> Consequences:
    return consequences(letters, before or circumstances(), NOW)


def reaches(found: Consequences) -> list[Reach]:
    return [pause.reach for pause in found.pauses]


def test_letters_that_are_taken_while_nobody_refuses_us_change_no_domain_and_pause_nothing() -> None:
    found = after(heard(("a.test", SENT), ("b.test", SENT)))
    assert (found.domains, found.refusals, found.pauses, found.breaker) == ({}, {}, [], Breaker())
    assert found.estimates.connections.allowed == 3


def test_a_letter_in_doubt_pauses_all_that_the_relay_carries_and_the_breaker_begins_anew() -> None:
    found = after(heard(("a.test", LOST), ("b.test", SILENT)))
    assert reaches(found) == [Reach.RELAY]
    assert found.breaker == Breaker()


def test_as_many_connections_lost_in_a_row_as_there_are_pause_all_and_one_letter_between_them_does_not() -> None:
    lost = ("a.test", LOST)
    assert reaches(after(heard(lost, lost, lost))) == [Reach.RELAY]
    assert reaches(after(heard(lost, lost, ("b.test", SENT), lost))) == []


def test_a_domain_that_refuses_three_letters_waits_alone() -> None:
    found = after(heard(*[("a.test", REFUSED)] * 3))
    assert found.domains["a.test"].is_waiting
    assert found.refusals == {"a.test": str(REFUSED)}
    assert reaches(found) == []


def test_three_owners_that_refuse_us_in_a_row_are_the_relay_and_nothing_is_held_against_them() -> None:
    before = {"a.test": Standing(refused=1)}
    found = after(heard(("a.test", REFUSED), ("b.test", REFUSED), ("c.test", REFUSED)), circumstances(before))
    assert reaches(found) == [Reach.RELAY]
    assert found.domains == {"a.test": Standing(refused=1), "b.test": Standing(), "c.test": Standing()}


def test_letters_that_are_tried_again_say_nothing_of_the_relay() -> None:
    letters = heard(("a.test", REFUSED), ("b.test", REFUSED), ("c.test", REFUSED), attempt=1)
    assert reaches(after(letters)) == []


def test_one_domain_more_than_may_wait_at_once_pauses_all_that_is_sent_once() -> None:
    waiting = Standing(pauses=1, until=NOW + timedelta(hours=1))
    before = {f"d{number}.test": waiting for number in range(5)} | {"a.test": Standing(refused=2)}
    found = after(heard(("a.test", REFUSED)), circumstances(before))
    assert reaches(found) == [Reach.ONCE]
    assert found.pauses[0].why.startswith("6 domains refuse letters for our own fault")


def test_a_letter_that_is_taken_ends_the_row_of_its_domain_whether_that_was_refused_before_or_just_now() -> None:
    assert (
        after(heard(("a.test", SENT)), circumstances({"a.test": Standing(refused=2)})).domains["a.test"] == Standing()
    )
    assert after(heard(("a.test", REFUSED), ("a.test", SENT))).domains["a.test"] == Standing()


@given(st.lists(st.tuples(st.sampled_from(["a.test", "b.test", "c.test", "d.test"]), st.sampled_from(REPLIES))))
def test_a_group_has_the_same_consequences_as_its_letters_one_by_one(letters: list[tuple[str, Reply]]) -> None:
    at_once = after(heard(*letters))
    before, pauses = circumstances(), []
    for letter in heard(*letters):
        step = consequences([letter], before, NOW)
        pauses += [(pause.reach, pause.why) for pause in step.pauses]
        domains = {**before.domains, **step.domains}
        before = Circumstances(
            **{**vars(before), "breaker": step.breaker, "domains": domains, "heeded": {*before.heeded, *step.refusals}}
        )
    assert {name: each for name, each in before.domains.items() if name in at_once.domains} == at_once.domains
    assert [(pause.reach, pause.why) for pause in at_once.pauses] == pauses
    assert at_once.breaker == before.breaker


@given(st.lists(st.sampled_from(REPLIES), max_size=20))
def test_every_letter_in_doubt_pauses_and_nothing_that_was_only_put_off_does(replies: list[Reply]) -> None:
    letters = heard(*((f"d{number}.test", reply) for number, reply in enumerate(replies)))
    doubts = sum(verdict is Verdict.UNCERTAIN for _, _, verdict in letters)
    assert len(after(letters).pauses) >= doubts
    assert not after([each for each in letters if each[2] is Verdict.DEFERRED]).pauses
