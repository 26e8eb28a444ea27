"""Domains that refuse us, as the ledger of deliveries sees them: whose letters may be claimed, and what they answered.

While no domain has refused anything, this is one look into an empty table at each claim.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, or_, select, update

from digest.adapters.row_keys import BOUND_DELIVERY
from digest.adapters.tables import deliveries, editions, refusing_domains
from digest.editions.adapters.stop import stop_once
from digest.editions.delivery import Claim, DeliveryState
from digest.editions.edition import EditionState
from digest.ids import EditionId
from digest.sending.adapters.claims import Fate
from digest.sending.consequences import Judged
from digest.sending.domain_backoff import Standing, too_many_wait
from mail.address import domain_of
from mail.reply import LONGEST_WAIT, Verdict
from storage.compiled import Prepared

_BEHIND = timedelta(seconds=1)
Found = Sequence[tuple[Claim, Fate | None]]


class DomainPauses:
    """What one sender knows of the domains that refuse us. The truth is in the store: others pause and free them."""

    def __init__(self) -> None:
        self.heeded: frozenset[str] = frozenset()
        """The domains whose next accepted letter may change something."""
        self.waiting: frozenset[str] = frozenset()
        """The domains that no letter goes to now."""

    @property
    def any_refused(self) -> bool:
        """Whether a domain refused a letter and has not taken one since."""
        return bool(self.heeded)

    def free(self, connection: Connection, names: Collection[str]) -> None:
        """Hold nothing against these any more: it was the relay."""
        for name in names:
            put(connection, name, Standing())
        self.waiting -= frozenset(names)

    def look(self, connection: Connection, now: datetime) -> dict[str, Standing]:
        """The domains whose letters do not all go, as they stand now."""
        heeded = _HEEDED.run(connection).fetchall()
        self.heeded = frozenset(name for name, _ in heeded)
        paused = standings_of_paused(connection) if any(until for _, until in heeded) else {}
        for name, before in paused.items():
            paused[name] = after = before.at(now)
            if after != before:
                put(connection, name, after)
        self.waiting = frozenset(name for name, standing in paused.items() if standing.is_waiting)
        return {name: standing for name, standing in paused.items() if standing.is_paused}

    def admitted(self, connection: Connection, found: Found, paused: dict[str, Standing], now: datetime) -> Found:
        """Of deliveries that are due, those that may be claimed. The others are due again when their domain may be."""
        kept: list[tuple[Claim, Fate | None]] = []
        for claim, fate in found:
            name = domain_of(claim.address)
            standing = None if fate else paused.get(name)
            if standing is None or standing.until is None:
                kept.append((claim, fate))
            elif standing.room():
                paused[name] = tried = replace(standing, tried=standing.tried + 1)
                put(connection, name, tried)
                kept.append((claim, fate))
            else:
                # Behind those that were tried less often: one mailbox that always says no would lose every trial.
                later = min(standing.until + claim.attempt * _BEHIND, now + LONGEST_WAIT)
                _PUT_OFF.run(connection, b_edition=claim.edition, b_subscription=claim.subscription, n_next=later)
        return kept

    def concerning(self, connection: Connection, letters: Sequence[Judged]) -> dict[str, Standing]:
        """How the domains stand that these letters may change; all that are paused, where one was refused."""
        refused = {domain_of(claim.address) for claim, _, verdict in letters if verdict is Verdict.BLAMED}
        wanted = set(refused)
        if self.heeded:
            taken = {domain_of(claim.address) for claim, _, verdict in letters if verdict is Verdict.SENT}
            wanted |= taken & self.heeded
        paused = standings_of_paused(connection) if refused else {}
        return paused | {name: standing_of(connection, name) for name in wanted - paused.keys()}

    def keep(self, connection: Connection, changed: Mapping[str, Standing], refusals: Mapping[str, str]) -> None:
        """Keep how these stand now, and what those of them said that refused a letter."""
        for name, standing in changed.items():
            put(connection, name, standing, refusals.get(name))
        self.heeded |= refusals.keys()
        self.waiting = (self.waiting - changed.keys()) | {
            name for name, standing in changed.items() if standing.is_waiting
        }


def standings_of_paused(connection: Connection) -> dict[str, Standing]:
    """The domains that are paused, unless their time is over."""
    paused = select(refusing_domains).where(refusing_domains.c.until.is_not(None))
    return {row["name"]: _standing(row) for row in connection.execute(paused).mappings()}


def standing_of(connection: Connection, name: str) -> Standing:
    """How one domain stands."""
    row = connection.execute(select(refusing_domains).where(refusing_domains.c.name == name)).mappings().first()
    return _standing(row) if row else Standing()


def _standing(row: RowMapping) -> Standing:
    return Standing(
        refused=row["refused"],
        pauses=row["pauses"],
        until=row["until"],
        tried_since=row["tried_since"],
        tried=row["tried"],
        taken=row["taken"],
        free_since=row["free_since"],
    )


def put(connection: Connection, name: str, standing: Standing, said: str | None = None) -> None:
    """Keep how a domain stands, and what it said; one that is like any other needs no row."""
    is_this_one = refusing_domains.c.name == name
    values = vars(standing) | ({} if said is None else {"said": said})
    if standing == Standing():
        connection.execute(delete(refusing_domains).where(is_this_one))
    elif not connection.execute(update(refusing_domains).where(is_this_one).values(values)).rowcount:
        connection.execute(insert(refusing_domains).values(name=name, **({"said": ""} | values)))


def stop_if_many(connection: Connection, now: datetime) -> None:
    """Pause what is being sent when so many domains refuse us that a person must look."""
    if why := too_many_wait(standings_of_paused(connection), now):
        stop_all_once(connection, why, now)


def stop_all_once(connection: Connection, why: str, now: datetime) -> set[EditionId]:
    """Pause all that is being sent, each edition once; says which."""
    under_way = select(editions.c.id).where(editions.c.state == EditionState.SENDING)
    ids = [EditionId(edition) for edition in connection.execute(under_way).scalars().all()]
    return {edition for edition in ids if stop_once(connection, edition, why, now)}


_HEEDED = Prepared(
    select(refusing_domains.c.name, refusing_domains.c.until).where(
        or_(refusing_domains.c.refused > 0, refusing_domains.c.until.is_not(None))
    )
)
_PUT_OFF = Prepared(
    update(deliveries)
    .where(BOUND_DELIVERY)
    # `planned` letters that wait would be read past by each claim that looks for one that does not.
    .values(state=DeliveryState.DEFERRED, next_at=bindparam("n_next"))
)
