"""`digest retry --failed`: what the relay refused goes out after all, until the next edition is planned."""

import json
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from budkavle.daemon.bounce_loop import take_refused
from budkavle.installation.wiring import Service
from digest.adapters.tables import bounces, deliveries, editions, events
from digest.editions.delivery import DeliveryState, Reason
from digest.editions.edition import EditionState
from digest.subscribers.suppression import SuppressionReason
from mail.address import Address
from tests.budkavle.refusing import MINUTE, PickyRelay, go_on, outcome, plan_again, readers
from tests.given import NOW
from tests.installed import Outcome, budkavle

GONE = "550 5.1.1 <lasare@gone.test>: User unknown"


def retry(service: Service, *words: str) -> Outcome:
    return budkavle("digest", "retry", "veckobrev", *words, folder=service.config.folder)


async def test_refused_letters_go_out_once_after_a_retry_and_nothing_is_held_against_their_readers(
    tmp_path: Path,
) -> None:
    with PickyRelay("gone.test", says=GONE) as relay, readers(tmp_path, relay, 3, "gone.test", "a.test") as service:
        assert outcome(await go_on(service)) == {"failed": 3, "sent": 3}
        assert take_refused(service, NOW + MINUTE) == 3
        assert service.suppressions.find(Address("lasare0@gone.test"))
        dry = retry(service, "--failed", "--dry-run")
        assert (dry.code, "3 refused would be tried again" in dry.out) == (0, True)
        assert outcome(next(iter(service.edition_counts.status()))) == {"failed": 3, "sent": 3}
        told = retry(service, "--failed")
        assert (told.code, told.err) == (0, "")
        assert "3 refused are planned again, 3 suppressions taken back; 0 expired and 0 suppressed stay" in told.out
        (status,) = service.edition_counts.status()
        assert (outcome(status), status.edition.state) == ({"planned": 3, "sent": 3}, EditionState.SENDING)
        assert service.suppressions.find(Address("lasare0@gone.test")) is None
        with service.database.read.begin() as connection:
            assert connection.execute(select(bounces.c.mark)).first() is None
            assert len(connection.execute(select(events.c.id).where(events.c.detail.contains("retry"))).all()) == 3
        relay.refused = ()
        status = await go_on(service, NOW + 2 * MINUTE)
        assert (outcome(status), status.edition.state) == ({"sent": 6}, EditionState.FINISHED)
        assert set(relay.arrived().values()) == {1}


async def test_a_retry_that_is_refused_again_counts_again(tmp_path: Path) -> None:
    with PickyRelay("gone.test", says=GONE) as relay, readers(tmp_path, relay, 2, "gone.test", "a.test") as service:
        for minutes in (0, 2):
            assert outcome(await go_on(service, NOW + minutes * MINUTE)) == {"failed": 2, "sent": 2}
            assert take_refused(service, NOW + minutes * MINUTE) == 2
            assert retry(service, "--failed").code == 0
        record = json.loads(retry(service, "--failed", "--json").out)
        assert (record["refused"], record["expired"], record["suppressed"]) == (0, 0, 0)


async def test_a_complaint_outlasts_a_retry(tmp_path: Path) -> None:
    with PickyRelay("gone.test", says=GONE) as relay, readers(tmp_path, relay, 1, "gone.test", "a.test") as service:
        await go_on(service)
        take_refused(service, NOW + MINUTE)
        with service.database.write.begin() as connection:
            whose = service.suppressions.hash_of(Address("lasare0@gone.test"))
            service.suppressions.add(connection, whose, SuppressionReason.COMPLAINT, NOW)
        assert "1 refused are planned again, 0 suppressions" in retry(service, "--failed").out
        assert outcome(await go_on(service, NOW + 2 * MINUTE)) == {"suppressed": 1, "sent": 1}
        assert service.suppressions.find(Address("lasare0@gone.test"))


async def test_expired_and_suppressed_letters_are_left_alone(tmp_path: Path) -> None:
    with PickyRelay("gone.test", says=GONE) as relay, readers(tmp_path, relay, 3, "gone.test", "a.test") as service:
        await go_on(service)
        with service.database.write.begin() as connection:
            failed = deliveries.c.state == DeliveryState.FAILED
            expired = update(deliveries).where(failed, deliveries.c.subscription_id == 1)
            connection.execute(expired.values(reason=Reason.EXPIRED))
            suppressed = update(deliveries).where(failed, deliveries.c.subscription_id == 3)
            connection.execute(suppressed.values(state=DeliveryState.SUPPRESSED, reason="hard"))
        assert "1 refused are planned again" in (told := retry(service, "--failed").out)
        assert "1 expired and 1 suppressed stay as they are" in told
        assert outcome(next(iter(service.edition_counts.status()))) == {
            "failed": 1,
            "suppressed": 1,
            "planned": 1,
            "sent": 3,
        }


async def test_a_retry_says_why_not(tmp_path: Path) -> None:
    with PickyRelay("gone.test", says=GONE) as relay, readers(tmp_path, relay, 2, "gone.test", "a.test") as service:
        await go_on(service)
        assert "say which letters" in (nothing := retry(service)).err
        assert nothing.code == 2
        with service.database.write.begin() as connection:
            connection.execute(update(editions).values(state=EditionState.CANCELLED))
        assert "was cancelled" in retry(service, "--failed").err
        with service.database.write.begin() as connection:
            connection.execute(update(editions).values(state=EditionState.FINISHED, folded=NOW))
        assert (folded := retry(service, "--failed")).code == 2
        assert "only its counts are kept" in folded.err


async def test_only_the_newest_edition_is_tried_again(tmp_path: Path) -> None:
    with PickyRelay("gone.test", says=GONE) as relay, readers(tmp_path, relay, 2, "gone.test", "a.test") as service:
        await go_on(service)
        plan_again(service, NOW + timedelta(days=7))
        assert "0 refused" in retry(service, "--failed").out
        first = next(iter(service.edition_counts.status()))
        assert outcome(first) == {"failed": 2, "sent": 2}


async def test_a_paused_edition_stays_paused_when_its_refused_letters_are_planned_again(tmp_path: Path) -> None:
    with PickyRelay("gone.test", says=GONE) as relay, readers(tmp_path, relay, 2, "gone.test", "a.test") as service:
        await go_on(service)
        with service.database.write.begin() as connection:
            connection.execute(update(editions).values(state=EditionState.PAUSED, paused_because="somebody"))
        assert retry(service, "--failed").code == 0
        (status,) = service.edition_counts.status()
        assert status.edition.state is EditionState.PAUSED
