"""The demo's own pages: an index, the letters under names that people read, and the made-up newsroom's website.

They are files under `site/`, with links from one to the other that also lead there from the disk. While the demo is
served they are at `demo/` under its public address. Nothing of it belongs to an installation of one's own.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from articles.article import History
from budkavle.installation.wiring import Service
from budkavle.maintenance.file_kinds import DEMO_SITE
from budkavle.rendering.templates import Render, renderer, template_file
from budkavle.sample.letters import CopiedLetter, copied_letters
from budkavle.sample.weeks import Reader, calendar
from budkavle.web.layout.branding import colours
from feeds.entries.composition import compose
from feeds.entries.entry import Entry, Feed, document_address
from feeds.formats.forms import alternates

SITE, PREFIX, WEBSITE, LETTERS = DEMO_SITE, "demo/", "webb/", "brev/"
"""The folder of the pages; where they are under the public address; the website and the letters below that."""
INDEX = "index.html"
_HERE = Path(str(files("budkavle.sample")))
_TEMPLATES = _HERE / "templates"


def website(public_url: str) -> str:
    """The address of the made-up newsroom's website."""
    return f"{public_url}{PREFIX}{WEBSITE}"


def lay_out(service: Service) -> None:
    """Write the demo's pages as things stand now; a file that is right already is not touched."""
    folder = service.config.folder / SITE
    (folder / LETTERS).mkdir(mode=0o700, parents=True, exist_ok=True)  # a letter holds the right to leave
    style = template_file("pages/style.css", None).read_bytes() + colours(service.config.settings.look).encode()
    _write(service.config.publish_folder / "style.css", style)
    for name, data in _files(service, style):
        _write(folder / name, data)


def _files(service: Service, style: bytes) -> Iterator[tuple[str, bytes]]:
    """What the folder holds; the index comes last, so that it leads to nothing that is not there."""
    letters = copied_letters(service.config.outbox)
    pages = _Pages(service)
    yield "style.css", style
    for picture in sorted((_HERE / "pictures").iterdir()):
        yield f"{WEBSITE}bilder/{picture.name}", picture.read_bytes()
    for letter in letters:
        yield f"{LETTERS}{letter.name}.eml", letter.message
        if letter.page:
            yield f"{LETTERS}{letter.name}.html", letter.page.encode()
    yield from pages.website()
    yield INDEX, pages.index(letters)


@dataclass(frozen=True, kw_only=True)
class _Story:
    """An article of the website: what it says now, and the file that its page is."""

    history: History
    entry: Entry
    file: str


class _Pages:
    """Fills the demo's templates."""

    def __init__(self, service: Service) -> None:
        settings = service.config.settings
        self._service = service
        self._public = settings.public_url
        self._render: Render = renderer(settings.language, settings.timezone, _TEMPLATES)
        self._stories = sorted(self._of_website(), key=lambda story: story.entry.published, reverse=True)

    def _of_website(self) -> Iterator[_Story]:
        """The articles that have a page there; those that somebody lays in beside them need not."""
        service = self._service
        for history in service.articles.histories():
            entry, url = compose(history, service.syndication.site, service.render)[0], history.article.url or ""
            if isinstance(entry, Entry) and url.startswith(website(self._public)):
                yield _Story(history=history, entry=entry, file=self._file(url))

    def website(self) -> Iterator[tuple[str, bytes]]:
        """A page for each article, and one for each publisher that lists its own."""
        for story in self._stories:
            values = {"story": story, "content": Markup(story.entry.content_html)}  # noqa: S704 - sanitised for feeds
            yield story.file, self._page("article", story.file, story.entry.authors[0].name, values)
        for publisher in self._service.config.publishers().values():
            stories = [story for story in self._stories if publisher.id in story.history.article.publishers]
            file = self._file(publisher.url)
            yield file, self._page("publisher", file, publisher.name, {"publisher": publisher, "stories": stories})

    def index(self, letters: tuple[CopiedLetter, ...]) -> bytes:
        """What leads to everything there is."""
        service = self._service
        digest = service.digests[0]
        of_digest = [letter for letter in letters if letter.of_digest]
        editions = [
            {
                "label": edition.label,
                "url": f"{self._public}utgavor/{digest.name}/{edition.key}",
                "letters": [letter for letter in of_digest if f"{letter.sent_at:%Y-%m-%d}" == edition.key],
            }
            for edition in service.past_editions.listed(digest)
        ]
        values = {
            "public": self._public,
            "digest": digest,
            "letters": LETTERS,
            "editions": editions,
            "others": [letter for letter in reversed(letters) if not letter.of_digest],
            "choices": {reader.address: self._chosen(reader) for reader in calendar().readers},
            "feeds": [self._feed(feed) for feed in service.syndication.feeds],
            "publishers": [
                (publisher, self._file(publisher.url)) for publisher in service.config.publishers().values()
            ],
            "stories": self._stories,
            "config": service.config.file.name,
        }
        return self._page("index", INDEX, "Budkavle", values)

    def _page(self, name: str, file: str, site: str, values: Mapping[str, object]) -> bytes:
        common = {
            "root": "../" * file.count("/"),
            "asked": INDEX,  # the layout's link to the start, which leads there from the disk, too
            "statement": f"{self._public}tillganglighet",
            "site": site,
        }
        return self._render(f"demo/{name}.html", {**common, **values}).encode()

    def _chosen(self, reader: Reader) -> tuple[str, ...]:
        """What a reader has chosen, by its labels; nothing where they want everything."""
        labels = {topic.id: topic.label for topic in self._service.config.topics()}
        names = self._service.config.publishers()
        return (
            *(labels[topic] for topic in reader.topics),
            *(names[publisher].name for publisher in reader.publishers),
        )

    def _feed(self, feed: Feed) -> dict[str, object]:
        site = self._service.syndication.site
        return {"title": feed.title, "page": document_address(feed, ".html", site), "forms": alternates(feed, site)}

    def _file(self, url: str) -> str:
        """The file that an address of the website leads to."""
        path = url.removeprefix(f"{self._public}{PREFIX}")
        return path + (INDEX if path.endswith("/") else "" if path.endswith(".html") else ".html")


def _write(path: Path, data: bytes) -> None:
    """Put a file in place whole, unless it says that already."""
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(data)
    beside.replace(path)
