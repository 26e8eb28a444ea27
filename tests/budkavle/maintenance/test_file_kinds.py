"""Every file that a run writes is of a kind that the table names, and who was erased is in none, or it is told."""

import asyncio
import base64
import quopri
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from budkavle.cli.digest import commands as letters
from budkavle.cli.subscribers import erase as forgetting
from budkavle.cli.subscribers import export as exporting
from budkavle.cli.subscribers import lists
from budkavle.installation.wiring import Service
from budkavle.maintenance.back_up import back_up
from budkavle.maintenance.file_kinds import KINDS, Fate, kind_of
from budkavle.maintenance.mentioning_files import left_to_delete
from budkavle.maintenance.restore import RestoreOptions, restore
from digest.editions.slots import PeriodKey
from mail.address import Address
from storage.database import copy_store
from tests.budkavle.life import ask, post
from tests.digest.relay import join, newsroom, publish
from tests.given import NOW, going_on_from, plan_period
from tests.installed import ARTICLE, page

WHO = "Zakarias.Qvarnlund@Post.Example.org"
OTHER = "z.qvarnlund@post.example.org"
DOCS = Path(__file__).parents[3] / "docs" / "keeping.md"


def coded(address: str) -> dict[str, bytes]:
    """An address as files may hold it."""
    plain = f"Din adress är <{address}>, och brevet kom inte fram.\n".encode()
    return {
        "plain": plain,
        "upper": plain.upper(),
        "base64": b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(plain),
        "quoted": b"Content-Transfer-Encoding: quoted-printable\n\n"
        + "".join(f"={byte:02X}" for byte in plain).encode(),
        "word": b"Subject: =?utf-8?b?" + base64.b64encode(address.encode()) + b"?=\n\nhej\n",
        "percent": b"https://example.org/?a=" + quote(address, safe="").encode() + b"\n",
    }


def holders(folder: Path, address: str = WHO) -> set[Path]:
    """The files that hold an address, found in another way than the product does."""
    wanted = address.lower().encode()
    triples = [
        base64.b64encode(b"x" * skipped + spelt.encode())[2 * skipped + 2 : -4]
        for spelt in (address, address.lower(), address.upper())
        for skipped in range(3)
    ]
    percent = quote(address, safe="").lower().encode()
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes().lower()
            plain = quopri.decodestring(path.read_bytes()).lower()
            runs = path.read_bytes().replace(b"\r", b"").replace(b"\n", b"")
            ours = any(form in text for text in (data, plain) for form in (wanted, percent))
            if ours or any(base64_form in runs for base64_form in triples):
                found.add(path)
    return found


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with newsroom(tmp_path / "home", readers=1) as service:
        yield service


def lived_through(service: Service) -> None:
    """All that writes files: lists, previews, feeds, letters, and returned mail."""
    home = service.config.folder
    (home / "newsroom/lingonmark").mkdir(parents=True, exist_ok=True)
    page(home, "lingonmark/a.md", ARTICLE)
    for address in (WHO, OTHER):
        join(service, address)
        ask(service, address)
    publish(service, "Nytt")
    told_by_commands(service.config.file, home)
    service.syndication.publish.build()
    plan_period(service, service.digests[0], PeriodKey("2026-01-09"), NOW)
    asyncio.run(service.sending.send(going_on_from(NOW), lambda: False, lambda _: None))
    post(service)
    for number, data in enumerate([*coded(WHO).values(), *coded(OTHER).values()]):
        service.process_bounces.take(b"From: a@example.org\nMessage-ID: <%d@example.org>\n" % number + data, "", NOW)


def told_by_commands(config: Path, home: Path) -> None:
    (home / "medlemmar.csv").write_text(f"address,consent\n{WHO},ja\nfel,ja\n", encoding="utf-8")
    lists.take(home / "medlemmar.csv", digest="veckobrev", report=home / "rapport.csv", config=config)
    exporting.give(home / "lista.csv", config=config)
    exporting.give(home / "lista.jsonl", json=True, config=config)
    letters.preview("veckobrev", address=WHO, out=home / "provbrev", config=config)


def restored(service: Service) -> None:
    store = service.config.store_path
    copy_store(service.database.read, store.with_name(f"{store.name}.before-0001"))
    backup = back_up(service.config, store.parent / "backups", NOW)
    service.database.close()
    restore(backup, service.config.file, RestoreOptions(replace=True), NOW)


def broken_off(store: Path) -> None:
    """What is left where a process was killed."""
    shutil.copy(store, store.with_name(f"{store.name}.restoring"))
    shutil.copy(store, store.with_name(f"{store.name}.before-0002.unfinished"))
    unknown = store.parent / "bounces/unknown"
    (unknown / "0.77.unfinished").write_bytes(coded(WHO)["plain"])
    store.with_name("lista.csv.unfinished").write_text(f"address\n{WHO}\n", encoding="utf-8")


def test_whoever_is_erased_is_in_no_file_of_a_run_but_those_that_are_told(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    config, store = service.config, service.config.store_path
    lived_through(service)
    restored(service)
    broken_off(store)

    written = [path for path in config.folder.rglob("*") if path.is_file()]
    assert {str(path.relative_to(config.folder)) for path in written if kind_of(config, path) is None} == set()
    unknown = store.parent / "bounces/unknown"
    assert len([path for path in holders(config.folder) if path.parent == unknown]) == 7

    capsys.readouterr()
    forgetting.erase(WHO, config=config.file)
    said = capsys.readouterr().out
    still = holders(config.folder)
    assert {path for path in still if (kind := kind_of(config, path)) is None or kind.fate is not Fate.NAMED} == set()
    assert {path for path in still if f"- delete {path}" not in said and path.parent.name != "provbrev"} == set()
    assert "delete the lists, exports, reports and previews" in said
    assert len(list(unknown.iterdir())) == len(coded(OTHER))
    for path in left_to_delete(config, Address(WHO)):
        path.unlink()
    shutil.rmtree(config.folder / "provbrev")
    assert holders(config.folder) == set()


def test_every_kind_of_file_stands_in_the_documentation() -> None:
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and line.count("|") == 4]
    for kind in KINDS:
        assert f"| {kind.what} | {kind.place} | {kind.fate} |" in rows


def test_a_file_of_no_known_kind_that_names_somebody_is_told_and_others_are_not(service: Service) -> None:
    config = service.config
    theirs, others = (config.store_path.with_name(name) for name in ("new-thing.bin", "other-thing.bin"))
    theirs.write_bytes(b"\0" * 3_000_000 + WHO.encode("utf-16-le"))
    others.write_bytes(b"\0" * 3_000_000 + OTHER.encode())
    assert kind_of(config, theirs) is None
    assert left_to_delete(config, Address(WHO)) == [theirs]


def test_a_folder_of_a_source_is_not_searched(service: Service) -> None:
    source = next(iter(service.importing.sources)).folder
    source.mkdir(parents=True, exist_ok=True)
    (source / "a.md").write_text(f"Skriv till {WHO}.", encoding="utf-8")
    assert left_to_delete(service.config, Address(WHO)) == []
