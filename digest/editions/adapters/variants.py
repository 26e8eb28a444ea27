"""The variants of an edition: each distinct content written down once."""

import hashlib
from collections.abc import Collection

from sqlalchemy import Connection, Engine, Select, insert, select, update

from articles.article import ArticleId
from digest.adapters.tables import deliveries, taken_back, variant_items, variants
from digest.editions.adapters.edition_rows import next_id
from digest.editions.delivery import OPEN
from digest.ids import EditionId, VariantId
from digest.letters.content import Content, content_key


def variant_for(connection: Connection, edition: EditionId, shown: Content) -> VariantId:
    """The edition's variant with this content, written down where it is new."""
    key = content_key(shown)
    same = select(variants.c.id).where(variants.c.edition_id == edition, variants.c.key == key)
    existing = connection.execute(same).scalar()
    if existing is not None:
        return VariantId(existing)
    values = {"id": next_id(variants.c.id, taken_back.c.variant_id), "edition_id": edition, "key": key}
    new = insert(variants).values(**values, more=shown.more, owed=shown.owed).returning(variants.c.id)
    variant = VariantId(connection.execute(new).scalar_one())
    rows = [
        {
            "variant_id": variant,
            "article": row.article,
            "seq": row.seq,
            "showing": row.showing,
            "short": row.short,
        }
        for row in sorted(shown.rows)
    ]
    connection.execute(insert(variant_items), rows)
    return variant


def drop_forms(connection: Connection, which: Select[tuple[int]]) -> int:
    """Drop the bytes of these letters; their hashes stay. Says of how many."""
    ids = connection.execute(which).scalars().all()
    for variant in ids:
        of_variant = variants.c.id == variant
        kept = connection.execute(select(variants.c.form, variants.c.sha256).where(of_variant)).one()
        sha256 = kept.sha256 or hashlib.sha256(kept.form).hexdigest()  # a version of long ago kept no hash
        connection.execute(update(variants).where(of_variant).values(form=None, sha256=sha256))
    return len(ids)


def drop_forms_with(read: Engine, write: Engine, erased: Collection[ArticleId]) -> int:
    """Drop the bytes of all letters that show an erased text; says of how many. Twice does no more than once.

    What is planned, claimed or deferred keeps its bytes until its letter is pulled or has gone out.
    """
    showing = select(variant_items.c.variant_id).where(variant_items.c.article.in_(erased))
    waits = select(deliveries.c.variant_id).where(
        deliveries.c.variant_id == variants.c.id, deliveries.c.state.in_(OPEN)
    )
    which = select(variants.c.id).where(variants.c.id.in_(showing), variants.c.form.is_not(None), ~waits.exists())
    with read.begin() as connection:
        if connection.execute(which.limit(1)).first() is None:
            return 0
    with write.begin() as connection:
        return drop_forms(connection, which)
