"""The roof's own tables: what needs a person, and facts about the installation."""

from sqlalchemy import Column, MetaData, String, Table, Text

from storage.columns import NAMING, Instant

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

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("job", String(40), primary_key=True, comment="a job that hangs, or the daemon itself"),
    Column("seen", Instant, nullable=False, comment="when the daemon wrote this"),
    Column("since", Instant, nullable=False, comment="the job's last sign of life"),
)

installation = Table(
    "installation",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
