"""Ten years of a newsroom as one feed reader lives through them: it stores by id, and never sees an article twice."""

import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import feedparser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from articles.article import Kind
from articles.importing.locate import everything
from budkavle.config.load import load
from budkavle.installation.shipped_config import write_config
from budkavle.installation.wiring import Service, open_service
from feeds.entries.composition import compose
from tests.drawn import examples
from tests.given import NOW

_YEARS = timedelta(days=3650)
_SHARED = Path("newsroom") / "gemensamt"


@dataclass
class Page:
    """A text of the newsroom's: the file it is in now, and what the file says."""

    name: str
    url: int | None
    title: str
    words: str

    def lay_out(self, folder: Path) -> None:
        url = f"url: https://www.example.org/nyheter/{self.url}\n" if self.url is not None else ""
        head = f'title: "{self.title}"\npublished: 2026-01-07\npublishers: [barrvik]\ntopics: [kultur]\n{url}'
        (folder / _SHARED / self.name).write_text(f"---\n{head}---\n\n{self.words}\n", encoding="utf-8")


@dataclass
class Newsroom:
    """Its folder and store, and what a reader has that looks after every change."""

    service: Service
    pages: list[Page] = field(default_factory=list)
    reader: dict[str, feedparser.FeedParserDict] = field(default_factory=dict)
    posts: int = 0
    moves: int = 0
    withdrawn: int = 0

    @property
    def published(self) -> int:
        """How many articles there ever were."""
        return len(self.pages) + self.withdrawn

    def live(self, what: str, which: int, now: datetime) -> None:
        """One change."""
        folder = self.service.config.folder
        page = self.pages[which % len(self.pages)] if self.pages else None
        match what:
            case "publish":
                made = Page(
                    f"text-{self.published}.md", which if which % 2 else None, f"Nyhet {self.published}", "Så är det."
                )
                if made.url is not None:
                    made.url = 1000 + self.published
                self.pages.append(made)
                made.lay_out(folder)
            case "rename" if page:
                self.moves += 1
                (folder / _SHARED / page.name).unlink()
                page.name = f"flyttad-{self.moves}.md"
                page.lay_out(folder)
            case "move" if page and page.url is not None:
                self.moves += 1
                page.url = 2000 + self.moves
                page.lay_out(folder)
            case "edit" if page:
                page.words += " Så är det verkligen."
                page.lay_out(folder)
            case "retitle" if page:
                page.title += "!"
                page.lay_out(folder)
        list(self.service.importing.store.import_all(everything(self.service.importing.sources), now))
        if what in {"correct", "withdraw"} and page:
            (article,) = [
                each.article.id for each in self.service.articles.histories() if each.article.title == page.title
            ]
            kind = Kind.CORRECTED if what == "correct" else Kind.WITHDRAWN
            self.service.articles.act(article, kind, "Siffran var fel.", now)
            if what == "withdraw":  # a text that changes after its withdrawal waits for a person
                self.pages.remove(page)
                self.withdrawn += 1
        assert not self.service.syndication.publish.build().faults
        self.read()

    def read(self) -> None:
        """Look at the feed, and store by id what is there."""
        document = (self.service.config.publish_folder / "feeds" / "alla-nyheter.atom").read_bytes()
        found = feedparser.parse(document)
        assert not found.bozo
        for entry in found.entries:
            self.posts += entry.id not in self.reader
            self.reader[entry.id] = entry


changes = st.tuples(
    st.sampled_from(["publish", "publish", "rename", "move", "edit", "retitle", "correct", "withdraw", "import again"]),
    st.integers(0, 7),
)


@settings(max_examples=examples(10), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(changes, min_size=1, max_size=20))
def test_a_reader_that_stores_by_id_sees_no_article_twice_and_the_last_state_of_each(
    history: list[tuple[str, int]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = write_config(Path(name), {"public_url": "https://nyheter.example.org/"})
        (Path(name) / _SHARED).mkdir(parents=True)
        with open_service(load(path)) as service:
            newsroom = Newsroom(replace(service, wait=lambda _: None))
            for number, (what, which) in enumerate(history):
                newsroom.live(what, which, NOW + _YEARS * number / len(history))
            last = [
                entry
                for each in service.articles.histories()
                for entry in compose(each, service.syndication.site, service.render)
            ]
            seen = newsroom.reader
            assert len({each.article.id for each in service.articles.histories()}) == newsroom.published
            for entry in last:
                assert (seen[entry.id].title, seen[entry.id].link) == (entry.title, entry.url)
                assert seen[entry.id].content[0].value == entry.content_html
            posts = {each for each in seen if "/rattelse-" not in each}
            assert len(posts) == newsroom.published
            assert newsroom.posts == len(seen)
