"""The tables of published feeds: what is kept of entries, documents and announcements between two rounds."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from storage.columns import NAMING, Instant

metadata = MetaData(naming_convention=NAMING)

# What was last published under each name. Last-Modified must rise whenever the bytes change and stay when they do not,
# also when the folder is moved, restored or made anew: a file's own time cannot promise that.
documents = Table(
    "documents",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("modified", BigInteger, nullable=False, comment="Last-Modified: seconds since 1970"),
)

# Pings that hubs still have to get (WebSub).
announcements = Table(
    "announcements",
    metadata,
    Column("topic", String(500), primary_key=True, comment="the document's public address"),
    Column("hub", String(500), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("due", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("said", Text, nullable=False, comment="what the hub answered last"),
    Column("of_hub", Boolean, nullable=False, comment="whether that concerned all its topics"),
    Column("given_up", Boolean, nullable=False, comment="kept until the hub answers, for the alarm"),
)

# What was published under each name, and what was seen of it from outside.
feed_checks = Table(
    "feed_checks",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("sha256", String(64), nullable=False, comment="of what was published; hubs were told of it or will be"),
    Column("published", Instant, nullable=False),
    Column("stored", Instant, comment="when the newest article there was then had been stored"),
    Column("lag", Integer, comment="seconds from that to published, when that article was new"),
    Column("checked", Instant),
    Column("seen_right", Instant),
    Column("seen_sha256", String(64)),
    Column("fault", String(20)),
    Column("what", Text),
    Column("grace", Integer, comment="seconds for which that may be so"),
    Column("wrong_since", Instant),
)

# Articles whose entries are made: of which version, and with what else.
shelf = Table(
    "shelf",
    metadata,
    Column("article", String(200), primary_key=True),
    Column("seq", Integer, nullable=False, index=True, comment="the version that its entries were made of"),
    Column("act_seq", Integer, nullable=False, comment="the newest act that readers must hear of: its place in feeds"),
    Column("born_seq", Integer, nullable=False, comment="its first version: its place in archives"),
    Column("made_with", String(64), nullable=False, comment="SHA-256 of what else goes into entries"),
    Column("title", Text, nullable=False, comment="for reports; empty unless it is set aside"),
    Column("set_aside", Text, comment="why it can be in no document"),
)

# What an article is chosen by. A feed reads its articles from here without looking at any other.
shelf_facets = Table(
    "shelf_facets",
    metadata,
    Column("facet", String(250), primary_key=True),
    Column("act_seq", Integer, primary_key=True),
    Column("article", String(200), nullable=False, index=True),
    Column("born_seq", Integer, nullable=False),
    Index(None, "facet", "born_seq"),
)

# Each article's entries as they stand in every document, gated once.
kept_entries = Table(
    "kept_entries",
    metadata,
    Column("article", String(200), primary_key=True),
    Column("with_contacts", Integer, primary_key=True, comment="1 for feeds that show contacts"),
    Column("number", Integer, primary_key=True),
    Column("id", String(300), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("published", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("atom", LargeBinary, nullable=False),
    Column("rss", LargeBinary, comment="null for a tombstone, which is in Atom alone"),
    Column("json", LargeBinary),
    Column("html", LargeBinary),
)

# What each feed's documents were last built of.
built_feeds = Table(
    "built_feeds",
    metadata,
    Column("slug", String(100), primary_key=True),
    Column("made_of", String(64), nullable=False, comment="SHA-256 of the feed's settings and what else it is made of"),
    Column("holds", Text, nullable=False, comment="JSON: the articles in the current document"),
    Column("blocks", Text, nullable=False, comment="JSON: the archive documents there are, by number"),
)

# Documents that are older than the entry cache: written with the cache's change, taken away once the documents are out.
stale_documents = Table(
    "stale_documents",
    metadata,
    Column("slug", String(100), primary_key=True),
    Column("block", Integer, primary_key=True, comment="the archive document's number; 0: the current one"),
)

# What readers were told of feeds that end: the notice keeps its date, which no article's date gives it.
end_notices = Table(
    "end_notices",
    metadata,
    Column("feed", String(300), primary_key=True, comment="the feed's id"),
    Column("entry", String(300), nullable=False, comment="the notice's own id"),
    Column("ends", Date, nullable=False, comment="the last day, as the notice says it"),
    Column("published", Instant, nullable=False),
    Column("updated", Instant, nullable=False, comment="when it last said another day"),
)
