"""The metadata of the digest's tables: one migration history, whichever file a table stands in."""

from sqlalchemy import MetaData

from storage.columns import NAMING

metadata = MetaData(naming_convention=NAMING)
