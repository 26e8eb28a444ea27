"""The variants of an edition: each distinct content written down once."""

from sqlalchemy import Connection, insert, select

from digest.adapters.tables import variant_items, variants
from digest.content import Content, content_key
from digest.delivery import EditionId, VariantId


def variant_for(connection: Connection, edition: EditionId, shown: Content) -> VariantId:
    """The edition's variant with this content, written down where it is new."""
    key = content_key(shown)
    same = select(variants.c.id).where(variants.c.edition_id == edition, variants.c.key == key)
    known = connection.execute(same).scalar()
    if known is not None:
        return VariantId(known)
    new = insert(variants).values(edition_id=edition, key=key, more=shown.more).returning(variants.c.id)
    variant = VariantId(connection.execute(new).scalar_one())
    rows = [
        {"variant_id": variant, "article": row.article, "seq": row.seq, "showing": row.showing}
        for row in sorted(shown.rows)
    ]
    connection.execute(insert(variant_items), rows)
    return variant
