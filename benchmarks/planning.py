"""How long planning an edition takes, what memory it needs, and for how long it keeps other writers waiting.

`python benchmarks/planning.py 100000x5x500 …`: subscribers x past editions x distinct contents. Each past edition went
to everybody. Since the last one there are 25 new articles, a correction and a withdrawal, and one recipient in fifty
did not surely get their last letter. The planner runs in a process of its own, and so does what pulls an article from
all it planned.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, event, func, insert, select, text

from articles.adapters.store import Arrival, ArticleStore, StoredDraft
from articles.article import ArticleId, DateSource, Draft, Kind, Published, Publisher, PublisherId, SourceName, TopicId
from digest.adapters.tables import deliveries, editions, subscriptions, variant_items, variants
from digest.editions.adapters.editions import Editions
from digest.editions.adapters.planner import Planner
from digest.editions.adapters.withdrawn_texts import WithdrawnTexts, withdraw_texts
from digest.editions.edition import EditionState
from digest.editions.selection import newsroom
from digest.editions.slots import PeriodKey
from digest.letters.content import Showing
from digest.subscribers.subscription import ALL
from storage.database import Database

_START = datetime(2026, 1, 9, 8, 0, tzinfo=UTC)
_TOPICS = [f"t{number:02}" for number in range(20)]
_ARTICLES_A_WEEK = 25
_PUBLISHER = Publisher(
    id=PublisherId("lingonmark"),
    name="Region Lingonmark",
    url="https://www.example.org/",
    language="sv",
    tag_authority="example.org,2026",
)


def _filters(distinct: int) -> list[str]:
    """So many different filters, each of which gives a content of its own; the first wants everything."""
    dice = random.Random(1)  # noqa: S311 - the same in every run
    found = {"": None}
    while len(found) < distinct:
        found[" ".join(sorted(dice.sample(_TOPICS, dice.randint(1, 5))))] = None
    return list(found)


def _publish(store: ArticleStore, week: int) -> list[ArticleId]:
    published = []
    for number in range(_ARTICLES_A_WEEK):
        draft = Draft(
            publishers=(_PUBLISHER.id,),
            title=f"Nyhet {number} i vecka {week}",
            lead="Bussen går varje timme.",
            topics=(TopicId(_TOPICS[number % len(_TOPICS)]),),
            published=Published(value=date(2026, 1, 7), source=DateSource.TEXT, raw="7 januari 2026"),
        )
        arrival = Arrival(source=SourceName("s"), addresses=(f"{week}-{number}.txt",), draft=draft)
        taken = store.take(arrival, _PUBLISHER, _START)
        if isinstance(taken, StoredDraft):
            published.append(taken.id)
    return published


def _subscribe(connection: Connection, people: int, filters: list[str]) -> None:
    connection.execute(text("CREATE TEMP TABLE filters (number INTEGER PRIMARY KEY, topics TEXT)"))
    rows = [{"number": number, "topics": topics} for number, topics in enumerate(filters)]
    connection.execute(text("INSERT INTO filters VALUES (:number, :topics)"), rows)
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {people})"  # noqa: S608
    connection.execute(
        text(
            f"INSERT INTO subscribers (id, address, address_key, language, since) {numbers}"  # noqa: S608
            " SELECT i, 'lasare' || i || '@example.org', 'lasare' || i || '@example.org', 'sv', '2025-01-01' FROM n"
        )
    )
    # Two in five take everything, the others one of the filters.
    connection.execute(
        text(
            f"INSERT INTO subscriptions (id, subscriber_id, digest, state, topics, publishers, from_seq, token,"  # noqa: S608
            f" consent, since) {numbers} SELECT i, i, 'veckobrev', 'active', filters.topics, '', 0,"
            " lower(hex(randomblob(16))), '', '2025-01-01' FROM n JOIN filters ON number ="
            f" CASE WHEN i % 5 < 2 THEN 0 ELSE (i * 7919) % {len(filters)} END"
        )
    )


def _send(  # noqa: PLR0913, PLR0917 - all that an edition is
    connection: Connection, week: int, cut: int, shown: list[ArticleId], corrected: list[ArticleId], filters: list[str]
) -> None:
    """An edition that everybody got, but for one in fifty."""
    values = {"digest": "veckobrev", "period_key": f"2025-{week:02}", "state": EditionState.FINISHED, "cut_seq": cut}
    edition = connection.execute(
        insert(editions).values(**values, moment=_START, audience=0).returning(editions.c.id)
    ).scalar_one()
    connection.execute(text("CREATE TEMP TABLE forms (topics TEXT PRIMARY KEY, variant INTEGER)"))
    for number, topics in enumerate(filters):
        key = f"{week}-{number}"
        new = insert(variants).values(edition_id=edition, key=key, more=0).returning(variants.c.id)
        variant = connection.execute(new).scalar_one()
        held = [
            {
                "variant_id": variant,
                "article": article,
                "seq": cut - len(corrected) - _ARTICLES_A_WEEK + place + 1,
                "showing": "item",
            }
            for place, article in enumerate(shown)
            if not topics or _TOPICS[place % len(_TOPICS)] in topics.split()
        ]
        if corrected and (not topics or _TOPICS[0] in topics.split()):
            held.append({"variant_id": variant, "article": corrected[0], "seq": cut, "showing": Showing.CORRECTED})
        connection.execute(insert(variant_items), held)
        connection.execute(text("INSERT INTO forms VALUES (:topics, :variant)"), {"topics": topics, "variant": variant})
    connection.execute(
        text(
            "INSERT INTO deliveries (edition_id, subscription_id, variant_id, state, attempt, at, topics, publishers,"
            " from_seq) SELECT :edition, id, variant, CASE (id + :week) % 50 WHEN 0 THEN 'uncertain' ELSE 'sent' END,"
            " 0, '2025-01-01', topics, '', from_seq FROM subscriptions JOIN forms USING (topics) ORDER BY id"
        ),
        {"edition": edition, "week": week},
    )
    connection.execute(text("DROP TABLE forms"))


def build(path: Path, people: int, past: int, contents: int) -> None:
    """A store with so many subscribers, editions that they got, and contents in the edition to come."""
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    store, filters = ArticleStore(database.read, database.write), _filters(contents)
    with database.write.begin() as connection:
        _subscribe(connection, people, filters)
    corrected: list[ArticleId] = []
    for week in range(past):
        shown = _publish(store, week)
        for each in corrected:
            store.act(each, Kind.CORRECTED, "Fel dag.", _START)
        with database.write.begin() as connection:
            _send(connection, week, store.last_seq(), shown, corrected, filters)
        corrected = shown[:1]
    with database.write.begin() as connection:
        connection.execute(subscriptions.update().values(from_seq=store.last_seq()))
    if past:
        store.act(shown[1], Kind.CORRECTED, "Fel dag.", _START)
        store.act(shown[2], Kind.WITHDRAWN, "Fel.", _START)
    _publish(store, past)
    database.close()


class Watch:
    """How long write transactions last, commit included, and how large the process is after each.

    `longest` is by the clock; `busiest` is what they use of the processor, for a machine that has other things to do.
    """

    def __init__(self, engine: Engine) -> None:
        self.longest = self.busiest = 0.0
        self.sizes: list[int] = []
        self._begun: tuple[float, float] | None = None
        event.listen(engine, "begin", self._begin)
        event.listen(engine.pool, "checkin", self._end)

    def _begin(self, connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            self._begun = time.monotonic(), time.process_time()

    def _end(self, *_: object) -> None:
        if self._begun is not None:
            clock, used = self._begun
            self.longest = max(self.longest, time.monotonic() - clock)
            self.busiest = max(self.busiest, time.process_time() - used)
            self.sizes.append(_resident())
            self._begun = None


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


@contextmanager
def _measured(watch: Watch) -> Iterator[dict[str, float]]:
    facts: dict[str, float] = {}
    before, cpu = time.monotonic(), time.process_time()
    yield facts
    sizes = watch.sizes or [_resident()]
    facts |= {
        "seconds": time.monotonic() - before,
        "cpu": time.process_time() - cpu,
        "longest": watch.longest * 1000,
        "busiest": watch.busiest * 1000,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "growth": (sizes[-1] - sizes[len(sizes) // 10]) / 2**20,
    }


def planned(path: Path) -> dict[str, float]:
    """Plan the edition of the store, here."""
    database = Database(f"sqlite:///{path}")
    store, own = ArticleStore(database.read, database.write), Editions(database.read, database.write)
    watch = Watch(database.read)
    with _measured(watch) as facts:
        cut = store.last_seq()
        edition = own.open("veckobrev", PeriodKey("2026-01-09"), cut, _START)
        Planner(database.write).plan(edition, newsroom(store.standings(cut), ALL, cut), 30)
    with database.read.begin() as connection:
        mine = deliveries.c.edition_id == edition.id
        facts["letters"] = connection.execute(select(func.count()).where(mine)).scalar_one()
    return facts


def pulled(path: Path) -> dict[str, float]:
    """Withdraw what stands in most of the letters that wait, here."""
    database = Database(f"sqlite:///{path}")
    watch = Watch(database.read)
    with database.read.begin() as connection:
        items = select(variant_items.c.article).where(variant_items.c.showing == Showing.ITEM)
        article = connection.execute(items.order_by(variant_items.c.seq.desc()).limit(1)).scalar_one()
    with _measured(watch) as facts:
        facts["letters"] = withdraw_texts(
            database.write, WithdrawnTexts(withdrawn=frozenset({ArticleId(article)})), _START + timedelta(hours=1)
        ).letters
    return facts


def _in_a_process(what: str, path: Path) -> dict[str, float]:
    words = [sys.executable, __file__, what, str(path)]
    facts: dict[str, float] = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)  # noqa: S603
    return facts


_COLUMNS = (
    "",
    "people",
    "past",
    "contents",
    "seconds",
    "cpu s",
    "longest ms",
    "of cpu",
    "peak MB",
    "growth MB",
    "letters",
)


def measure(sizes: list[str]) -> None:
    """Print a line for planning and one for pulling at each size."""
    _say(_COLUMNS)
    for size in sizes:
        people, past, contents = (int(each) for each in size.split("x"))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "budkavle.db"
            build(path, people, past, contents)
            for what in ("plan", "pull"):
                facts = _in_a_process(what, path)
                measured = [
                    f"{facts[name]:.1f}"
                    for name in ("seconds", "cpu", "longest", "busiest", "peak", "growth", "letters")
                ]
                _say([what, *size.split("x"), *measured])


def _say(cells: Sequence[str]) -> None:
    sys.stdout.write("".join(f"{cell:>12}" for cell in cells) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["plan", path]:
            sys.stdout.write(json.dumps(planned(Path(path))))
        case ["pull", path]:
            sys.stdout.write(json.dumps(pulled(Path(path))))
        case sizes:
            measure(sizes or ["100000x5x1", "100000x5x500", "100000x5x4000"])
