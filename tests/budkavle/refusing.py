"""What tests about domains that refuse us start from: a relay that says no to some of them, and readers of several."""

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from budkavle.installation.wiring import Service
from digest.adapters.tables import deliveries, subscribers, subscriptions
from digest.editions.delivery import DeliveryState
from digest.editions.edition import Edition, EditionStatus
from digest.editions.slots import PeriodKey
from tests.budkavle.returned import as_returned
from tests.digest.relay import KEY, ScriptedRelay, join, newsroom, publish
from tests.given import NOW, going_on_from, plan_period

SAYS = "550 5.7.1 Service refused, see https://help.refusing.test for lasare@refusing.test"
REFUSING = "refusing.test"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class PickyRelay(ScriptedRelay):
    """Refuses every recipient of some domains, in the phase that is named, until it is told otherwise."""

    def __init__(self, *domains: str, phase: str = "rcpt", says: str = SAYS, pipelining: bool = False) -> None:
        self.refused: Collection[str] = domains
        self._recipient = ""
        self._phase, self._says = phase, says
        super().__init__(at=self._choose, pipelining=pipelining)

    def arrived(self) -> Counter[str]:
        """How many letters arrived for each recipient."""
        return Counter(letter.recipient for letter in self.letters)

    def domains(self) -> Counter[str]:
        """How many letters arrived for each domain."""
        return Counter(letter.recipient.rpartition("@")[2] for letter in self.letters)

    def asked(self, domain: str) -> int:
        """How many recipients of a domain were named."""
        return sum(line.startswith("RCPT") and f"@{domain}>" in line for _, line in self.heard)

    def _choose(self, phase: str, _count: int) -> None:
        if phase == "rcpt":
            self._recipient = self.heard[-1][1]
        refuses = any(f"@{domain}>" in self._recipient for domain in self.refused)
        self.script = {self._phase: [self._says]} if refuses and phase in {self._phase, "body"} else {}


@contextmanager
def readers(
    folder: Path, relay: ScriptedRelay, per_domain: int, *domains: str, connections: int = 1
) -> Iterator[Service]:
    """An installation with so many readers of each of these domains, by turns, and an edition planned for them."""
    with newsroom(folder, relay.port, readers=0, connections=connections) as service:
        for number in range(per_domain):
            for domain in domains:
                join(service, f"lasare{number}@{domain}")
        publish(service, "Ny buss på lördag")
        plan_period(service, service.digests[0], PeriodKey(KEY), NOW)
        yield service


async def go_on(service: Service, moment: datetime = NOW) -> EditionStatus:
    """Send what is due at this moment; says how the newest edition stands then."""
    await service.sending.send(going_on_from(moment), lambda: False, lambda _: None)
    return list(service.edition_counts.status())[-1]


def plan_again(service: Service, moment: datetime, key: str = "") -> Edition:
    """Plan the edition of a later day, with something new in it."""
    publish(service, f"Nyhet {moment}")
    return plan_period(service, service.digests[0], PeriodKey(key or f"{moment:%Y-%m-%d}"), moment)


def come_back(service: Service, moment: datetime, *recipients: str, name: str = "sender-fault.postfix.5.7.1") -> None:
    """The letters of the newest edition that was sent to these come back: each as a message of its own, twice."""
    for recipient in recipients:
        with service.database.read.begin() as connection:
            joined = select(subscriptions.c.id).join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
            subscription = connection.execute(joined.where(subscribers.c.address == recipient)).scalar_one()
            sent = (deliveries.c.subscription_id == subscription, deliveries.c.state == DeliveryState.SENT)
            edition = connection.execute(select(func.max(deliveries.c.edition_id)).where(*sent)).scalar_one()
        raw = as_returned(service, name, edition, subscription)
        for _ in range(2):
            service.process_bounces.take(raw, "", moment)


def outcome(status: EditionStatus) -> dict[str, int]:
    """How many letters are in which state."""
    assert status.unexplained == 0
    return {state.value: number for state, number in status.counts.items() if number}
