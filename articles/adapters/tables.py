"""The tables of the article store. Versions are added, never changed, but for an erasure's blanking."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

from storage.columns import NAMING, Instant

metadata = MetaData(naming_convention=NAMING)

# One row. Updating it takes its lock until the commit, so that a smaller seq never becomes visible after a larger one.
sequences = Table(
    "sequences",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("last", Integer, nullable=False),
)

articles = Table(
    "articles",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("source", String(100), nullable=False),
    Column("born_at", Text, nullable=False, comment="its address at first sight"),
    Column("rebirth", Integer, nullable=False),
    UniqueConstraint("source", "born_at", "rebirth"),
)

aliases = Table(
    "aliases",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("address", Text, primary_key=True),
    Column("article_id", ForeignKey(articles.c.id), nullable=False, index=True),
)

article_files = Table(
    "article_files",
    metadata,
    Column("article_id", ForeignKey(articles.c.id), primary_key=True),
    Column("source", String(100), nullable=False),
    Column("path", Text, nullable=False, comment="inside the source's folder"),
    UniqueConstraint("source", "path"),
)

versions = Table(
    "versions",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("article_id", ForeignKey(articles.c.id), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("at", Instant, nullable=False),
    Column("note", Text, nullable=False),
    Column("article", Text, nullable=False, comment="the whole article, as JSON"),
    Column("fingerprint", String(64), nullable=False, index=True, comment="the same for the same text at any address"),
    Column(
        "by_date",
        Boolean,
        nullable=False,
        server_default="1",
        comment="readers are told the article's date, not at: it came with its source's first look, or before 0016",
    ),
    Index(None, "article_id", "seq"),
    Index(None, "kind", "at"),  # every minute it is asked whose time has come
)

# Sources of which all that was there has been read once. What comes from them since is news, whatever date it bears.
sources_read = Table(
    "sources_read",
    metadata,
    Column("source", String(100), primary_key=True),
)

topic_spans = Table(
    "topic_spans",
    metadata,
    Column("article_id", ForeignKey(articles.c.id), primary_key=True),
    Column("topic", String(100), primary_key=True),
    Column("since_seq", Integer, primary_key=True),
    Column("until_seq", Integer, comment="the first seq at which it no longer held the topic"),
)

held_inputs = Table(
    "held_inputs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String(100), nullable=False),
    Column("address", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("draft", Text, nullable=False, comment="JSON; once refused, its SHA-256"),
    Column("state", String(20), nullable=False, comment="waiting, released, refused"),
    Column("at", Instant, nullable=False),
    UniqueConstraint("source", "address"),
)
