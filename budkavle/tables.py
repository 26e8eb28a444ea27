"""The roof's own table: what needs a person."""

from sqlalchemy import Column, MetaData, String, Table, Text

from articles.adapters.columns import NAMING, Instant

metadata = MetaData(naming_convention=NAMING)

alarms = Table(
    "alarms",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("about", String(200), primary_key=True, comment="which edition, source, feed …"),
    Column("what", Text, nullable=False, comment="what is wrong, and how to mend it"),
    Column("since", Instant, nullable=False),
    Column("seen", Instant, nullable=False, comment="when it was last found"),
    Column("mailed", Instant, comment="when the operator was told"),
    Column("ended", Instant, comment="when it was found no more"),
)
