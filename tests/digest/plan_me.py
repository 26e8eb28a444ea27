"""Plans an edition with the real planner and kills itself on the way: `plan_me.py STORE KEY BATCH MOMENT NUMBER`.

MOMENT is `within` or `after` a transaction; NUMBER says which of the planner's. test_planning_kills.py alone starts it.
"""

import os
import signal
import sys
from collections import Counter

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


def _reached(moment: str) -> None:
    _seen[moment] += 1
    if sys.argv[4] == moment and _seen[moment] == int(sys.argv[5]):
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    database = Database(f"sqlite:///{sys.argv[1]}")
    store = ArticleStore(database.read, database.write)
    cut = store.last_seq()
    edition = Editions(database.read, database.write).open("veckobrev", PeriodKey(sys.argv[2]), cut, NOW)
    room = newsroom(store.standings(edition.cut), ALL, edition.cut)
    event.listen(database.read, "commit", lambda _: _reached("within"))
    event.listen(database.read.pool, "checkin", lambda *_: _reached("after"))
    Planner(database.write, batch=int(sys.argv[3])).plan(edition, room, 30)
    database.close()
