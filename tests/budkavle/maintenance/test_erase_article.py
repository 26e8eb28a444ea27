"""Erasing an article wherever this service keeps it, and telling a person what lies beyond that."""

import json
import os
import pty
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from articles.article import ArticleId, Kind
from budkavle.alarms.monitor import Monitor
from budkavle.config.load import load
from budkavle.daemon.import_loop import ImportLoop
from budkavle.installation.wiring import Service, open_service
from budkavle.maintenance.erase_article import erase
from digest.adapters.tables import variant_items, variants
from digest.editions.delivery import DeliveryState
from digest.editions.slots import PeriodKey
from digest.sending.sender import OnUncertain
from mail.reply import Phase, Reply
from tests.digest.relay import KEY, TITLE, ScriptedRelay, newsroom, publish
from tests.digest.steps import Steps
from tests.given import NOW, going_on_from, plan_period
from tests.installed import ARTICLE, COMMAND, budkavle, page

SENT = Reply(phase=Phase.DOT, code=250)


@pytest.fixture
def stored(home: Path) -> Path:
    """A home with one article in its store."""
    page(home, "gemensamt/bibliotek.md", ARTICLE)
    assert budkavle("import", folder=home).code == 0
    return home


def listed(home: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in budkavle("articles", "list", "--json", folder=home).out.splitlines()]


def the_article(home: Path) -> str:
    (record,) = listed(home)
    return str(record["id"])


def in_the_store(folder: Path, word: str) -> bool:
    return any(word.encode() in path.read_bytes() for path in folder.glob("budkavle.db*"))


def article_called(service: Service, title: str) -> ArticleId:
    return next(each.article.id for each in service.articles.histories() if each.article.title == title)


def planned(service: Service) -> None:
    plan_period(service, service.digests[0], PeriodKey(KEY), NOW)


def outcome(service: Service) -> dict[str, int]:
    (only,) = service.edition_counts.status()
    assert only.unexplained == 0
    return {state.value: number for state, number in only.counts.items() if number}


async def send_all(service: Service) -> None:
    await service.sending.send(going_on_from(NOW), lambda: False, lambda _: None)


def forms_with(service: Service, article: ArticleId) -> list[tuple[bool, bool]]:
    """Of each variant that shows an article: whether its bytes and their hash are kept."""
    shows = select(variant_items.c.variant_id).where(variant_items.c.article == article)
    statement = select(variants.c.form, variants.c.sha256).where(variants.c.id.in_(shows))
    with service.database.read.begin() as connection:
        return [(row.form is not None, row.sha256 is not None) for row in connection.execute(statement)]


def test_an_erased_article_is_out_of_the_store_and_a_person_is_told_what_is_left_to_do(stored: Path) -> None:
    assert in_the_store(stored / "var", "söndagar")
    article = the_article(stored)
    done = budkavle("articles", "erase", article, "--yes", folder=stored)
    assert (done.code, done.err) == (0, "")
    assert "erased as seq 2" in done.out
    for place in ("bibliotek.md", "outbox", "mailboxes", "backups", "documents of feeds were made anew"):
        assert place in done.out
    assert not in_the_store(stored / "var", "söndagar")
    (record,) = listed(stored)
    assert (record["id"], record["kind"], record["title"], record["url"]) == (article, "erased", "–", None)
    shown = budkavle("articles", "show", article, folder=stored)
    assert (shown.code, "söndagar" in shown.out) == (0, False)


def test_without_a_person_at_a_terminal_it_must_be_said_twice(stored: Path) -> None:
    done = budkavle("articles", "erase", the_article(stored), folder=stored)
    assert (done.code, "--yes" in done.err) == (2, True)
    assert listed(stored)[0]["kind"] == "published"


@pytest.mark.parametrize(("answer", "code", "kind"), [("n", 1, "published"), ("", 1, "published"), ("y", 0, "erased")])
def test_a_person_at_a_terminal_is_shown_the_title_and_asked(stored: Path, answer: str, code: int, kind: str) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    words = [COMMAND, "articles", "erase", the_article(stored)]
    done = subprocess.run(words, cwd=stored, stdin=theirs, capture_output=True, text=True, check=False, timeout=120)
    os.close(theirs)
    os.close(ours)
    assert (done.returncode, "Biblioteket öppnar på söndagar" in done.stderr) == (code, True)
    assert listed(stored)[0]["kind"] == kind


