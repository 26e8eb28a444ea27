"""Held inputs: those that wait for a person, with no id, no seq, in nothing."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Engine, Row, and_, delete, insert, select, update

from articles.adapters.tables import held_inputs
from articles.article import Draft, SourceName

_DRAFT = TypeAdapter(Draft)


class HeldState(StrEnum):
    """State of a held input: what became of it so far."""

    WAITING = "waiting"
    RELEASED = "released"
    REFUSED = "refused"


class UnknownHeldInputError(LookupError):
    """No held input waits under this number, or none of this file does."""

    def __init__(self, name: int | str) -> None:
        which = f"under the number {name}" if isinstance(name, int) else f"that is the file {name}"
        super().__init__(f"no held input waits {which}; `budkavle articles held` shows them all")


@dataclass(frozen=True, kw_only=True)
class HeldInput:
    """A parsed text that waits, and why."""

    number: int
    source: SourceName
    address: str
    reason: str
    draft: Draft
    state: HeldState
    at: datetime


class HeldInputs:
    """The inputs that wait for a person, one an address."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def hold(self, source: SourceName, address: str, draft: Draft, reason: str, now: datetime) -> bool:
        """Keep an input until a person decides; False when a person refused exactly this one before."""
        at_address = and_(held_inputs.c.source == source, held_inputs.c.address == address)
        text = _DRAFT.dump_json(replace(draft, related=())).decode()
        values = {"reason": reason, "draft": text, "state": HeldState.WAITING, "at": now}
        with self._read.begin() as connection:
            row = connection.execute(select(held_inputs).where(at_address)).first()
        if row and row.reason == reason and row.draft in {text, _mark(text)}:
            return bool(row.state != HeldState.REFUSED)
        with self._write.begin() as connection:
            if row:
                connection.execute(update(held_inputs).where(at_address).values(values))
            else:
                connection.execute(insert(held_inputs).values(source=source, address=address, **values))
        return True

    def waiting(self) -> Sequence[HeldInput]:
        """All that waits, oldest first."""
        return self._select(held_inputs.c.state == HeldState.WAITING)

    def get(self, number: int) -> HeldInput:
        """One waiting input. Raises UnknownHeldInputError."""
        waiting = self._select(and_(held_inputs.c.id == number, held_inputs.c.state == HeldState.WAITING))
        if not waiting:
            raise UnknownHeldInputError(number)
        return waiting[0]

    def settle(self, number: int, state: HeldState) -> None:
        """Write down what a person decided, so that the same input is not held again.

        Of what was refused no text is kept: it was perhaps never to be published, or is to be forgotten.
        """
        waiting = and_(held_inputs.c.id == number, held_inputs.c.state == HeldState.WAITING)
        with self._write.begin() as connection:
            for draft in connection.execute(select(held_inputs.c.draft).where(waiting)).scalars().all():
                stored = _mark(draft) if state is HeldState.REFUSED else draft
                connection.execute(update(held_inputs).where(waiting).values(state=state, draft=stored))

    def was_released(self, source: SourceName, address: str, reason: str) -> bool:
        """Whether a person has decided before that this doubt about this input is none."""
        at_address = and_(held_inputs.c.source == source, held_inputs.c.address == address)
        decided = and_(at_address, held_inputs.c.state == HeldState.RELEASED, held_inputs.c.reason == reason)
        with self._read.begin() as connection:
            return connection.execute(select(held_inputs.c.id).where(decided)).first() is not None

    def forget(self, source: SourceName, address: str) -> None:
        """Drop what waits at an address whose text has become an article by itself."""
        at_address = and_(held_inputs.c.source == source, held_inputs.c.address == address)
        undecided = and_(at_address, held_inputs.c.state != HeldState.RELEASED)
        with self._read.begin() as connection:
            if connection.execute(select(held_inputs.c.id).where(undecided)).first() is None:
                return
        with self._write.begin() as connection:
            connection.execute(delete(held_inputs).where(undecided))

    def _select(self, condition: ColumnElement[bool]) -> list[HeldInput]:
        statement = select(held_inputs).where(condition).order_by(held_inputs.c.id)
        with self._read.begin() as connection:
            return [_held(row) for row in connection.execute(statement)]


def _mark(draft: str) -> str:
    """What a refused text is known by."""
    return hashlib.sha256(draft.encode()).hexdigest()


def _held(row: Row[tuple[object, ...]]) -> HeldInput:
    return HeldInput(
        number=row.id,
        source=SourceName(row.source),
        address=row.address,
        reason=row.reason,
        draft=_DRAFT.validate_json(row.draft),
        state=HeldState(row.state),
        at=row.at,
    )
