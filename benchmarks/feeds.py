"""What feeds cost: one article changed among a thousand feeds, one feed made anew, and feedgen as it is.

Processor time throughout, of this process; medians of rounds in which the ways take turns.
"""

# ruff: noqa: S603 - it starts itself

import hashlib
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from feedgen.feed import FeedGenerator
from isal import igzip

from articles.adapters.store import Arrival
from articles.article import DateSource, Draft, Paragraph, Published, PublisherId, Section, SourceName, TopicId
from budkavle.config.load import load
from budkavle.installation.shipped_config import write_config
from budkavle.installation.wiring import Service, open_service
from feeds.archive.placement import wanted
from feeds.entries.entry import Feed, Site
from feeds.formats.documents import archive
from feeds.formats.wholeness import broken
from feeds.formats.written_entry import WrittenEntry
from tests.chaos.installation import LEAD, today
from tests.given import LINGONMARK

_TOPICS_EACH = 5
_WORDS = [
    f"{stem}{end}" for stem in LEAD.split() for end in ("", "en", "ar", "arna", "s", "lig", "het", "a", "e", "ning")
]

_SITE = Site(
    public_url="https://nyheter.example.org/",
    title="Nyheter",
    language="sv",
    zone=ZoneInfo("Europe/Stockholm"),
    publishers={},
    topics={},
    tag_authority="example.org,2026",
)


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Seconds of processor time, each the median of its rounds."""

    articles: int
    feeds: int
    one_change: float
    touched_alone: float
    everything: float
    one_document: float
    feedgen_and_zlib: float

    def told(self) -> str:
        """The figures and what they are measured against."""
        change, alone, whole = self.one_change, self.touched_alone, self.everything
        cheaper = self.feedgen_and_zlib / self.one_document
        return (
            f"{self.articles} articles of 4 KB, {self.feeds} feeds; one changes, and {_TOPICS_EACH} feeds hold it.\n\n"
            "| what | processor time | ratio | target |\n| --- | --: | --: | --: |\n"
            f"| the change, among {self.feeds} feeds: all forms, archives, copies, on the disk |"
            f" {change * 1e3:.1f} ms | | |\n"
            f"| the same change where there are only these {_TOPICS_EACH} feeds | {alone * 1e3:.1f} ms |"
            f" {change / alone:.2f} | ≤ 1.5 |\n"
            f"| everything anew | {whole:.1f} s | {change / whole:.2%} | ≤ 1 % |\n"
            f"| an Atom document of 50 entries: joined, checked, hashed, gzipped |"
            f" {self.one_document * 1e3:.2f} ms | | |\n"
            f"| the same entries by feedgen from scratch, and zlib level 6 | {self.feedgen_and_zlib * 1e3:.2f} ms |"
            f" {cheaper:.1f} × | ≥ 3 × |\n"
        )


def text(number: int) -> Draft:
    """An article of 4 KB about five topics of a thousand."""
    topics = tuple(TopicId(f"amne-{(number * _TOPICS_EACH + each) % 1000}") for each in range(_TOPICS_EACH))
    draws = random.Random(number)  # noqa: S311 - words that compress as text does, the same in every run
    paragraphs = tuple(Paragraph(text=" ".join(draws.choices(_WORDS, k=70))) for _ in range(8))
    day = date(2020, 1, 1) + timedelta(days=number // 10)
    return Draft(
        publishers=(PublisherId("lingonmark"),),
        title=f"Beslut nummer {number} om vården och bussarna",
        url=f"https://www.example.org/nyhet/{number}",
        lead=" ".join(draws.choices(_WORDS, k=20)),
        sections=(Section(blocks=paragraphs),),
        topics=topics,
        published=Published(value=day, source=DateSource.TEXT, raw=day.isoformat()),
    )


def install(folder: Path, topics: Sequence[str], feeds: Sequence[str]) -> Path:
    """An installation with these topics, and a feed for each of some of them."""
    path = write_config(folder, {})
    kept = path.read_text(encoding="utf-8").split("# What articles are about.")[0]
    tables = [f'[[topics]]\nid = "{each}"\nlabel = "{each}"\n' for each in topics]
    tables += [f'[[feeds]]\nslug = "{each}"\ntitle = "Om {each}"\ntopics = ["{each}"]\n' for each in feeds]
    path.write_text(kept + "\n".join(tables), encoding="utf-8")
    return path


def store(service: Service, number: int, said: str = "") -> None:
    """Put an article into the store, or change it."""
    made = text(number)
    if said:
        made = Draft(**{**vars(made), "lead": f"{made.lead} {said}"})
    arrival = Arrival(source=SourceName("lingonmark-pages"), addresses=(f"{number}.txt",), draft=made)
    service.articles.take(arrival, LINGONMARK, datetime.now(UTC))


def seconds(deed: Callable[[], object]) -> float:
    """The processor time of a deed."""
    began = time.process_time()
    deed()
    return time.process_time() - began


def measured(folder: Path, articles: int, feeds: int, rounds: int) -> Costs:
    """Everything, in turn."""
    topics = [f"amne-{number}" for number in range(1000)]
    touched = [f"amne-{number}" for number in range(_TOPICS_EACH)]
    with ExitStack() as stack:
        many = stack.enter_context(open_service(load(install(folder / "many", topics, topics[:feeds]))))
        few = stack.enter_context(open_service(load(install(folder / "few", topics, touched))))
        for number in range(articles):
            store(many, number)
            store(few, number)
        everything = seconds(many.syndication.publish.build)
        few.syndication.publish.build()
        change, alone = list[float](), list[float]()
        for turn in range(rounds):
            for service, costs in ((many, change), (few, alone)):
                store(service, 0, f"nu för {turn}:e gången")
                costs.append(seconds(lambda service=service: _changed(service)))
        entries = [text(number) for number in range(50)]
        feed = many.syndication.feeds[0]
        scratch, kept = list[float](), list[float]()
        for _ in range(rounds):
            scratch.append(seconds(lambda: zlib.compress(_feedgen(entries), 6)))
            kept.append(seconds(lambda: _document(many, feed)))
        return Costs(
            articles=articles,
            feeds=feeds,
            one_change=statistics.median(change),
            touched_alone=statistics.median(alone),
            everything=everything,
            one_document=statistics.median(kept),
            feedgen_and_zlib=statistics.median(scratch),
        )


def _changed(service: Service) -> None:
    done = service.syndication.publish.build()
    if done.built != _TOPICS_EACH or done.faults:
        raise RuntimeError(f"the change touched {done.built} feeds: {done}")


def _document(service: Service, feed: Feed) -> None:
    """One Atom document of what is kept: joined, checked, hashed, gzipped."""
    places = service.syndication.entries.newest(wanted(feed), feed.size)
    found = service.syndication.entries.entries([place.article for place in places], [".atom"], with_contacts=False)
    kept = sorted((each for own in found.values() for each in own), key=lambda each: each.published, reverse=True)
    document = archive(feed, f"{feed.slug}.1.atom", kept, service.syndication.site)
    if len(kept) != feed.size or broken(f"{feed.slug}.atom", document, kept):
        raise RuntimeError(feed.slug)
    hashlib.sha256(document).hexdigest()
    igzip.compress(document, 1)


def _feedgen(texts: Sequence[Draft]) -> bytes:
    """The usual way: a feed built and written from scratch."""
    made = FeedGenerator()
    made.id("tag:example.org,2026:feeds/alla")
    made.title("Alla nyheter")
    made.updated(datetime(2026, 1, 1, tzinfo=UTC))
    made.link(rel="self", href="https://nyheter.example.org/feeds/alla.atom")
    for number, draft in enumerate(texts):
        entry = made.add_entry(order="append")
        entry.id(f"tag:example.org,2026:lingonmark/{number}")
        entry.title(draft.title)
        entry.updated(datetime(2026, 1, 1, tzinfo=UTC))
        entry.link(href=draft.url)
        entry.summary(draft.lead)
        entry.author(name="Region Lingonmark")
        entry.content("".join(f"<p>{block.text}</p>" for each in draft.sections for block in each.blocks), type="html")
    return bytes(made.atom_str())


def generated() -> str:
    """Documents of ever more entries: joined of what is kept, and by feedgen as it is; each in a process of its own."""
    lines = [
        "| entries | joined: processor time | peak memory | feedgen as it is: processor time | peak memory | ratio |",
        "| --: | --: | --: | --: | --: | --: |",
    ]
    for number in (50, 1000, 10_000):
        ours, theirs = (_alone(way, number) for way in ("join", "feedgen"))
        figures = (f"{seconds * 1e3:.1f} ms | {megabytes:.0f} MB" for seconds, megabytes in (ours, theirs))
        lines.append(f"| {number} | {' | '.join(figures)} | {theirs[0] / ours[0]:.0f} × |")
    return "\n".join(lines) + "\n"


def _alone(way: str, number: int) -> tuple[float, float]:
    """The processor time of one document, and the most memory it took above the process's start."""
    words = [sys.executable, "-m", "benchmarks.feeds", way, str(number)]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    cost, memory = map(float, said.split())
    return cost, memory