def test_an_unknown_article_is_wrong_use(home: Path) -> None:
    budkavle("import", folder=home)
    done = budkavle("articles", "erase", "tag:nothing", "--yes", folder=home)
    assert (done.code, "tag:nothing" in done.err, "Traceback" in done.err) == (2, True, False)


def test_erasing_again_says_so_and_an_erased_article_takes_no_other_act(stored: Path) -> None:
    article = the_article(stored)
    budkavle("articles", "erase", article, "--yes", folder=stored)
    again = budkavle("articles", "erase", article, "--yes", folder=stored)
    assert (again.code, "it was erased before" in again.out) == (0, True)
    for act in ("correct", "withdraw"):
        done = budkavle("articles", act, article, "--note", "x", folder=stored)
        assert (done.code, "nothing is changed" in done.out) == (1, True)


def test_the_same_file_is_held_when_it_is_imported_again_and_released_it_is_another_article(stored: Path) -> None:
    article = the_article(stored)
    budkavle("articles", "erase", article, "--yes", folder=stored)
    done = budkavle("import", folder=stored)
    assert (done.code, "it was erased on" in done.out) == (1, True)
    assert budkavle("articles", "release", "1", folder=stored).code == 0
    kinds = {str(each["id"]): each["kind"] for each in listed(stored)}
    assert kinds.pop(article) == "erased"
    assert list(kinds.values()) == ["published"]


def test_copies_of_the_store_beside_it_are_named(stored: Path) -> None:
    copy = stored / "var" / "budkavle.db.before-0002"
    copy.touch()
    done = budkavle("articles", "erase", the_article(stored), "--yes", folder=stored)
    assert f"delete {copy}" in done.out


def test_a_backup_and_the_status_are_well_after_an_erasure(stored: Path, tmp_path: Path) -> None:
    budkavle("articles", "erase", the_article(stored), "--yes", folder=stored)
    assert budkavle("backup", tmp_path / "backups", folder=stored).code == 0
    (made,) = (tmp_path / "backups").iterdir()
    assert not in_the_store(made, "söndagar")
    assert "1 article (newest seq 2)" in budkavle("status", folder=stored).out


