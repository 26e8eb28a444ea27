"""An act in mid-run: once it is done, at most one more letter for each connection shows the text that is gone."""

import asyncio
import email
import email.policy
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from articles.adapters.store import Arrival
from articles.article import ArticleId, Kind
from budkavle.installation.wiring import Service
from budkavle.maintenance.erase_article import erase
from digest.adapters.tables import deliveries, subscribers, subscriptions, variant_items
from digest.editions.delivery import DeliveryState
from digest.editions.slots import PeriodKey
from tests.digest.relay import KEY, Received, ScriptedRelay, join, newsroom, publish
from tests.drawn import examples
from tests.given import LINGONMARK, NOW, PAGES, draft, going_on_from, plan_period

COMMAND = str(Path(sys.executable).with_name("budkavle"))
TITLES = ("Ny buss", "Nytt bibliotek", "Ny vårdcentral")
TOPICS = ("kollektivtrafik", "kultur", "vard")
MEMORY = Path("/dev/shm")  # noqa: S108 - a store that need not survive


def planned(service: Service) -> None:
    plan_period(service, service.digests[0], PeriodKey(KEY), NOW)


async def go_on(service: Service) -> None:
    await service.sending.send(going_on_from(NOW), lambda: False, lambda _: None)


def words(letter: Received) -> str:
    parsed = email.message_from_bytes(letter.wire, policy=email.policy.SMTP)
    text = parsed.get_body(("plain",))
    assert text
    return str(text.get_content())


def article(service: Service, title: str) -> ArticleId:
    return next(each.article.id for each in service.articles.histories() if each.article.title == title)


def change(service: Service, title: str, kind: Kind = Kind.EDITED) -> None:
    changed = draft(title, lead=f"Ny ingress {service.articles.last_seq()}.")
    arrival = Arrival(source=PAGES, addresses=(f"{title}.txt",), draft=changed, asked=kind, note="fel")
    service.articles.take(arrival, LINGONMARK, NOW)


def act(service: Service, title: str, kind: Kind) -> None:
    if kind is Kind.ERASED:
        erase(service, article(service, title), NOW)
    elif kind is Kind.WITHDRAWN:
        service.articles.act(article(service, title), kind, "fel", NOW)
    else:
        change(service, title, kind)


def receipts(service: Service) -> dict[str, set[ArticleId]]:
    """What the ledger says that each recipient was sent, article by article."""
    statement = (
        select(subscribers.c.address, variant_items.c.article)
        .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
        .join(deliveries, deliveries.c.subscription_id == subscriptions.c.id)
        .join(variant_items, variant_items.c.variant_id == deliveries.c.variant_id)
        .where(deliveries.c.state == DeliveryState.SENT)
    )
    found: dict[str, set[ArticleId]] = {}
    with service.database.read.begin() as connection:
        for row in connection.execute(statement):
            found.setdefault(row.address, set()).add(ArticleId(row.article))
    return found


def outcome(service: Service) -> dict[str, int]:
    (only,) = service.edition_counts.status()
    assert only.unexplained == 0
    return {state.value: number for state, number in only.counts.items() if number}


@pytest.mark.parametrize("how", ["withdraw", "erase"])
async def test_once_the_command_has_returned_one_letter_a_connection_shows_the_text(tmp_path: Path, how: str) -> None:
    connections, done = 3, list[int]()
    with ScriptedRelay(pipelining=True) as relay, newsroom(tmp_path, relay.port, 150, connections) as service:
        publish(service, "Fel nyhet")
        planned(service)
        wrong = article(service, "Fel nyhet")
        more = ["--note", "Det var fel."] if how == "withdraw" else ["--yes"]

        def run(phase: str, count: int) -> None:
            if (phase, count) == ("dot", 20):
                line = [COMMAND, "articles", how, wrong, *more, "--config", str(tmp_path / "config.toml")]
                subprocess.run(line, check=True, capture_output=True)
                done.append(len(relay.letters))

        relay.at = run
        await go_on(service)
        assert outcome(service) == {"sent": 150}
        had = {who for who, articles in receipts(service).items() if wrong in articles}
    late = [letter for letter in relay.letters[done[0] :] if "Fel nyhet" in words(letter)]
    assert len(late) <= connections
    assert had == {letter.recipient for letter in relay.letters if "Fel nyhet" in words(letter)}
    assert relay.connections() <= 3 * connections  # what is claimed ahead is given back without being offered


