"""What goes wrong in the midst of sending, and must neither send what was withdrawn nor put anybody in doubt."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from jinja2 import TemplateError
from sqlalchemy import Connection, bindparam, insert, select, text
from sqlalchemy.exc import OperationalError

from articles.article import Kind
from budkavle.cli.digest.edition_control import pause
from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from digest.adapters.tables import deliveries, digests, variants
from digest.editions.adapters.withdrawn_texts import WithdrawalResult
from digest.editions.compose import Composer
from digest.editions.edition import EditionState, EditionStatus
from digest.editions.slots import PeriodKey
from digest.ids import EditionId
from digest.letters.letter import LetterForm
from digest.lifecycle.adapters.by_operator import Wish
from digest.sending import render
from digest.sending.adapters import ledger
from digest.subscribers.subscription import ALL
from mail.adapters.smtp import SmtpRelay
from mail.adapters.smtp_connect import RelayAddress, Tls
from mail.address import Address
from mail.relay import Envelope
from mail.reply import Phase, Reply, Verdict, heals, verdict
from storage.compiled import Prepared
from tests.digest.relay import HANG_UP, KEY, ScriptedRelay, installed, join, newsroom, publish
from tests.given import NOW, going_on_from, plan_period

SECOND = """
[[digests]]
name = "kvallsbrev"
title = "Kvällens nyheter"
from = "Nyheter <nyheter@example.org>"
every = "week"
weekday = "friday"
time = "08:00"
"""
LOCKED = OperationalError("BEGIN IMMEDIATE", {}, sqlite3.OperationalError("database is locked"))


def planned(service: Service, digest: int = 0) -> None:
    plan_period(service, service.digests[digest], PeriodKey(KEY), NOW)


async def go_on(service: Service) -> None:
    await service.sending.send(going_on_from(NOW), lambda: False, lambda _: None)


def statuses(service: Service) -> list[EditionStatus]:
    return list(service.edition_counts.status())


def outcome(service: Service, edition: int = 0) -> dict[str, int]:
    return {state.value: number for state, number in statuses(service)[edition].counts.items() if number}


@contextmanager
def two_digests(folder: Path, relay: ScriptedRelay, readers: int, connections: int) -> Iterator[Service]:
    path = installed(folder, relay.port, connections)
    path.write_text(path.read_text() + SECOND)
    with open_service(load(path)) as service:
        for number in range(readers):
            join(service, f"lasare{number}@example.org")
            wish = Wish(address=Address(f"lasare{number}@example.org"), digest="kvallsbrev", wanted=ALL)
            service.by_operator.join(wish, service.articles.last_seq(), NOW)
        publish(service, "Ny buss")
        yield service


async def test_a_text_withdrawn_while_the_store_was_locked_leaves_the_letters_to_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, faults = render.withdraw_texts, list[OperationalError]()

    def withdraw_texts(*asked: object, **wanted: object) -> WithdrawalResult:
        if faults:
            raise faults.pop()
        return real(*asked, **wanted)  # type: ignore[arg-type]

    monkeypatch.setattr(render, "withdraw_texts", withdraw_texts)
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port, 200, connections=2) as service:
        publish(service, "Kvar")
        planned(service)

        def withdraw(phase: str, count: int) -> None:
            if (phase, count) == ("dot", 20):
                faults.append(LOCKED)
                article = service.articles.standings(service.articles.last_seq())[0].id
                service.articles.act(article, Kind.WITHDRAWN, "fel", NOW)

        relay.at = withdraw
        await go_on(service)
        with service.database.read.begin() as connection:
            by_variant = Counter(connection.execute(select(deliveries.c.variant_id)).scalars())
        assert outcome(service) == {"sent": 200}
    assert not faults
    assert len(by_variant) == 2
    assert by_variant[1] <= 21 + 2  # those before the withdrawal, and one for each connection whose dot was on its way


@pytest.mark.parametrize("begins", ["planned", "resumed"])
async def test_an_edition_that_begins_while_another_is_sent_joins_it(begins: str, tmp_path: Path) -> None:
    with ScriptedRelay(pipelining=True) as relay, two_digests(tmp_path, relay, 150, 5) as service:
        planned(service)
        if begins == "resumed":
            planned(service, 1)
            service.edition_control.pause(service.editions.get("kvallsbrev", PeriodKey(KEY)), "x")

        def begin(phase: str, count: int) -> None:
            if (phase, count) == ("dot", 20):
                if begins == "planned":
                    planned(service, 1)
                else:
                    service.edition_control.resume(service.editions.get("kvallsbrev", PeriodKey(KEY)))

        relay.at = begin
        await go_on(service)
        if begins == "planned":  # planning waits for letters of its own digest only
            await go_on(service)
        assert (outcome(service, 0), outcome(service, 1)) == ({"sent": 150}, {"sent": 150})
    assert max(Counter((each.recipient, each.wire) for each in relay.letters).values()) == 1


async def test_a_relay_in_doubt_stops_every_edition_that_it_carries(tmp_path: Path) -> None:
    with ScriptedRelay({"dot": [HANG_UP]}) as relay, two_digests(tmp_path, relay, 5, 1) as service:
        planned(service)
        planned(service, 1)
        await go_on(service)
        assert [each.edition.state for each in statuses(service)] == [EditionState.PAUSED] * 2
        assert sum(each.counts[state] for each in statuses(service) for state in each.counts if state == "sent") == 0


async def test_a_letter_under_way_at_a_slow_relay_does_not_keep_other_connections_from_a_new_edition(
    tmp_path: Path,
) -> None:
    with ScriptedRelay() as relay, two_digests(tmp_path, relay, 30, 4) as service:
        planned(service)
        planned(service, 1)
        second = service.editions.get("kvallsbrev", PeriodKey(KEY))
        service.edition_control.pause(second, "x")

        def begin(phase: str, count: int) -> None:
            if (phase, count) == ("dot", 29):  # the last letter of the first edition
                service.edition_control.resume(second)

        relay.at = begin
        await go_on(service)
        assert outcome(service, 1) == {"sent": 30}
    assert len({each.connection for each in relay.letters[30:]}) > 1


async def test_a_few_letters_left_pause_at_a_relay_that_is_away_without_a_try_for_each_connection(
    tmp_path: Path,
) -> None:
    with ScriptedRelay({"connect": [HANG_UP] * 50}) as relay, newsroom(tmp_path, relay.port, 1, 10) as service:
        planned(service)
        await go_on(service)
        assert statuses(service)[0].edition.state is EditionState.PAUSED
    assert relay.connections() == 1


def test_a_persons_pause_holds_against_one_that_would_end_by_itself(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        edition = statuses(service)[0].edition
        with service.database.write.begin() as connection:
            connection.execute(text("UPDATE editions SET state = 'paused', resume_at = '2026-01-09 08:05:00.000000'"))
        assert pause("veckobrev", config=service.config.file) == 0
        assert service.edition_control.resume_due(NOW + timedelta(hours=2)) == 0
        assert service.edition_control.resume(edition)


@pytest.mark.parametrize("hours", [1, 6, 12, 23])
def test_a_pause_made_by_a_clock_a_day_ahead_ends_all_the_same(hours: int, tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        with service.database.write.begin() as connection:
            connection.execute(text("UPDATE editions SET state = 'paused', resume_at = '2026-01-10 08:05:00.000000'"))
        before = service.edition_control.resume_due(NOW + timedelta(hours=hours))
        assert before == (0 if hours == 23 else 1)
        assert before or service.edition_control.resume_due(NOW + timedelta(hours=hours, minutes=70)) == 1


async def test_a_store_that_is_full_in_the_midst_of_a_group_makes_the_dots_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port, 40, connections=3) as service:
        planned(service)
        faults: list[OperationalError] = []

        def fill(phase: str, count: int) -> None:
            if (phase, count) == ("dot", 10):
                faults.append(OperationalError(None, None, sqlite3.OperationalError("database or disk is full")))

        relay.at = fill
        real = ledger.finish_if_done

        def finish_if_done(connection: Connection, edition: EditionId) -> None:
            if faults:
                raise faults.pop()
            real(connection, edition)

        monkeypatch.setattr(ledger, "finish_if_done", finish_if_done)
        await go_on(service)
        assert outcome(service) == {"sent": 40}
        assert not faults


def test_a_full_store_is_the_same_fault_whoever_ran_the_statement(tmp_path: Path) -> None:
    words = Prepared(insert(digests).values(name=bindparam("n_name"), first_seen=bindparam("n_now")))
    with newsroom(tmp_path, readers=0) as service, service.database.write.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {_pages(service)}")
        with pytest.raises(OperationalError, match="full") as full:
            words.many(connection, [{"n_name": f"{number}-" + "x" * 3000} for number in range(500)], n_now=NOW)
    assert "xxx" not in str(full.value)


def _pages(service: Service) -> int:
    with service.database.read.begin() as connection:
        return int(connection.exec_driver_sql("PRAGMA page_count").scalar() or 0)


async def test_a_variant_that_fails_after_a_pull_is_held_and_the_others_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port, 0) as service:
        for number in range(3):
            join(service, f"buss{number}@example.org", "kollektivtrafik")
        for number in range(3):
            join(service, f"skola{number}@example.org", "skola")
        publish(service, "Buss", "kollektivtrafik")
        publish(service, "Buss till", "kollektivtrafik")
        publish(service, "Skola", "skola")
        planned(service)
        service.letters.render_waiting(NOW)
        withdrawn = next(each.article.id for each in service.articles.histories() if each.article.title == "Buss")
        service.articles.act(withdrawn, Kind.WITHDRAWN, "fel", NOW)

        def broken(*_: object) -> LetterForm:
            raise TemplateError("broken")

        monkeypatch.setattr(Composer, "letter_form", broken)
        await go_on(service)
        assert outcome(service) == {"held": 3, "sent": 3}


async def test_an_edition_that_finished_while_somebody_cancelled_it_stays_finished(tmp_path: Path) -> None:
    with ScriptedRelay() as relay, newsroom(tmp_path, relay.port) as service:
        planned(service)
        edition = statuses(service)[0].edition
        real = service.edition_control._closing.under_way  # noqa: SLF001 - the moment between two of its transactions
        seen = real("veckobrev")
        await go_on(service)
        service.edition_control._closing.under_way = lambda _: seen  # type: ignore[method-assign]  # noqa: SLF001
        assert not service.edition_control.cancel(edition, NOW)
        assert (statuses(service)[0].edition.state, outcome(service)) == (EditionState.FINISHED, {"sent": 3})


def test_a_cancelling_that_was_killed_half_way_leaves_nothing_that_never_ends(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        planned(service)
        edition = statuses(service)[0].edition
        closing = service.edition_control._closing  # noqa: SLF001 - the step before a kill
        closing.stop_most(edition.id, NOW, state="skipped", reason="cancelled")
        assert service.edition_control.resume(edition)
        assert statuses(service)[0].edition.state is EditionState.FINISHED


async def test_a_recipient_whose_mail_will_be_forwarded_is_accepted(tmp_path: Path) -> None:
    with ScriptedRelay({"rcpt": ["251 2.1.5 will forward"]}) as relay, newsroom(tmp_path, relay.port) as service:
        planned(service)
        await go_on(service)
        assert outcome(service) == {"sent": 3}


async def test_a_relay_that_has_enough_of_a_connection_gets_a_fresh_one(tmp_path: Path) -> None:
    script = {"mail": ["250 ok", "421 4.7.0 too many messages in this connection"]}
    with ScriptedRelay(script) as relay, newsroom(tmp_path, relay.port) as service:
        planned(service)
        await go_on(service)
        assert outcome(service) == {"sent": 3}
    assert relay.connections() == 2


def test_a_number_in_a_relays_words_is_no_policy() -> None:
    for words in ("5.1.1 no such user (host 10.5.7.20)", "4.2.1 try later [203.4.7.12]"):
        code = 550 if words.startswith("5") else 450
        assert verdict(Reply(phase=Phase.RCPT, code=code, text=words)) in {Verdict.FAILED, Verdict.DEFERRED}
    assert verdict(Reply(phase=Phase.RCPT, code=550, text="hello\n5.7.1 policy")) is Verdict.BLAMED


def test_a_relay_that_restarts_at_the_dot_is_tried_again_and_silence_at_the_dot_is_not() -> None:
    assert heals(Reply(phase=Phase.DOT, code=421))
    assert not heals(Reply(phase=Phase.DOT, code=0))
    assert not heals(Reply(phase=Phase.DOT, code=554))


async def test_a_reply_that_never_ends_is_not_collected() -> None:
    with ScriptedRelay({"mail": ["250-\r\n" * 200_000 + "250 ok"]}) as relay:
        carrier = SmtpRelay(RelayAddress(host="127.0.0.1", port=relay.port, tls=Tls.NONE))
        refused = await carrier.offer(Envelope(sender="a@example.org", recipient="b@example.org", letter=b"x\r\n"))
        assert refused
        assert "too long" in refused.text
        await carrier.close()


async def test_some_mailboxes_that_ask_for_patience_slow_nobody_down(tmp_path: Path) -> None:
    later = ["450 4.2.0 greylisted", "250 ok", "250 ok"] * 10
    with ScriptedRelay({"rcpt": later}) as relay, newsroom(tmp_path, relay.port, 30, connections=3) as service:
        planned(service)
        await go_on(service)
        assert outcome(service) == {"sent": 20, "deferred": 10}
        with service.database.read.begin() as connection:
            assert connection.execute(text("SELECT count(*) FROM relays")).scalar() == 0
            assert connection.execute(select(variants.c.id)).scalars().all() == [1]
