"""Nobody who left, bounced, complained or never confirmed in another system is brought back by its list."""

import re
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from articles.adapters.seq_at import seq_before
from articles.adapters.store import Arrival
from articles.article import DateSource, Published
from budkavle.cli.subscribers.lists import take
from budkavle.cli.terminal import WrongUseError
from budkavle.config.load import load
from budkavle.installation.wiring import Service, open_service
from digest.adapters.tables import subscribers, transactional_letters
from digest.lists.adapters.export import SubscriberExport
from digest.lists.adapters.list_file import open_list
from digest.lists.adapters.undo import UndoImport
from digest.lists.address_list import ReadAs
from digest.lists.csv_dialect import ListError
from digest.lists.import_rules import LineOutcome
from digest.lists.lines import Terms
from digest.lists.membership import Membership
from digest.lists.survey import survey
from digest.lists.systems import Role
from digest.subscribers.adapters.events import story
from tests.budkavle.lists import imported, states, written
from tests.digest.other_lists import FORMS, OtherList
from tests.digest.relay import installed
from tests.given import LINGONMARK, NOW, PAGES, draft


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An installation for lists that are only tried."""
    with open_service(load(installed(tmp_path_factory.mktemp("lists")))) as opened:
        yield opened


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Service]:
    """An installation that lists are taken into."""
    with open_service(load(installed(tmp_path))) as opened:
        yield opened


def stored(service: Service, title: str, moment: datetime, **changes: object) -> None:
    """An article that came at this moment."""
    arrival = Arrival(source=PAGES, addresses=(f"{title}.txt",), draft=draft(title, **changes))
    service.articles.take(arrival, LINGONMARK, moment)


def waiting(service: Service) -> list[str]:
    """Whom a letter is to ask."""
    rows = select(subscribers.c.address).join(transactional_letters)
    with service.database.read.begin() as connection:
        return list(connection.execute(rows.where(transactional_letters.c.state == "waiting")).scalars())


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_who_gets_no_letters_there_is_neither_subscribed_nor_asked(service: Service, form: OtherList) -> None:
    wanted = len(re.findall(r"\bja\d@", form.text))
    for trust, outcome in ((None, LineOutcome.PENDING), ("pärm 7", LineOutcome.ACTIVE)):
        tally, _ = imported(service, form.text, trust_list=trust, dry_run=True)
        assert tally.counts[outcome] == wanted
        others = {
            outcome,
            LineOutcome.ENDED,
            LineOutcome.NOT_THERE,
            LineOutcome.REFUSED,
            LineOutcome.BLANK,
            LineOutcome.REPEATED,
        }
        assert tally.counts.keys() <= others
    found = open_list(written(service, form.text), ReadAs(columns={}))
    assert (found.form.system.name if found.form.system else None) == form.system


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_a_list_begins_as_spreadsheets_begin_one(service: Service, encoding: str) -> None:
    lines = ["sep=;", "", "Prenumeranter 2026;;", ";;", "Förnamn;E-post;Avbeställt", "Åsa;Åsa <a@example.org>;Nej", ""]
    data = "\r\n".join([*lines[:-1], "Bo;mailto:b@example.org;Ja", ""]).encode(encoding)
    tally, _ = imported(service, data, trust_list="pärm", dry_run=True)
    assert tally.counts == {LineOutcome.ACTIVE: 1, LineOutcome.ENDED: 1, LineOutcome.BLANK: 2}


STOPS = [
    ("E-post;Kundstatus\na@example.org;3\n", "Kundstatus"),
    ("E-post;Senast aktiv\na@example.org;2024\n", "Senast aktiv"),
    ("E-post;Studsar\na@example.org;0\n", "Studsar"),
    ("E-post;Uppsagd av\na@example.org;\n", "Uppsagd av"),
    ("E-post;Ej reklam\na@example.org;x\n", "Ej reklam"),
    ("E-post;Nej tack\na@example.org;x\n", "Nej tack"),
    ("email,State\na@example.org,CA\n", "State"),
    ("email,Hard bounce count\na@example.org,2\n", "Hard bounce count"),
    ("email,Removed by admin\na@example.org,\n", "Removed by admin"),
    ("email,Marketing permission\na@example.org,no\n", "Marketing permission"),
    ("email,Cancellation\na@example.org,\n", "Cancellation"),
    ("email,On hold since\na@example.org,\n", "On hold since"),
    ("E-Mail;Gekündigt am\na@example.org;\n", "Gekündigt am"),
    ("E-Mail;Zustimmung\na@example.org;nein\n", "Zustimmung"),
    ("email,Désabonnement le\na@example.org,\n", "Désabonnement le"),
    ("email;Cancelación\na@example.org;\n", "Cancelación"),
    ("email;Disiscrizione\na@example.org;\n", "Disiscrizione"),
    ("email;Reden afmelding\na@example.org;\n", "Reden afmelding"),
    ("email;Avmeldingsgrunn\na@example.org;\n", "Avmeldingsgrunn"),
    ("email;Perumisen peruuttaja\na@example.org;\n", "Perumisen peruuttaja"),
    ("email;Data wypisania\na@example.org;\n", "Data wypisania"),
    ("E-post;Får mejlas\na@example.org;nej\n", "Får mejlas"),
    ("email,Receives mail\na@example.org,no\n", "Receives mail"),
    ("email;Дата отписки\na@example.org;\n", "Дата отписки"),
]


@pytest.mark.parametrize(("text", "name"), STOPS, ids=[name for _, name in STOPS])
def test_a_column_that_may_say_no_stops_the_import_until_it_is_named(service: Service, text: str, name: str) -> None:
    with pytest.raises(ListError, match="nothing was taken") as stopped:
        imported(service, text, trust_list="pärm", dry_run=True)
    assert f'"{name}"' in str(stopped.value)
    for role in (Role.UNREAD, Role.LEFT):
        tally, _ = imported(service, text, dry_run=True, how=ReadAs(columns={}, roles=((role, name),)))
        assert tally.counts.total() == 1


def test_all_columns_that_may_say_no_are_named_at_once(service: Service) -> None:
    with pytest.raises(ListError, match='"Bounce info", "Kundstatus", "…"'):
        imported(service, "email,Bounce info,Kundstatus,blocked by a@example.org\na@example.org,,,\n", dry_run=True)


VALUES = [
    "a@example.org,Anna,\nb@example.org,Bo,Unsubscribed\n",
    "email,namn,övrigt\na@example.org,Anna,\nb@example.org,Bo,avregistrerad\n",
    "email,Tags\n" + "".join(f"a{number}@example.org,vip\n" for number in range(3000)) + "b@example.org,BOUNCED\n",
    "email,Grupp\na@example.org,Studsad!\n",
    "E-post;Läge\na@example.org;Aktiv\nb@example.org;Avslutad\n",
    "E-post;Läge\na@example.org;Aktiv\nb@example.org;inaktiv\n",
    "email,Group\na@example.org,cleaned\n",
]


@pytest.mark.parametrize("text", VALUES)
def test_a_word_of_leaving_in_a_column_that_nobody_reads_stops_the_import(service: Service, text: str) -> None:
    with pytest.raises(ListError, match="not read") as stopped:
        imported(service, text, trust_list="pärm", dry_run=True)
    assert "example" not in str(stopped.value).replace(str(service.config.folder), "")


def test_a_headerless_list_is_read_by_the_numbers_of_its_columns(service: Service) -> None:
    how = ReadAs(columns={"address": "1"}, roles=((Role.STATUS, "3"),))
    tally, _ = imported(service, VALUES[0], trust_list="pärm", dry_run=True, how=how)
    assert tally.counts == {LineOutcome.REFUSED: 1, LineOutcome.ENDED: 1}


@pytest.mark.parametrize(
    "name", ["unsubscribed_2026.csv", "nyheter-bounced.csv", "marked-as-spam.csv", "Avregistrerade.csv", "cleaned.csv"]
)
def test_a_file_that_is_named_for_who_left_is_no_list_to_subscribe(service: Service, name: str) -> None:
    path = written(service, "Name,Email\nAnna,a@example.org\n")
    with pytest.raises(ListError, match="subscribers suppress"):
        survey(open_list(path.rename(path.with_name(name)), ReadAs(columns={})))


def test_a_title_that_speaks_of_who_left_stops_the_import(service: Service) -> None:
    with pytest.raises(ListError, match="before its header"):
        imported(service, "Export: avregistrerade\n\nNamn,E-post\nAnna,a@example.org\n", dry_run=True)


@pytest.mark.parametrize(
    "text",
    [
        "status,reason,email,created\n5.1.1,550 no such user,a@example.org,1700000000\n",
        "ip,email,created\n192.0.2.1,a@example.org,1700000000\n",
    ],
)
def test_a_list_of_those_who_are_not_mailed_is_known_by_its_columns(service: Service, text: str) -> None:
    with pytest.raises(ListError, match="subscribers suppress"):
        imported(service, text, dry_run=True)


def test_a_system_that_hides_who_left_is_believed_only_by_name(service: Service) -> None:
    text = "EMAIL,FIRST_NAME,CONTACT_ID,EXTERNAL_ID,CREATED_AT\na@example.org,A,1,2,2023\n"
    with pytest.raises(ListError, match="--from sendgrid"):
        imported(service, text, dry_run=True)
    tally, _ = imported(service, text, dry_run=True, how=ReadAs(columns={}, system="sendgrid"))
    assert tally.counts == {LineOutcome.PENDING: 1}


def test_an_unknown_status_is_refused_until_it_is_explained(service: Service) -> None:
    text = "email,status\na@example.org,Vald\nb@example.org,Vilar lite\n"
    _, remarks = imported(service, text, trust_list="pärm", dry_run=True)
    assert [each.outcome for each in remarks] == [LineOutcome.REFUSED] * 2
    assert "(Vald)" in remarks[0].why
    words = {"vald": Membership.SUBSCRIBED, "vilarlite": Membership.ABSENT}
    tally, _ = imported(service, text, trust_list="pärm", dry_run=True, how=ReadAs(columns={}, words=words))
    assert tally.counts == {LineOutcome.ACTIVE: 1, LineOutcome.NOT_THERE: 1}


def test_a_denial_in_our_own_column_of_suppressions_is_none(service: Service) -> None:
    tally, _ = imported(
        service, "address,suppressed\na@example.org,false\nb@example.org,0\nc@example.org,nej\n", dry_run=True
    )
    assert tally.counts == {LineOutcome.PENDING: 3}
    tally, _ = imported(service, "address,suppressed\nd@example.org,hard\n", dry_run=True)
    assert tally.counts == {LineOutcome.REFUSED: 1}


@pytest.mark.parametrize(
    "consent", ["Återkallat 2024-02-01", "withdrawn", "opt-out", "Ej svarat", "inte tillfrågad", "väntar", "spärrad"]
)
def test_a_consent_that_was_taken_back_or_never_given_is_none(service: Service, consent: str) -> None:
    tally, remarks = imported(service, f"E-post;Samtycke\na@example.org;{consent}\n", dry_run=True)
    assert (tally.counts, remarks[0].why) == ({LineOutcome.REFUSED: 1}, "its consent says no")


def test_who_left_there_since_and_still_gets_letters_here_is_named(own: Service) -> None:
    imported(own, "email,status\na@example.org,active\n", trust_list="pärm 7")
    tally, remarks = imported(own, "email,status\na@example.org,unsubscribed\n", trust_list="pärm 7")
    assert (tally.counts, states(own)) == ({LineOutcome.UNCHANGED: 1}, {"a@example.org": "active"})
    assert "subscribers suppress" in remarks[0].why


def test_who_left_there_is_kept_away_from_later_lists_and_who_never_confirmed_is_not_kept(own: Service) -> None:
    imported(own, "email,status\na@example.org,unsubscribed\nb@example.org,bounced\nc@example.org,unconfirmed\n")
    assert states(own) == {"a@example.org": "ended", "b@example.org": "ended"}
    imported(own, "email\na@example.org\nb@example.org\nc@example.org\n", trust_list="pärm 7")
    assert states(own) == {"a@example.org": "ended", "b@example.org": "ended", "c@example.org": "active"}


def test_whom_a_list_had_asked_is_not_asked_when_another_says_that_they_left(own: Service) -> None:
    imported(own, "email\na@example.org\nb@example.org\n")
    imported(own, "email,status\na@example.org,unsubscribed\n")
    assert states(own) == {"a@example.org": "ended", "b@example.org": "pending"}
    assert waiting(own) == ["b@example.org"]


def test_what_a_system_says_of_a_consent_is_kept_without_network_addresses_and_is_none_by_itself(own: Service) -> None:
    text = (
        "Email Address,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LEID,EUID\n"
        "{}@example.org,2,,,2023-01-02 10:01:00,192.0.2.1,1,abc\n"
    )
    imported(own, text.format("a"))
    imported(own, text.format("b"), trust_list="pärm 7")
    assert states(own) == {"a@example.org": "pending", "b@example.org": "active"}
    consents = [each.consent for each in SubscriberExport(own.database.read).subscriptions()]
    reported = "reported by Mailchimp's list: CONFIRM_TIME 2023-01-02 10:01:00; text unknown"
    assert consents == ["", f"pärm 7; {reported}"]
    with own.database.read.begin() as connection:
        details = [event.detail for who in (1, 2) for event in story(connection, who)]
    assert [each["reported"] for each in details] == [reported, reported]
    with sqlite3.connect(own.config.store_path) as connection:
        assert "192.0.2" not in "\n".join(connection.iterdump())


def test_a_consent_of_a_hand_made_list_is_kept_without_network_addresses(own: Service) -> None:
    imported(own, "E-post;Samtycke\na@example.org;webben 2024-01-01 10:20:30 från 2001:db8::17 och 192.0.2.7:443\n")
    (kept,) = SubscriberExport(own.database.read).subscriptions()
    assert kept.consent == "webben 2024-01-01 10:20:30 från … och …"


def test_topics_publishers_and_digests_are_named_by_what_people_read(service: Service) -> None:
    settings = service.config.settings
    topic, publisher, digest = settings.topics[0], settings.publishers[0], settings.digests[0]
    line = f"a@example.org;{topic.label.upper()}|kultur;{publisher.name};{digest.title}"
    data = f"E-post;Ämnen;Utgivare;Nyhetsbrev\n{line}\n"
    tally, remarks = imported(service, data, digest=None, dry_run=True)
    assert (tally.counts, remarks) == ({LineOutcome.PENDING: 1}, [])


def test_undoing_an_import_forgets_the_noes_it_kept(own: Service) -> None:
    tally, _ = imported(own, "email,status\na@example.org,unsubscribed\nb@example.org,active\n")
    undoing = UndoImport(own.database.read, own.database.write)
    last: int | None = 0
    while last is not None:
        last, _ = undoing.step(tally.id or 0, last, NOW)
    assert states(own) == {}


def test_who_moves_house_is_sent_what_came_since_their_last_letter(own: Service) -> None:
    stored(own, "Före flytten", NOW - timedelta(days=9))
    stored(own, "Efter flytten", NOW - timedelta(days=2))
    terms = Terms(digest="veckobrev", trust_list="pärm 7", since=NOW - timedelta(days=3))
    found = open_list(written(own, "email\na@example.org\n"), ReadAs(columns={}))
    own.import_list.take(found, terms, NOW)
    imported(own, "email\nb@example.org\n", trust_list="pärm 7")
    cursors = {each.address: each.from_seq for each in SubscriberExport(own.database.read).subscriptions()}
    assert cursors == {"a@example.org": 1, "b@example.org": 2}


def test_in_a_store_younger_than_the_last_letter_the_dates_of_articles_decide(own: Service) -> None:
    for days in (30, 20, 1, 25):
        dated = Published(value=(NOW - timedelta(days=days)).date(), source=DateSource.TEXT, raw="")
        stored(own, f"För {days} dagar sedan", NOW, published=dated)
    assert seq_before(own.database.read, NOW - timedelta(days=5)) == 2
    assert seq_before(own.database.read, NOW - timedelta(days=40)) == 0
    assert seq_before(own.database.read, NOW - timedelta(hours=1)) == 4
    assert seq_before(own.database.read, NOW + timedelta(hours=1)) == 4


def test_a_date_that_is_none_or_to_come_is_wrong_use(own: Service) -> None:
    path = written(own, "email\na@example.org\n")
    for since in ("förra veckan", "2999-01-01"):
        with pytest.raises(WrongUseError, match="--since"):
            take(path, since=since, config=own.config.file)


def test_options_that_mean_nothing_are_wrong_use(own: Service) -> None:
    path = written(own, "email\na@example.org\n")
    with pytest.raises(WrongUseError, match="use one of mailchimp"):
        take(path, system="majlkimp", config=own.config.file)
    with pytest.raises(WrongUseError, match="=yes"):
        take(path, status=("Vald",), config=own.config.file)
    with pytest.raises(WrongUseError, match="names no column"):
        take(path, column=("left=",), config=own.config.file)


def test_the_command_says_whose_list_it_is_and_what_is_read(own: Service, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(own, next(each.text for each in FORMS if each.name == "paloma"))
    assert take(path, trust_list="pärm", since="2024-01-01", config=own.config.file) == 0
    out, err = capsys.readouterr()
    assert "from Paloma; " in err
    assert 'left from column 4 "Avbeställt", bounced from column 5 "Studsat"; not read: Namn' in err
    assert "1 subscribed, 2 kept as ended" in out
