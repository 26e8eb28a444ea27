"""The content of variants, read back from their rows."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Row, select

from articles.article import ArticleId, Seq
from digest.adapters.tables import variant_items, variants
from digest.ids import VariantId
from digest.letters.content import Content, ContentRow, Showing

IN_VARIANT = select(variant_items, variants.c.more, variants.c.owed).join(variants)
"""What variants hold: a line for each of their rows, as `content_of` reads them."""


def content_of(rows: Sequence[Row[Any]]) -> Content:
    """The content of one variant, from all its lines of `IN_VARIANT`."""
    if not rows:
        return Content()
    shown = frozenset(content_row(row) for row in rows)
    return Content(rows=shown, more=rows[0].more, owed=rows[0].owed)


def contents_of(rows: Iterable[Row[Any]]) -> dict[VariantId, Content]:
    """The contents of several variants, from their lines of `IN_VARIANT` in the order of variants."""
    by_variant = groupby(rows, key=lambda row: VariantId(row.variant_id))
    return {variant: content_of([*lines]) for variant, lines in by_variant}


def content_row(row: Row[Any]) -> ContentRow:
    """What a row of `variant_items` says."""
    return ContentRow(
        showing=Showing(row.showing), article=ArticleId(row.article), seq=Seq(row.seq), short=bool(row.short)
    )