class Acts:
    """Acts at so many final dots; remembers for each removal how many letters had arrived when it was done."""

    def __init__(self, service: Service, relay: ScriptedRelay, acts: dict[int, tuple[str, Kind]]) -> None:
        self._service, self._relay, self._acts = service, relay, acts
        self.done: dict[str, int] = {}
        self.faults: list[Exception] = []

    def __call__(self, phase: str, count: int) -> None:
        if phase != "dot" or count not in self._acts:
            return
        title, kind = self._acts[count]
        if title in self.done:
            return
        try:
            act(self._service, title, kind)
        except Exception as error:  # noqa: BLE001 - raised in the test's own thread
            self.faults.append(error)
        if kind in {Kind.WITHDRAWN, Kind.ERASED}:
            self.done[title] = len(self._relay.letters)


KINDS = st.sampled_from([Kind.WITHDRAWN, Kind.ERASED, Kind.WITHDRAWN, Kind.EDITED, Kind.CORRECTED])
PLANS = st.dictionaries(st.integers(0, 30), st.tuples(st.sampled_from(TITLES), KINDS), max_size=5)
READERS = st.lists(st.frozensets(st.sampled_from(TOPICS), max_size=2), min_size=1, max_size=40)


@settings(max_examples=examples(12), phases=[Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck))
@given(acts=PLANS, readers=READERS, connections=st.integers(1, 4), pipelining=st.booleans(), put_off=st.booleans())
def test_whatever_is_taken_away_in_mid_run_receipts_say_what_each_was_sent(
    acts: dict[int, tuple[str, Kind]],
    readers: list[frozenset[str]],
    connections: int,
    pipelining: bool,  # noqa: FBT001 - a value of the property
    put_off: bool,  # noqa: FBT001 - a value of the property
) -> None:
    script = {"rcpt": ["250 ok", "450 4.2.1 later"]} if put_off else {}
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder,
        ScriptedRelay(script, pipelining=pipelining) as relay,
        newsroom(Path(folder), relay.port, 0, connections) as service,
    ):
        for title, topic in zip(TITLES, TOPICS, strict=True):
            publish(service, title, topic)
        ids = {title: article(service, title) for title in TITLES}
        cut = service.articles.last_seq()
        for number, topics in enumerate(readers):
            join(service, f"lasare{number}@example.org", *topics)
        with service.database.write.begin() as connection:
            connection.execute(subscriptions.update().values(from_seq=cut - len(TITLES)))
        planned(service)
        relay.at = acting = Acts(service, relay, acts)
        asyncio.run(go_on(service))
        assert not acting.faults
        ended, told = outcome(service), receipts(service)
    letters = [each for each in relay.letters if each.wire]  # one for nobody ends a refused recipient's DATA
    assert sum(ended.values()) == len(readers)
    assert set(ended) <= {"sent", "skipped", "deferred"}
    assert ended.get("deferred", 0) <= int(put_off)
    assert all(times == 1 for times in Counter(letter.recipient for letter in letters).values())
    shown = {each.recipient: {ids[title] for title in TITLES if title in words(each)} for each in letters}
    assert told == shown
    for title, arrived in acting.done.items():
        assert sum(title in words(letter) for letter in relay.letters[arrived:] if letter.wire) <= connections
    assert relay.connections() <= connections * (1 + 2 * len(acting.done)) + 1


def unheeded(service: Service, _number: int) -> None:
    change(service, TITLES[0])


def of_nobody(service: Service, number: int) -> None:
    title = f"Gammal {number}"
    service.articles.act(article(service, title), Kind.WITHDRAWN, "fel", NOW)


@pytest.mark.parametrize("happens", [unheeded, of_nobody])
async def test_acts_that_touch_no_letter_give_none_back(
    tmp_path: Path, happens: Callable[[Service, int], None]
) -> None:
    """An import of thousands while an edition is sent: not one letter is offered twice, and none waits."""
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port, 0, connections=2) as service:
        for number in range(120):
            publish(service, f"Gammal {number}")
        for number in range(110):
            join(service, f"lasare{number}@example.org")
        publish(service, TITLES[0])
        planned(service)
        relay.at = lambda phase, count: happens(service, count) if phase == "dot" else None
        await go_on(service)
        assert outcome(service) == {"sent": 110}
    assert (relay.connections(), relay.seen["mail"]) == (2, 110)
