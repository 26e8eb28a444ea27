"""Uncertain letters in the store: which there are, and a person's finding written down."""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, delete, func, select, update

from articles.article import Seq
from digest.adapters.row_keys import is_delivery
from digest.adapters.tables import deliveries, editions, receipts, subscribers, subscriptions, variants
from digest.editions.delivery import DeliveryState, Reason
from digest.editions.slots import PeriodKey
from digest.ids import EditionId, SubscriptionId
from digest.letters.letter import message_id_of
from digest.sending.uncertain import Finding, Neighbours, UncertainLetter
from digest.subscribers.adapters.mailboxes import of_mailbox
from mail.address import Address

_HEAD = 600
"""How many bytes of a kept letter hold its token, edition and host."""
_NEIGHBOURS = 20


class Settled(Enum):
    """What came of a finding."""

    DONE = auto()
    BEFORE = auto()
    """It is not uncertain any more: somebody was faster."""
    FOLDED = auto()
    """Its row is gone: retention has let go of it, or its recipient was erased."""


class UncertainLetters:
    """The uncertain letters of all digests; `host` stands in the Message-IDs of letters whose bytes are gone."""

    def __init__(self, read: Engine, write: Engine, host: str = "") -> None:
        self._read, self._write, self._host = read, write, host

    def letters(self, digest: str, key: PeriodKey | None = None) -> Sequence[UncertainLetter]:
        """The uncertain letters of a digest, or of one of its editions, the oldest first."""
        wanted = and_(editions.c.digest == digest, deliveries.c.state == DeliveryState.UNCERTAIN)
        if key is not None:
            wanted = and_(wanted, editions.c.period_key == key)
        order = (editions.c.period_key, deliveries.c.at, deliveries.c.subscription_id)
        with self._read.begin() as connection:
            rows = connection.execute(_letters(wanted).order_by(*order)).all()
        return [
            UncertainLetter(
                edition=EditionId(row.edition_id),
                key=PeriodKey(row.period_key),
                subscription=SubscriptionId(row.subscription_id),
                address=row.address,
                message_id=self._message_id(row),
                at=row.at,
                reply=row.reply or "",
                from_seq=Seq(row.from_seq),
            )
            for row in rows
        ]

    def neighbours(self, letter: UncertainLetter) -> Neighbours:
        """The letters of the same edition that were surely sent next before and next after this one."""
        sent = and_(deliveries.c.edition_id == letter.edition, deliveries.c.state == DeliveryState.SENT)
        before = _letters(and_(sent, deliveries.c.at <= letter.at)).order_by(deliveries.c.at.desc())
        after = _letters(and_(sent, deliveries.c.at > letter.at)).order_by(deliveries.c.at)
        with self._read.begin() as connection:
            sides = [connection.execute(side.limit(_NEIGHBOURS)).all() for side in (before, after)]
        earlier, later = ([self._message_id(row) for row in side] for side in sides)
        return Neighbours(before=earlier, after=later)

    def settle(self, letter: UncertainLetter, finding: Finding) -> Settled:
        """Write down what became of a letter: its row, its receipt and its subscription's cursor, in one transaction.

        What arrived is `sent`. What was lost is `failed`, nobody had it, and what it held is news again, as far as no
        other letter surely told it; but not to who left and came back since: that was a new beginning.
        """
        is_this_one = is_delivery(letter.edition, letter.subscription)
        with self._write.begin() as connection:
            row = connection.execute(select(deliveries.c.state).where(is_this_one)).first()
            if row is None:
                return Settled.FOLDED
            if row.state != DeliveryState.UNCERTAIN:
                return Settled.BEFORE
            said = {"reply": f"{letter.reply}; a person says: {finding}".removeprefix("; ")}
            if finding is Finding.ARRIVED:
                connection.execute(update(deliveries).where(is_this_one).values(state=DeliveryState.SENT, **said))
            else:
                lost = {"state": DeliveryState.FAILED, "reason": Reason.LOST, "next_at": None}
                connection.execute(update(deliveries).where(is_this_one).values(lost | said))
                _owe_again(connection, letter)
        return Settled.DONE

    def folded(self, digest: str, word: str) -> PeriodKey | None:
        """The folded edition in which an address may have been sent a letter, or to which a Message-ID belongs."""
        key = word.strip().lstrip("<").split(".")[0]
        by_id = select(editions.c.period_key).where(
            editions.c.digest == digest, editions.c.period_key == key, editions.c.folded.is_not(None)
        )
        row_is_there = is_delivery(editions.c.id, receipts.c.subscription_id)
        by_address = (
            select(func.max(editions.c.period_key))
            .select_from(receipts)
            .join(variants, variants.c.id == receipts.c.variant_id)
            .join(editions, editions.c.id == variants.c.edition_id)
            .join(subscriptions, subscriptions.c.id == receipts.c.subscription_id)
            .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
            .where(of_mailbox(Address(word.strip())), editions.c.digest == digest)
            .where(receipts.c.certain.is_(False), ~select(deliveries.c.edition_id).where(row_is_there).exists())
        )
        with self._read.begin() as connection:
            period = connection.execute(by_id).scalar() or connection.execute(by_address).scalar()
        return PeriodKey(period) if period else None

    def _message_id(self, row: Row[Any]) -> str:
        lines = bytes(row.head or b"").split(b"\n", 3)
        edition, host = (lines[1].decode(), lines[2].decode()) if len(lines) > 3 else (row.period_key, self._host)  # noqa: PLR2004 - token, edition, host, letter
        return message_id_of(edition, host, row.token)


def _letters(which: ColumnElement[bool]) -> Select[Any]:
    columns = (deliveries.c.edition_id, deliveries.c.subscription_id, deliveries.c.at, deliveries.c.reply)
    return (
        select(
            *columns,
            deliveries.c.from_seq,
            editions.c.period_key,
            subscribers.c.address,
            subscriptions.c.token,
            func.substr(variants.c.form, 1, _HEAD).label("head"),
        )
        .join(editions, editions.c.id == deliveries.c.edition_id)
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .outerjoin(variants, variants.c.id == deliveries.c.variant_id)
        .where(which)
    )


def _owe_again(connection: Connection, letter: UncertainLetter) -> None:
    """Drop the doubtful receipts of a letter that was lost, and move the cursor back to where it was planned from."""
    shown = select(variants.c.id).where(variants.c.edition_id == letter.edition)
    doubtful = and_(
        receipts.c.subscription_id == letter.subscription,
        receipts.c.variant_id.in_(shown),
        receipts.c.certain.is_(False),
    )
    connection.execute(delete(receipts).where(doubtful))
    moment = select(editions.c.moment).where(editions.c.id == letter.edition).scalar_subquery()
    same_life = and_(subscriptions.c.id == letter.subscription, subscriptions.c.since <= moment)
    behind = and_(same_life, subscriptions.c.from_seq > letter.from_seq)
    connection.execute(update(subscriptions).where(behind).values(from_seq=letter.from_seq))
