"""End notices: what readers were told of feeds that end, so that it keeps its date whatever comes after it."""

from sqlalchemy import Engine, delete, insert, select

from feeds.adapters.tables import end_notices
from feeds.publishing.end_notice import EndNotice


class EndNotices:
    """What was told of each feed's end, by the feed's id; it outlives the folder and every rebuilding."""

    def __init__(self, read: Engine, write: Engine) -> None:
        self._read = read
        self._write = write

    def told(self, feed_id: str) -> EndNotice | None:
        """What readers were told last; None when they were told nothing."""
        statement = select(end_notices).where(end_notices.c.feed == feed_id)
        with self._read.begin() as connection:
            row = connection.execute(statement).first()
        if row is None:
            return None
        return EndNotice(entry=row.entry, ends=row.ends, published=row.published, updated=row.updated)

    def note(self, feed_id: str, notice: EndNotice) -> None:
        """Write down what readers are told from now on."""
        values = {"entry": notice.entry, "ends": notice.ends, "published": notice.published, "updated": notice.updated}
        with self._write.begin() as connection:
            connection.execute(delete(end_notices).where(end_notices.c.feed == feed_id))
            connection.execute(insert(end_notices).values(feed=feed_id, **values))
