"""Tables of the mail floor: what is remembered of a relay."""

from sqlalchemy import Column, Float, MetaData, String, Table

from storage.columns import NAMING, Instant

metadata = MetaData(naming_convention=NAMING)

# How fast a relay is sent to: one bucket of tokens for all connections, kept over restarts.
relays = Table(
    "relays",
    metadata,
    Column("name", String(300), primary_key=True, comment="host:port"),
    Column("tokens", Float, nullable=False, comment="letters that may go now"),
    Column("filled", Instant, nullable=False, comment="when the tokens were counted"),
    Column("slowed_to", Float, comment="letters a second, after the relay asked for less"),
    Column("slowed", Instant, comment="when it last asked"),
)