def _generate(way: str, number: int) -> None:
    """Make one document in this way, and say what it cost."""
    if way == "feedgen":
        texts = [text(each) for each in range(number)]
        deed: Callable[[], object] = lambda: _feedgen(texts)  # noqa: E731 - one of two
    else:
        kept = [_kept(each) for each in range(number)]
        feed = Feed(slug="alla", title="Alla nyheter", size=number)
        deed = lambda: archive(feed, "alla.1.atom", kept, _SITE)  # noqa: E731 - the other one
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cost = seconds(deed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"{cost} {(peak - before) / 1024}\n")


def _kept(number: int) -> WrittenEntry:
    """An entry of 4 KB as it would be kept."""
    words = " ".join(random.Random(number).choices(_WORDS, k=600))  # noqa: S311 - words that compress as text does
    entry = f"<entry><id>tag:example.org,2026:{number}</id><title>{number}</title><content>{words}</content></entry>"
    moment = float(number)
    return WrittenEntry(id=str(number), seq=number, published=moment, updated=moment, written={".atom": entry.encode()})


def main() -> None:
    """Run it and print it; with a way and a number, make that one document."""
    if len(sys.argv) > 1:
        _generate(sys.argv[1], int(sys.argv[2]))
        return
    articles = int(os.environ.get("ARTICLES", "10000"))
    feeds = int(os.environ.get("FEEDS", "1000"))
    with tempfile.TemporaryDirectory(prefix="budkavle-bench-") as folder:
        told = measured(Path(folder), articles, feeds, 7).told()
    machine = f"{today()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    sys.stdout.write(f"Run on {machine}.\n\n{told}\nAn Atom document, not compressed:\n\n{generated()}")


if __name__ == "__main__":
    main()
