"""One poisoned file is refused with its reason, and delays nothing else: no other article, no other source, no feed."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from time import process_time

import pytest

from articles.article import Contact
from articles.importing import read_inputs as importing
from articles.importing.import_articles import try_out
from articles.importing.locate import everything
from articles.sources.adapters.manifest import read_manifest
from budkavle.alarms.alarms import AlarmKind
from budkavle.config.faults import ConfigError
from budkavle.config.load import load
from budkavle.installation.slices.articles import read_inputs, sources
from budkavle.installation.wiring import Service, open_service
from feeds.entries.contacts import shown_contacts
from tests.budkavle.daemon.test_import_loop import Rounds
from tests.given import NOW
from tests.installed import ARTICLE, page

ALIASES = "".join(f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in pairwise("abcdefghi"))
LAUGHS = f"---\na: &a [x,x,x,x,x,x,x,x,x]\n{ALIASES}title: *i\npublished: 2026-01-07\n---\ntext\n"


@pytest.fixture
def service(home: Path) -> Iterator[Service]:
    with open_service(load(home / "config.toml")) as opened:
        yield opened


def test_a_daemon_refuses_four_hundred_bytes_of_aliases_and_publishes_the_rest(service: Service, home: Path) -> None:
    rounds = Rounds(service)
    page(home, "lingonmark/laughs.md", LAUGHS)
    page(home, "gemensamt/good.md", ARTICLE)
    start = process_time()
    alarms = rounds.alarms()
    assert process_time() - start < 60
    assert "laughs.md:3: the front matter" in alarms[AlarmKind.INPUT_REFUSED].alarm.what
    assert AlarmKind.IMPORT_FAILED not in alarms
    assert "Biblioteket" in (home / "var/public/feeds/alla-nyheter.atom").read_text(encoding="utf-8")


def test_a_fault_of_ours_in_one_input_is_its_refusal_and_the_others_come_in(
    service: Service, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(given: importing.Input, *words: object, **named: object) -> object:
        if given.address == "a-poison.md":
            raise RecursionError
        return real(given, *words, **named)  # type: ignore[arg-type]

    real = importing.read
    monkeypatch.setattr(importing, "read", read)
    page(home, "lingonmark/a-poison.md", ARTICLE.replace("01-07", "01-02").replace("biblioteket/", "annat/"))
    page(home, "lingonmark/good.md", ARTICLE)
    candidates = everything(service.importing.sources)
    done = {one.given.address: one for one in service.importing.store.import_all(candidates, NOW)}
    assert done["good.md"].kind == "published"
    assert done["a-poison.md"].word == "refused"
    assert "Budkavle fails at it (RecursionError)" in done["a-poison.md"].line


MANIFEST_LINES = [
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"file": "' + b"a/" * 3000 + b'", "url": "x"}',
    b'{"file": 1, "url": "x"}',
    b'{"file": "a\\u0000", "url": "x"}',
    b'{"file": "\\ud800", "url": "x"}',
    b'{"file": "circle/a", "url": "x"}',
    b'{"url": ' + b"9" * 10_000 + b"}",
    b'{"file": "a", "url": "' + b"x" * 30_000 + b'"}',
    b"\xff",
    b"NaN",
]


def test_a_line_of_a_manifest_can_be_wrong_in_any_way_and_spoils_no_other_line(home: Path) -> None:
    folder = home / "newsroom/lingonmark"
    (folder / "circle").symlink_to("circle")
    good = json.dumps({"file": "good.md", "url": "https://www.example.org/a"}).encode()
    path = page(home, "lingonmark/manifest.jsonl", b"\n".join([*MANIFEST_LINES, good]))
    manifest = read_manifest(path)
    assert manifest.urls[(folder / "good.md").resolve()] == "https://www.example.org/a"
    assert len(manifest.faults) + len(manifest.urls) == len(MANIFEST_LINES) + 1
    page(home, "gemensamt/good.md", ARTICLE)
    config = load(home / "config.toml")
    assert "readable" in {one.word for one in try_out(read_inputs(config), everything(sources(config)), NOW)}


def test_of_a_manifest_that_is_none_the_first_hundred_faults_are_named_and_the_others_counted(home: Path) -> None:
    manifest = read_manifest(page(home, "lingonmark/manifest.jsonl", "nonsense\n" * 5000))
    assert len(manifest.faults) == 101
    assert manifest.faults[-1].reason == "and 4900 more lines that are none"


def test_a_manifest_of_any_size_is_not_read_whole(home: Path) -> None:
    path = page(home, "lingonmark/manifest.jsonl", "")
    with path.open("wb") as file:
        file.truncate(10_000_000_000)  # a file with a hole: it takes no room
    (fault,) = read_manifest(path).faults
    assert fault.reason.startswith("more than 20000000 bytes")


def test_a_contact_of_any_form_is_shown_in_seconds() -> None:
    start = process_time()
    for address in ("a@" + "." * 190_000 + "<", "a" * 190_000, "@" * 190_000):
        shown_contacts([Contact(name="Bo Ek", role="", party="", phones=("0 " * 90_000 + "x",), email=address)])
    assert process_time() - start < 20


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a = " + "[" * 200_000, "in each other without end"),
        ("a = " + "{a=" * 100_000, "in each other without end"),
        (".".join("a" * 200_000) + " = 1", "more than 1000 dots"),
        ("# a\n[" + ".".join("a" * 200_000) + "]", "more than 1000 dots"),
        ("#" * 1_000_001, "more than 1000000"),
    ],
)
def test_a_configuration_that_nests_without_end_is_one_fault(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    start = process_time()
    with pytest.raises(ConfigError, match=what):
        load(path)
    assert process_time() - start < 20
