"""`subscribers explain`, `show` and `lift`: every answer from what really happened, or from the rule that decides."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from articles.article import Kind
from budkavle.cli.subscribers import erase as noes
from budkavle.cli.subscribers import person
from budkavle.cli.terminal import Exit
from budkavle.installation.wiring import Service
from digest.adapters.tables import suppressions
from digest.editions.adapters.retention import Retention
from digest.editions.delivery import DeliveryState
from digest.editions.explanation import WhyNot
from digest.editions.slots import PeriodKey
from digest.letters.content import Showing
from digest.subscribers.suppression import SuppressionReason
from mail.address import Address
from tests.digest.relay import KEY, TITLE, join, newsroom, publish
from tests.given import NOW, plan_period

WEEK = timedelta(days=7)
NEXT = PeriodKey("2026-01-16")
READER = "lasare0@example.org"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with newsroom(tmp_path) as opened:
        yield opened


async def sent(service: Service, key: str, weeks: int = 0) -> None:
    digest = service.digests[0]
    plan_period(service, digest, PeriodKey(key), NOW + weeks * WEEK)
    await service.sending.send(lambda: NOW + weeks * WEEK, lambda: False, lambda _: None)


def suppress(service: Service, address: str, reason: SuppressionReason) -> None:
    with service.database.write.begin() as connection:
        service.suppressions.add(connection, service.key.address_hash(Address(address)), reason, NOW)


def explained(service: Service, key: str | None, address: str = READER) -> dict[str, tuple[object, ...]]:
    """What is said of each article, by its title: shown as what, why not, and in which edition it was before."""
    digest = service.digests[0]
    known = service.subscribers.find(Address(address), digest.name)
    assert known
    told = service.explaining.explain_edition(digest, known, PeriodKey(key) if key else None)
    titles = service.articles.texts([(row.article, row.seq) for row in told.articles])
    return {titles[row.article, row.seq].article.title: (row.shown, row.why, row.edition) for row in told.articles}


async def test_an_edition_is_explained_as_it_was_and_the_next_one_as_it_will_be(service: Service) -> None:
    publish(service, "Om vård", "vard")
    join(service, "vard@example.org", "vard")
    publish(service, "Om skola", "skola")
    await sent(service, KEY)
    item = (Showing.ITEM, None, None)
    assert explained(service, KEY) == {TITLE: item, "Om vård": item, "Om skola": item}
    assert explained(service, KEY, "vard@example.org") == {
        TITLE: (None, WhyNot.NO_TOPIC, None),
        "Om vård": (None, WhyNot.SETTLED, None),
        "Om skola": (None, WhyNot.NO_TOPIC, None),
    }
    assert explained(service, None) == {}
    publish(service, "Om bussar")
    assert explained(service, None) == {"Om bussar": item}
    assert explained(service, KEY) == {TITLE: item, "Om vård": item, "Om skola": item}


async def test_what_was_sent_before_a_correction_and_a_withdrawal_are_told_apart(service: Service) -> None:
    publish(service, "Den andra")
    await sent(service, KEY)
    by_title = {each.newest.article.title: each.newest.article.id for each in service.articles.histories()}
    service.articles.act(by_title[TITLE], Kind.CORRECTED, "Fel dag.", NOW)
    service.articles.act(by_title["Den andra"], Kind.WITHDRAWN, "Den stämde inte.", NOW)
    expected = {TITLE: (Showing.CORRECTED, None, None), "Den andra": (Showing.WITHDRAWN, None, None)}
    assert explained(service, None) == expected
    await sent(service, NEXT, 1)
    assert explained(service, NEXT) == expected
    assert explained(service, None) == {}
    join(service, "ny@example.org")
    publish(service, "Den tredje")
    await sent(service, "2026-01-23", 2)
    assert explained(service, "2026-01-23", "ny@example.org")["Den tredje"] == (Showing.ITEM, None, None)


async def test_what_was_sent_is_explained_by_receipts_when_deliveries_are_folded(service: Service) -> None:
    await sent(service, KEY)
    publish(service, "En vecka senare")
    await sent(service, NEXT, 1)
    service.by_operator.pause(Address(READER), "veckobrev", NOW)
    while Retention(service.database.write).fold(NOW + WEEK, NOW + WEEK):
        pass
    digest = service.digests[0]
    known = service.subscribers.find(Address(READER), digest.name)
    assert known
    assert service.explaining.explain_edition(digest, known, PeriodKey(KEY)).delivery is None
    assert explained(service, NEXT) == {"En vecka senare": (Showing.ITEM, None, None)}


async def test_a_full_letter_says_what_it_had_no_room_for(service: Service) -> None:
    digest = service.digests[0]
    for number in range(digest.items):
        publish(service, f"Nyhet {number}")
    await sent(service, KEY)
    told = explained(service, KEY)
    assert told[TITLE] == (Showing.NAMED, None, None)
    assert [each[0] for each in told.values()].count(Showing.ITEM) == digest.items


async def test_a_suppressed_address_gets_nothing_keeps_its_cursor_and_is_made_up_for_when_it_is_lifted(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    file = service.config.file
    suppress(service, READER, SuppressionReason.HARD)
    await sent(service, KEY)
    (status,) = service.edition_counts.status()
    assert (status.counts[DeliveryState.SENT], status.counts[DeliveryState.SUPPRESSED], status.unexplained) == (2, 1, 0)
    assert status.edition.state == "finished"
    assert explained(service, KEY) == {TITLE: (Showing.ITEM, None, None)}
    assert person.explain(READER, KEY, config=file) == Exit.DONE
    out = capsys.readouterr().out
    assert f"veckobrev {KEY}: suppressed" in out
    assert "(hard)" in out
    assert "subscribers lift ADDRESS" in out
    assert noes.lift(READER, config=file) == Exit.DONE
    assert noes.lift(READER, config=file) == Exit.NEEDS_A_PERSON
    publish(service, "En vecka senare")
    await sent(service, NEXT, 1)
    assert set(explained(service, NEXT)) == {TITLE, "En vecka senare"}
    assert all(shown is Showing.ITEM for shown, _, _ in explained(service, NEXT).values())


@pytest.mark.parametrize("reason", [SuppressionReason.COMPLAINT, SuppressionReason.ERASED])
def test_a_persons_own_no_is_lifted_by_nobody_else(
    reason: SuppressionReason, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    suppress(service, READER, reason)
    assert noes.lift(READER, config=service.config.file) == Exit.NEEDS_A_PERSON
    assert "only its owner can take that back" in capsys.readouterr().err
    assert service.suppressions.find(Address(READER)) is not None


async def test_a_story_is_told_in_lines_and_as_one_object(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    await sent(service, KEY)
    known = service.subscribers.find(Address(READER), "veckobrev")
    assert known
    service.unsubscribe.leave(known.token, NOW)
    suppress(service, READER, SuppressionReason.COMPLAINT)
    file = service.config.file
    capsys.readouterr()
    assert person.show(READER.upper(), json=True, config=file) == Exit.DONE
    told = json.loads(capsys.readouterr().out)
    (own,), (added, event), (delivery,) = told["subscriptions"], told["events"], told["deliveries"]
    assert (own["state"], own["ended_reason"], added["kind"], event["kind"]) == ("ended", "one click", "added", "left")
    assert event["detail"] == {"how": "one click"}
    assert (delivery["edition"], delivery["state"]) == (KEY, "sent")
    assert told["suppressed"]["reason"] == "complaint"
    assert known.token not in json.dumps(told)
    assert person.show(READER, config=file) == Exit.DONE
    out = capsys.readouterr().out
    for part in ("veckobrev: ended, one click", "left veckobrev how one click", f"veckobrev {KEY}: sent", "spam"):
        assert part in out
    assert person.show("ingen@example.org", config=file) == Exit.NEEDS_A_PERSON
    assert person.explain("ingen@example.org", config=file) == Exit.NEEDS_A_PERSON


async def test_explain_gives_one_object_for_each_digest(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    await sent(service, KEY)
    capsys.readouterr()
    assert person.explain(READER, KEY, json=True, config=service.config.file) == Exit.DONE
    told = json.loads(capsys.readouterr().out)
    (article,) = told["articles"]
    assert (told["digest"], told["edition"], told["state"], told["from_seq"]) == ("veckobrev", KEY, "sent", 0)
    assert (article["title"], article["shown"], article["why"]) == (TITLE, "item", None)
    with service.database.write.begin() as connection:
        connection.execute(delete(suppressions))
    assert person.explain(READER, config=service.config.file) == Exit.DONE
    assert "nothing was new" in capsys.readouterr().out
