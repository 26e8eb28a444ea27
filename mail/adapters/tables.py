"""Tables of the mail floor: what is remembered of a relay."""

from sqlalchemy import Column, Float, Integer, MetaData, String, Table

from storage.columns import NAMING, Instant

metadata = MetaData(naming_convention=NAMING)

# How a relay is sent to: one bucket of tokens for all connections, and the limits that were found. Kept over restarts.
relays = Table(
    "relays",
    metadata,
    Column("name", String(300), primary_key=True, comment="host:port"),
    Column("tokens", Float, nullable=False, comment="letters that may go now"),
    Column("filled", Instant, nullable=False, comment="when the tokens were counted"),
    Column("slowed_to", Float, comment="letters a second that held when more were refused"),
    Column("slowed", Instant, comment="when it last asked for less"),
    Column("connections", Integer, comment="connections that held when one more was refused"),
    Column("letters", Integer, comment="letters that it takes over one connection"),
)