async def test_kept_letters_that_show_it_go_and_the_register_keeps_their_hash(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        publish(service, "Kvar", "kvar.txt")
        planned(service)
        await send_all(service)
        article, other = article_called(service, TITLE), article_called(service, "Kvar")
        assert forms_with(service, article) == [(True, True)]
        done = erase(service, article, NOW)
        assert (done.letters, done.forms, done.under_way, done.scrubbed) == (0, 1, False, True)
        assert forms_with(service, article) == [(False, True)]
        assert outcome(service) == {"sent": 3}
        assert erase(service, article, NOW).forms == 0
        assert forms_with(service, other) == [(False, True)]  # it stood in the same letter


async def test_letters_that_wait_lose_it_at_once_and_go_out_without_it(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port) as service:
        publish(service, "Kvar", "kvar.txt")
        planned(service)
        service.letters.render_waiting(NOW)
        article = article_called(service, TITLE)
        done = erase(service, article, NOW)
        assert (done.letters, done.forms, done.under_way) == (3, 1, False)
        await send_all(service)
        assert outcome(service) == {"sent": 3}
    wires = [letter.wire.replace(b"=\r\n", b"") for letter in relay.letters]
    assert len(wires) == 3
    assert all(b"Kvar" in wire and b"=C3=85str=C3=A4sk" not in wire for wire in wires)


def test_letters_that_hold_nothing_else_are_skipped(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        erase(service, article_called(service, TITLE), NOW)
        assert outcome(service) == {"skipped": 3}


def test_a_letter_under_way_keeps_its_bytes_until_it_has_gone_out(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        service.letters.render_waiting(NOW)
        article = article_called(service, TITLE)
        ledger = Steps(service.database.write, "alive", OnUncertain.HOLD, NOW)
        (claim,) = ledger.claim(1, NOW)
        done = erase(service, article, NOW)
        assert (done.letters, done.forms, done.under_way) == (2, 0, True)
        assert forms_with(service, article) == [(True, True)]
        ledger.mark(claim, NOW)
        ledger.record(claim, SENT, NOW)
        assert service.letters.drop_erased() == 1
        assert service.letters.drop_erased() == 0
        assert outcome(service) == {"sent": 1, "skipped": 2}


async def test_an_erasure_during_the_run_reaches_letters_that_are_claimed_and_leaves_no_kept_copy(
    tmp_path: Path,
) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port, readers=102) as service:
        publish(service, "Kvar", "kvar.txt")
        planned(service)
        article = article_called(service, TITLE)

        def erase_it(phase: str, count: int) -> None:
            if (phase, count) == ("mail", 0):
                erase(service, article, NOW)

        relay.at = erase_it
        await send_all(service)
        assert outcome(service) == {"sent": 102}
        assert forms_with(service, article) == [(False, True)]
    short = [letter for letter in relay.letters if b"=C3=85str=C3=A4sk" not in letter.wire.replace(b"=\r\n", b"")]
    assert len(short) == 102  # the first one, too: its bytes come after the mark, which comes after the erasure


async def test_those_who_had_it_are_told_nothing_in_the_next_edition(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        await send_all(service)
        article = article_called(service, TITLE)
        service.articles.act(article, Kind.WITHDRAWN, "fel", NOW)
        erase(service, article, NOW)
        later = NOW + timedelta(days=7)
        plan_period(service, service.digests[0], PeriodKey("2026-01-16"), later)
        second = list(service.edition_counts.status())[1]
        assert second.counts[DeliveryState.SKIPPED] == second.audience == 3


def a_round(service: Service, days: int) -> None:
    ImportLoop(service, Monitor(service), lambda: False).round(NOW + timedelta(days=days))


def test_the_daemon_writes_down_that_a_notice_has_stood_long_enough(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        article = article_called(service, TITLE)
        service.articles.act(article, Kind.WITHDRAWN, "fel", NOW)
        a_round(service, 29)
        assert service.articles.history(article).tombstone is None
        a_round(service, 30)
        assert service.articles.history(article).tombstone == NOW + timedelta(days=30)


def test_the_times_of_notices_and_contacts_are_settings(home: Path) -> None:
    text = (home / "config.toml").read_text(encoding="utf-8")
    text = text.replace("#notices = 30", "notices = 7").replace("#contact_days = 730", "contact_days = 10")
    (home / "config.toml").write_text(text, encoding="utf-8")
    with open_service(load(home / "config.toml")) as service:
        page(home, "gemensamt/a.md", ARTICLE.replace("---\n\nFrån", "contacts: [{name: Kim Exempel}]\n---\n\nFrån"))
        desk = ImportLoop(service, Monitor(service), lambda: False)
        desk.round(NOW)
        (known,) = service.articles.histories()
        assert known.article.contacts
        desk.round(NOW + timedelta(days=9))
        assert not service.articles.history(known.article.id).contacts_lapsed
        desk.round(NOW + timedelta(days=10))
        assert service.articles.history(known.article.id).contacts_lapsed
        service.articles.act(known.article.id, Kind.WITHDRAWN, "fel", NOW + timedelta(days=10))
        desk.round(NOW + timedelta(days=17))
        assert service.articles.history(known.article.id).tombstone == NOW + timedelta(days=17)


def test_the_daemon_drops_a_letter_that_was_under_way_when_its_text_was_erased(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        service.letters.render_waiting(NOW)
        article = article_called(service, TITLE)
        ledger = Steps(service.database.write, "alive", OnUncertain.HOLD, NOW)
        (claim,) = ledger.claim(1, NOW)
        erase(service, article, NOW)
        ledger.mark(claim, NOW)
        ledger.record(claim, SENT, NOW)
        a_round(service, 0)
        assert forms_with(service, article) == [(False, True)]
