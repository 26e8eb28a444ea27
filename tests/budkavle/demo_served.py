"""The demo as a person comes to it: made, then served by the one command that making it has printed."""

import html
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx2
import lxml.html

from tests.installed import budkavle

ADDRESS = re.compile(r"https?://[^\s\"'<>)\]]+")
ELSEWHERE = {"www.digg.se", "jsonfeed.org", "www.w3.org", "purl.org", "www.rssboard.org"}
"""A real authority, and names of XML and JSON that nobody follows."""


@dataclass(frozen=True)
class Demo:
    """A demo that is served, and what serving it has said."""

    folder: Path
    index: str
    process: "subprocess.Popen[str]"

    @property
    def root(self) -> str:
        return urljoin(self.index, "/")


@contextmanager
def served(folder: Path) -> Iterator[Demo]:
    """Make the demo in a folder's `demo`, type what that ends with, and press Ctrl-C at the end."""
    made = budkavle("demo", "demo", folder=folder)
    assert made.code == 0, made.err
    command = made.out.splitlines()[-1].partition(": ")[2]
    with subprocess.Popen(
        shlex.split(command), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        said = ADDRESS.search(process.stdout.readline())
        try:
            assert said, "it ended before it served"
            yield Demo(folder=folder / "demo", index=said[0], process=process)
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
    assert process.returncode == 0, rest
    assert "Traceback" not in rest


@dataclass
class Walk:
    """All that can be reached from a page on its host; `wrong` are the addresses that do not answer 200, and why."""

    client: httpx2.Client
    root: str
    found: dict[str, str] = field(default_factory=dict)
    """Each address and where it was met."""
    kinds: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def begin(self, address: str) -> None:
        waiting = [address]
        self.found[address] = ""
        while waiting:
            page = waiting.pop()
            answer = self.client.get(page)
            self.kinds[page] = answer.headers.get("content-type", "").partition(";")[0]
            if answer.status_code != 200:
                self.wrong.append(f"{answer.status_code} {page}, met at {self.found[page]}")
                continue
            for link in addresses(answer):
                if link not in self.found:
                    self.found[link] = page
                    if link.startswith(self.root):
                        waiting.append(link)
                    elif urlsplit(link).scheme in {"http", "https"} and urlsplit(link).hostname not in ELSEWHERE:
                        self.wrong.append(f"leads elsewhere: {link}, met at {page}")


def addresses(answer: httpx2.Response) -> set[str]:
    """Whatever an answer leads to, by its kind."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind == "text/html":
        return html_links(answer.text, str(answer.url))
    if kind == "message/rfc822":
        letter = BytesParser(EmailMessage, policy=policy.default).parsebytes(answer.content)
        parts = [letter.get_body((each,)) for each in ("plain", "html")]
        heads = " ".join(str(letter.get(name, "")) for name in ("List-Unsubscribe", "List-Archive"))
        return {*ADDRESS.findall(" ".join([heads, *(str(part.get_content()) for part in parts if part)]))} - {""}
    if kind.endswith("json"):
        return {*ADDRESS.findall(" ".join(texts(answer.json())))}
    if kind.endswith(("xml", "opml")):
        followed = re.sub(
            r' (?:scheme|domain)="[^"]*"', "", answer.text
        )  # the names of vocabularies (RFC 4287, 4.2.2.2)
        return {*ADDRESS.findall(html.unescape(html.unescape(followed)))}
    return set()


def texts(value: object) -> Iterator[str]:
    """Every text in a JSON document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for each in value.values() for text in texts(each))
    elif isinstance(value, list):
        yield from (text for each in value for text in texts(each))


def html_links(text: str, base: str) -> set[str]:
    """What a page links to, shows or is styled with; forms are for people."""
    links = lxml.html.fromstring(text.encode()).iterlinks()
    return {urldefrag(urljoin(base, link)).url for element, _, link, _ in links if element.tag != "form"}
