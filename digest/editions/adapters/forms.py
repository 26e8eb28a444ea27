"""Forms: the rendered bytes of variants, kept so that a retry sends the same."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, and_, select, update

from digest.adapters.tables import deliveries, variants
from digest.editions.adapters.closing import finish_if_done
from digest.editions.adapters.contents import IN_VARIANT, contents_of
from digest.editions.delivery import DeliveryState, Reason
from digest.editions.edition import Edition
from digest.ids import EditionId, VariantId
from digest.letters.content import Content


class LetterForms:
    """The forms of every edition's variants."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def unrendered(self, edition: Edition) -> Mapping[VariantId, Content]:
        """The variants that somebody waits for and that have no form yet, with what they hold."""
        waits = deliveries.c.state.in_([DeliveryState.PLANNED, DeliveryState.DEFERRED])
        wanted = select(deliveries.c.variant_id).where(deliveries.c.edition_id == edition.id, waits)
        statement = IN_VARIANT.where(variants.c.id.in_(wanted), variants.c.form.is_(None)).order_by(variants.c.id)
        with self._read.begin() as connection:
            return contents_of(connection.execute(statement))

    def has_forms(self, edition: Edition) -> bool:
        """Whether any variant of an edition was rendered."""
        rendered = select(variants.c.id).where(variants.c.edition_id == edition.id, variants.c.form.is_not(None))
        with self._read.begin() as connection:
            return connection.execute(rendered.limit(1)).first() is not None

    def keep_form(self, variant: VariantId, form: bytes) -> None:
        """Keep a variant's bytes, so that a retry sends the same, and their hash, which stays when they go."""
        kept = {"form": form, "sha256": hashlib.sha256(form).hexdigest()}
        with self._write.begin() as connection:
            connection.execute(update(variants).where(variants.c.id == variant).values(kept))

    def form(self, variant: VariantId) -> bytes:
        """The bytes of a variant."""
        with self._read.begin() as connection:
            return bytes(connection.execute(select(variants.c.form).where(variants.c.id == variant)).scalar_one())

    def hold_variant(self, variant: VariantId, now: datetime) -> None:
        """Hold the letters of a variant that could not be rendered; the next edition makes up for them."""
        waiting = and_(
            deliveries.c.variant_id == variant,
            deliveries.c.state.in_([DeliveryState.PLANNED, DeliveryState.DEFERRED]),
        )
        with self._write.begin() as connection:
            edition = connection.execute(select(variants.c.edition_id).where(variants.c.id == variant)).scalar_one()
            values = {"state": DeliveryState.HELD, "reason": Reason.UNFIT, "at": now}
            connection.execute(update(deliveries).where(waiting).values(values))
            finish_if_done(connection, EditionId(edition))
