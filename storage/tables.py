"""Tables of the storage floor: facts about the installation, each under a name."""

from sqlalchemy import Column, MetaData, String, Table, Text

from storage.columns import NAMING

metadata = MetaData(naming_convention=NAMING)

installation = Table(
    "installation",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
