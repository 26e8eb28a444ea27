"""Alarms: what raises one, what ends it, and what the operator is mailed."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from articles.article import Seq
from budkavle.alarms.alarms import BETWEEN_MAILS, Alarm, AlarmKind, Key, Known, alarm, compared, to_tell, told
from budkavle.alarms.detect import look, look_and_recall
from budkavle.alarms.mail import alarm_mail
from budkavle.alarms.monitor import Watch
from budkavle.alarms.rules import full, of_digest, quiet
from budkavle.alarms.store import AlarmBook
from budkavle.config import load
from budkavle.database import Database
from budkavle.wiring import Service, open_service
from digest.delivery import DeliveryState, EditionId
from digest.edition import Edition, EditionState, EditionStatus
from digest.period import Every, PeriodKey, Rhythm, slot_on
from tests.digest.relay import HANG_UP, ScriptedRelay, installed, newsroom
from tests.given import NOW, plan_period

STOCKHOLM = ZoneInfo("Europe/Stockholm")
WEEKLY = Rhythm(every=Every.WEEK, at=time(8), zone=STOCKHOLM, weekday=4)
DAILY = Rhythm(every=Every.DAY, at=time(8), zone=STOCKHOLM)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FRIDAY = slot_on(WEEKLY, NOW.date())
HOUR = timedelta(hours=1)
LATE = Alarm(kind=AlarmKind.EDITION_LATE, about="veckobrev 2026-01-09", what="it is late; look")
FAILED = Alarm(kind=AlarmKind.IMPORT_FAILED, about="import", what="it failed; look")


def edition(state: EditionState = EditionState.SENDING, **changes: object) -> Edition:
    whole = Edition(
        id=EditionId(1),
        digest="veckobrev",
        key=PeriodKey(FRIDAY.key),
        since=None,
        cut=Seq(1),
        moment=FRIDAY.due,
        state=state,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def status(of: Edition, audience: int | None = None, **counts: int) -> EditionStatus:
    by_state = {state: counts.get(state, 0) for state in DeliveryState}
    return EditionStatus(edition=of, audience=sum(by_state.values()) if audience is None else audience, counts=by_state)


def wrong(newest: EditionStatus | None, now: datetime, rhythm: Rhythm = WEEKLY) -> list[AlarmKind]:
    return [each.kind for each in of_digest("veckobrev", rhythm, LONG_AGO, newest, now)]


def test_an_alarm_about_a_file_with_a_name_in_any_bytes_is_kept_like_others(tmp_path: Path) -> None:
    odd = alarm(AlarmKind.INPUT_REFUSED, "pages-\udce5", "text-\udce5.md: the file's name is not UTF-8")
    assert (odd.about, odd.what) == ("pages-\\udce5", "text-\\udce5.md: the file's name is not UTF-8")
    with open_service(load(installed(tmp_path))) as service:
        book = AlarmBook(service.database.read, service.database.write)
        memory = {(odd.kind, odd.about): Known(alarm=odd, since=NOW, seen=NOW)}
        book.keep({}, memory, NOW)
        assert [known.alarm for known in book.read().values()] == [odd]


def test_a_slot_without_an_edition_is_an_alarm_after_half_an_hour() -> None:
    seen = FRIDAY.due - HOUR
    assert list(of_digest("veckobrev", WEEKLY, seen, None, FRIDAY.due + timedelta(minutes=29))) == []
    (late,) = of_digest("veckobrev", WEEKLY, seen, None, FRIDAY.due + timedelta(minutes=31))
    assert (late.kind, late.about) == (AlarmKind.EDITION_LATE, "veckobrev 2026-01-09")


def test_a_slot_that_is_too_old_to_be_made_up_for_is_still_told_with_another_remedy() -> None:
    (early,) = of_digest("veckobrev", WEEKLY, LONG_AGO, None, FRIDAY.due + timedelta(days=1))
    (late,) = of_digest("veckobrev", WEEKLY, LONG_AGO, None, FRIDAY.due + timedelta(days=4))
    assert "budkavle run" in early.what
    assert "--edition 2026-01-09" in late.what
    assert "2026-01-16" in late.what


@pytest.mark.parametrize("first_seen", [None, FRIDAY.due, FRIDAY.due + HOUR])
def test_a_digest_that_is_new_has_missed_nothing(first_seen: datetime | None) -> None:
    assert list(of_digest("veckobrev", WEEKLY, first_seen, None, FRIDAY.due + 2 * HOUR)) == []


@pytest.mark.parametrize(("rhythm", "hours"), [(WEEKLY, 12), (DAILY, 6)])
def test_an_edition_has_a_quarter_of_its_period_and_twelve_hours_at_most(rhythm: Rhythm, hours: int) -> None:
    under_way = status(edition(), planned=1, sent=9)
    assert wrong(under_way, FRIDAY.due + hours * HOUR, rhythm) == []
    assert wrong(under_way, FRIDAY.due + hours * HOUR + HOUR, rhythm) == [AlarmKind.EDITION_LATE]


@pytest.mark.parametrize("state", [EditionState.FINISHED, EditionState.CANCELLED])
def test_an_edition_that_is_closed_is_not_late(state: EditionState) -> None:
    assert wrong(status(edition(state), sent=10), FRIDAY.due + 24 * HOUR) == []


@pytest.mark.parametrize(("deferred", "kinds"), [(10, []), (11, [AlarmKind.EDITION_LATE])])
def test_a_few_full_mailboxes_make_no_edition_late_and_many_do(deferred: int, kinds: list[AlarmKind]) -> None:
    assert wrong(status(edition(), deferred=deferred, sent=100 - deferred), FRIDAY.due + 24 * HOUR) == kinds


def test_an_edition_that_is_planned_for_ever_is_late() -> None:
    assert wrong(status(edition(EditionState.PLANNING)), FRIDAY.due + 13 * HOUR) == [AlarmKind.EDITION_LATE]


def test_a_pause_says_why_and_whether_it_ends_by_itself() -> None:
    paused = edition(EditionState.PAUSED, paused_because="mail: 530 5.7.0 log in first")
    (waits,) = of_digest("veckobrev", WEEKLY, LONG_AGO, status(paused, planned=1), FRIDAY.due)
    assert waits.kind is AlarmKind.EDITION_PAUSED
    assert "530 5.7.0" in waits.what
    assert "budkavle digest resume veckobrev" in waits.what
    heals = replace(paused, resume_at=FRIDAY.due + HOUR)
    (comes_back,) = of_digest("veckobrev", WEEKLY, LONG_AGO, status(heals, planned=1), FRIDAY.due)
    assert "by itself at 2026-01-09 09:00" in comes_back.what


@pytest.mark.parametrize("state", ["uncertain", "held"])
def test_what_nobody_can_decide_for_a_person_is_an_alarm(state: str) -> None:
    assert wrong(status(edition(EditionState.FINISHED), sent=9, **{state: 1}), FRIDAY.due) == [AlarmKind.UNDECIDED]


def test_an_edition_that_does_not_add_up_is_an_alarm() -> None:
    assert wrong(status(edition(EditionState.FINISHED), 10, sent=9), FRIDAY.due) == [AlarmKind.UNEXPLAINED]


@pytest.mark.parametrize(
    ("days", "last", "kinds"),
    [
        (14, NOW - timedelta(days=14), []),
        (14, NOW - timedelta(days=15), [AlarmKind.SOURCE_QUIET]),
        (14, None, []),
        (None, LONG_AGO, []),
    ],
)
def test_a_source_is_quiet_after_its_own_days(days: int | None, last: datetime | None, kinds: list[AlarmKind]) -> None:
    assert [each.kind for each in quiet("barrvik-pages", days, last, NOW)] == kinds


@pytest.mark.parametrize(("free", "store", "alarms"), [(200, 10, 0), (199, 10, 1), (900, 1000, 1), (1000, 1000, 0)])
def test_a_disk_must_hold_the_store_once_more(free: int, store: int, alarms: int) -> None:
    assert len(list(full("var", free * 1_000_000, store * 1_000_000))) == alarms


@given(st.text(alphabet=st.sampled_from("ab \n@<>.,\"'="), max_size=60))
def test_no_alarm_holds_a_mail_address_or_a_line_break(text: str) -> None:
    what = alarm(AlarmKind.SENDING_FAILED, "sending", f"no route for lasare@example.org {text}").what
    assert "lasare@example.org" not in what
    assert "a@b" not in what
    assert "\n" not in what


# The life of an alarm.


def test_an_alarm_begins_lasts_and_ends() -> None:
    first = compared({}, [LATE], NOW)
    words = replace(LATE, what="it is late; 3 letters wait")
    later = compared(first, [words], NOW + HOUR)
    over = compared(later, [], NOW + 2 * HOUR)
    (known,) = over.values()
    assert known == Known(alarm=words, since=NOW, seen=NOW + HOUR, ended=NOW + 2 * HOUR)


def test_the_operator_is_told_once_that_it_began_and_once_that_it_ended() -> None:
    memory = compared({}, [LATE], NOW)
    assert [each.alarm for each in to_tell(memory, None, NOW)] == [LATE]
    memory = told(memory, NOW)
    assert to_tell(compared(memory, [LATE], NOW + 9 * HOUR), NOW, NOW + 9 * HOUR) == ()
    memory = compared(memory, [], NOW + 10 * HOUR)
    assert [each.open for each in to_tell(memory, NOW, NOW + 10 * HOUR)] == [False]
    assert to_tell(told(memory, NOW + 10 * HOUR), NOW, NOW + 20 * HOUR) == ()


def test_an_alarm_that_ended_before_anybody_was_told_is_not_mailed() -> None:
    memory = compared(compared({}, [LATE], NOW), [], NOW + HOUR)
    assert to_tell(memory, None, NOW + 2 * HOUR) == ()


def test_an_alarm_that_comes_back_before_its_end_was_told_is_no_news() -> None:
    memory = told(compared({}, [LATE], NOW), NOW)
    memory = compared(compared(memory, [], NOW + HOUR / 2), [LATE], NOW + HOUR)
    assert to_tell(memory, NOW, NOW + 3 * HOUR) == ()


def test_an_alarm_that_comes_back_later_is_told_again() -> None:
    memory = told(compared({}, [LATE], NOW), NOW)
    memory = told(compared(memory, [], NOW + HOUR), NOW + HOUR)
    memory = compared(memory, [LATE], NOW + 5 * HOUR)
    assert [each.since for each in to_tell(memory, None, NOW + 5 * HOUR)] == [NOW + 5 * HOUR]


def test_a_clock_that_was_a_day_ahead_does_not_silence_alarms() -> None:
    memory = told(compared({}, [LATE], NOW), NOW + timedelta(days=1))
    memory = compared(memory, [LATE, FAILED], NOW)
    assert to_tell(memory, NOW + timedelta(days=1), NOW) != ()


@given(st.lists(st.tuples(st.integers(0, 90), st.sets(st.sampled_from([LATE, FAILED])), st.booleans()), max_size=60))
def test_however_alarms_come_and_go_there_is_one_mail_an_hour_and_nothing_stays_untold(
    rounds: list[tuple[int, set[Alarm], bool]],
) -> None:
    memory: Mapping[Key, Known] = {}
    now, tried, mails = NOW, None, list[datetime]()
    heard = set[Alarm]()  # what the operator thinks is wrong
    for minutes, found, relay_works in [*rounds, (60, set(), True), (60, set(), True)]:
        now += timedelta(minutes=minutes)
        memory = compared(memory, found, now)
        if news := to_tell(memory, tried, now):
            tried = now
            mails.append(now)
            if relay_works:
                heard = found.copy()
                memory = told(memory, now)
                assert all(each.open == (each.alarm in found) for each in news)
    assert all(later - earlier >= BETWEEN_MAILS for earlier, later in pairwise(mails))
    assert heard == set()


def test_the_table_gives_back_what_was_kept_and_forgets_what_ended_long_ago(database: Database) -> None:
    book = AlarmBook(database.read, database.write)
    first = told(compared({}, [LATE, FAILED], NOW), NOW)
    book.keep({}, first, NOW)
    assert book.read() == first
    second = compared(first, [FAILED], NOW + HOUR)
    book.keep(first, second, NOW + HOUR)
    assert book.read() == second
    much_later = NOW + timedelta(days=100)
    book.keep(second, compared(second, [FAILED], much_later), much_later)
    assert [known.alarm for known in book.read().values()] == [FAILED]


# Looking at a real installation.


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    config = load(installed(tmp_path))
    for place in config.sources():
        place.folder.mkdir(parents=True)
    with open_service(config) as opened:
        yield opened


def test_an_installation_in_order_raises_no_alarm(service: Service) -> None:
    assert look(service, NOW) == ()


def test_a_folder_that_is_gone_is_an_alarm_with_its_path(service: Service) -> None:
    place = service.config.sources()[1]
    place.folder.rmdir()
    (found,) = look(service, NOW)
    assert (found.kind, found.about) == (AlarmKind.SOURCE_FAILED, "barrvik-pages")
    assert str(place.folder) in found.what


def test_looking_writes_nothing(service: Service) -> None:
    look_and_recall(service, NOW)
    assert service.editions.known_since("veckobrev") is None


def test_only_the_newest_edition_counts(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        (digest,) = service.config.settings.digests
        for key in ("2026-01-02", "2026-01-09"):
            old = plan_period(service, digest, PeriodKey(key), NOW)
            service.editions.pause(old, "somebody paused it")
        kinds = [(each.kind, each.about) for each in look(service, NOW) if each.kind is not AlarmKind.SOURCE_FAILED]
        assert kinds == [(AlarmKind.EDITION_PAUSED, "veckobrev 2026-01-09")]


# The daemon's watch, with its log and its mail.


def letters(service: Service) -> list[EmailMessage]:
    new = service.config.outbox / "new"
    paths = sorted(new.iterdir(), key=lambda path: path.stat().st_mtime_ns) if new.exists() else []
    return [BytesParser(EmailMessage, policy=policy.default).parsebytes(path.read_bytes()) for path in paths]


async def test_an_alarm_is_one_line_in_the_log_one_row_and_one_mail_and_so_is_its_end(service: Service) -> None:
    watch = Watch(service)
    folder = service.config.sources()[1].folder
    folder.rmdir()
    with capture_logs() as log:
        for minute in range(3):
            watch.round(NOW + timedelta(minutes=minute))
            await watch.tell(NOW + timedelta(minutes=minute))
    assert [line["event"] for line in log if line["log_level"] == "error"] == ["alarm"]
    (mail,) = letters(service)
    assert (mail["To"], mail["Auto-Submitted"]) == ("drift@example.org", "auto-generated")
    assert "source_failed" in mail["Subject"]
    assert str(folder) in mail.get_content().replace("\n", "")
    folder.mkdir()
    watch.round(NOW + HOUR)
    await watch.tell(NOW + HOUR)
    assert [each["Subject"] for each in letters(service)[1:]] == ["Budkavle: all is well again"]


async def test_a_restart_within_the_hour_mails_nothing_again(service: Service) -> None:
    service.config.sources()[1].folder.rmdir()
    for minute in range(2):
        watch = Watch(service)
        watch.round(NOW + timedelta(minutes=minute))
        await watch.tell(NOW + timedelta(minutes=minute))
    assert len(letters(service)) == 1


async def test_a_relay_that_refuses_is_asked_again_an_hour_later(tmp_path: Path) -> None:
    with ScriptedRelay({"rcpt": ["550 5.1.1 drift@example.org unknown"], "connect": []}) as relay:
        config = load(installed(tmp_path, relay.port))
        with open_service(config) as service, capture_logs() as log:
            watch = Watch(service)
            for minutes in (0, 1, 59, 60):
                watch.round(NOW + timedelta(minutes=minutes))
                await watch.tell(NOW + timedelta(minutes=minutes))
                assert relay.seen["mail"] == (1 if minutes < 60 else 2)
    assert [letter.recipient for letter in relay.letters] == ["drift@example.org"]
    (line,) = [line for line in log if line["event"] == "alarm_not_mailed"]
    assert "550" in line["why"]
    assert "@" not in str(log)


async def test_a_relay_that_hangs_up_or_a_lost_password_silences_nothing_else(tmp_path: Path) -> None:
    with ScriptedRelay({"connect": [HANG_UP]}) as relay:
        path = installed(tmp_path, relay.port)
        with open_service(load(path)) as service, capture_logs() as log:
            watch = Watch(service)
            watch.round(NOW)
            await watch.tell(NOW)
            assert watch.lasting
    assert "alarm_not_mailed" in [line["event"] for line in log]


def test_a_job_that_has_not_come_round_since_the_restart_has_not_mended_anything(service: Service) -> None:
    watch = Watch(service)
    watch.report(AlarmKind.FEED_FAILED, [alarm(AlarmKind.FEED_FAILED, "feed alla-nyheter", "not published: why")])
    watch.round(NOW)
    again = Watch(service)
    again.round(NOW + HOUR)
    assert again.lasting == 1
    assert [each.kind for each in look_and_recall(service, NOW)] == [AlarmKind.FEED_FAILED]
    again.report(AlarmKind.FEED_FAILED)
    again.round(NOW + HOUR)
    assert again.lasting == 0


def test_a_fault_that_stays_has_one_traceback(service: Service) -> None:
    watch = Watch(service)
    with capture_logs() as log:
        for why in ("no space", "no space", "no rights"):
            with watch.over(AlarmKind.IMPORT_FAILED, "import"):
                raise OSError(why)
            watch.round(NOW)
            assert watch.lasting == 1
        with watch.over(AlarmKind.IMPORT_FAILED, "import"):
            pass
        watch.round(NOW)
    assert [str(line["exc_info"]) for line in log if "exc_info" in line] == ["no space", "no rights"]
    assert watch.lasting == 0


async def test_a_store_that_is_gone_is_an_alarm_of_its_own_and_is_mailed(service: Service) -> None:
    watch = Watch(service)
    service.config.sources()[1].folder.rmdir()
    watch.round(NOW)
    service.database.close()
    shutil.rmtree(service.config.store_path.parent)
    watch.round(NOW + HOUR)
    assert watch.lasting == 2
    await watch.tell(NOW + HOUR)
    (mail,) = letters(service)
    assert "store_trouble" in mail.get_content()


def test_a_mail_is_plain_text_that_any_relay_takes(service: Service) -> None:
    what = ".åäö " + "x" * 2000
    known = Known(alarm=Alarm(kind=AlarmKind.INPUT_REFUSED, about="källa", what=what), since=NOW, seen=NOW)
    envelope = alarm_mail(service.config, [known], [], NOW)
    lines = envelope.letter.split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert not any(line.startswith(b".") for line in lines)
    assert b"\n" not in b"".join(lines)
    mail = BytesParser(EmailMessage, policy=policy.default).parsebytes(envelope.letter)
    assert not mail.defects
    assert what in mail.get_content()
    assert (mail["From"].addresses[0].addr_spec, envelope.sender) == ("nyheter@example.org", "nyheter@example.org")


@pytest.mark.parametrize("kind", AlarmKind)
def test_every_alarm_stands_in_the_guide(kind: AlarmKind) -> None:
    table = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    assert any(line.startswith("| `") and f"`{kind}`" in line for line in table.splitlines())
