"""Plans an edition with the real planner and kills itself on the way. Only test_planning_kills.py starts this."""

import os
import signal
from collections import Counter
from pathlib import Path

from sqlalchemy import event

from articles.adapters.store import ArticleStore
from digest.editions.adapters.editions import Editions
from digest.editions.adapters.planner import Planner
from digest.editions.selection import newsroom
from digest.editions.slots import PeriodKey
from digest.subscribers.subscription import ALL
from storage.database import Database
from tests.given import NOW

_seen: Counter[str] = Counter()


def main(path: Path, key: str, batch: int, moment: str, number: int) -> None:
    """Die `within` or `after` the planner's transaction of this number."""

    def reached(now: str) -> None:
        _seen[now] += 1
        if now == moment and _seen[now] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    database = Database(f"sqlite:///{path}")
    store = ArticleStore(database.read, database.write)
    cut = store.last_seq()
    edition = Editions(database.read, database.write).open("veckobrev", PeriodKey(key), cut, NOW)
    room = newsroom(store.standings(edition.cut), ALL, edition.cut)
    event.listen(database.read, "commit", lambda _: reached("within"))
    event.listen(database.read.pool, "checkin", lambda *_: reached("after"))
    Planner(database.write, batch=batch).plan(edition, room, 30)
    database.close()
