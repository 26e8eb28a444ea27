"""Leaving by mail: what mail programs and feedback loops send ends a subscription just as its link does."""

import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import select

from budkavle.alarms.alarms import AlarmKind
from budkavle.alarms.detect import detect
from budkavle.installation.wiring import Service
from digest.adapters.tables import subscribers, subscriptions
from digest.bounces.bounce import Taken
from digest.bounces.process import Outcome
from digest.lifecycle.unsubscribe_journal import UndoOutcome
from digest.subscribers.adapters.events import story
from digest.subscribers.events import EventKind
from mail.failure.status_codes import BounceClass
from tests.budkavle.returned import comes_back, edition, installation, returned, suppressed
from tests.given import NOW

DAY = timedelta(days=1)


def token(service: Service, reader: int = 0) -> str:
    whose = (
        select(subscriptions.c.token).join(subscribers).where(subscribers.c.address == f"lasare{reader}@example.org")
    )
    with service.database.read.begin() as connection:
        return str(connection.execute(whose).scalar_one())


def states(service: Service) -> list[str]:
    return [each.state for each in service.subscribers.all()]


def happened(service: Service, reader: int = 0) -> list[EventKind]:
    with service.database.read.begin() as connection:
        mine = select(subscribers.c.id).where(subscribers.c.address == f"lasare{reader}@example.org")
        return [event.kind for event in story(connection, connection.execute(mine).scalar_one())]


def letter(service: Service, reader: int = 0) -> str:
    """The head of the letter that a reader got, unfolded."""
    letters = [path.read_bytes() for path in (service.config.outbox / "new").iterdir()]
    (mine,) = [each for each in letters if each.startswith(f"To: lasare{reader}@example.org\r\n".encode())]
    return mine.partition(b"\r\n\r\n")[0].decode().replace("\r\n ", " ").replace("\r\n", "\n")


def mailto(service: Service, reader: int = 0) -> tuple[str, str]:
    """Address and subject of the mailto that stands in the letter."""
    found = re.search(
        r"^List-Unsubscribe: <http[^>]+>, <mailto:([^?]+)\?subject=([a-z]+)>$", letter(service, reader), re.MULTILINE
    )
    assert found
    return found[1], found[2]


def wish(to: str, subject: str, **more: str) -> bytes:
    message = EmailMessage()
    message["From"] = "Anna Exempel <anna@privat.test>"
    message["To"], message["Subject"] = to, subject
    for name, value in more.items():
        message[name.replace("_", "-")] = value
    message.set_content("")
    return message.as_bytes()


def taken(service: Service, raw: bytes, recipient: str = "") -> Outcome:
    return service.process_bounces.take(raw, recipient, NOW + DAY)


async def test_what_a_mail_program_sends_to_the_mailto_of_a_letter_ends_that_subscription(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        to, subject = mailto(service, 1)
        outcome = taken(service, wish(to, subject))
        assert (outcome.kind, outcome.taken, outcome.is_understood) == (BounceClass.LEAVE, Taken.LEFT, True)
        assert states(service) == ["active", "ended", "active"]
        assert happened(service, 1)[-1] is EventKind.LEFT
        assert not suppressed(service, 3)
        journal = (service.config.store_path.parent / "leaves").read_text(encoding="utf-8")
        assert journal.count("\n") == 1
        assert "@" not in journal
        assert taken(service, wish(to, subject)).taken is Taken.LEFT
        assert happened(service, 1).count(EventKind.LEFT) == 1
        assert service.unsubscribe.undo(token(service, 1), NOW + DAY) is UndoOutcome.NOW
        assert states(service) == ["active"] * 3
        assert not service.process_bounces.unknown.folder.exists()


WISHES: dict[str, Callable[[str, str], bytes]] = {
    "Apple": lambda to, subject: wish(
        to, subject, Auto_Submitted="auto-replied", X_Apple_Unsubscribe="true", Return_Path="<anna@privat.test>"
    ),
    "Gmail": lambda to, subject: wish(to, subject, Delivered_To=to, Return_Path="<anna@gmail.test>"),
    "Outlook": lambda to, subject: wish(to, subject, X_Auto_Response_Suppress="All"),
    "a program that calls it automatic": lambda to, subject: wish(to, subject, Auto_Submitted="auto-generated"),
    "a provider with nobody to answer to": lambda to, subject: wish(to, subject, Return_Path="<>"),
    "without a subject": lambda to, _: wish(to, ""),
    "with another subject": lambda to, _: wish(to, "Veckans nyheter"),
    "with an answer's subject": lambda to, _: wish(to, "Re: Veckans nyheter"),
    "in capitals": lambda to, subject: wish(to.upper(), subject.upper()),
    "by its name only in Delivered-To": lambda to, subject: wish("region@example.org", subject, Delivered_To=to),
    "by a forwarder": lambda to, subject: wish(
        "x@b.test", subject, X_Original_To=f"SRS0=ab=cd=a.test={to.replace('@', '=')}@b.test"
    ),
    "quoted": lambda to, subject: wish("x@b.test", subject, Envelope_To=f'"{to.partition("@")[0]}"@example.org'),
}


async def test_every_form_of_the_wish_ends_the_subscription_of_its_own_letter(tmp_path: Path) -> None:
    with installation(tmp_path, readers=len(WISHES) + 1) as service:
        await edition(service, 0)
        for reader, (name, program) in enumerate(WISHES.items()):
            assert taken(service, program(*mailto(service, reader))).taken is Taken.LEFT, name
            assert states(service).count("ended") == reader + 1
        assert states(service).count("active") == 1


async def test_the_pipes_recipient_alone_is_enough(tmp_path: Path) -> None:
    with installation(tmp_path, readers=2) as service:
        await edition(service, 0)
        to, subject = mailto(service, 1)
        assert taken(service, wish("undisclosed:;", subject), to).taken is Taken.LEFT
        assert states(service) == ["active", "ended"]


TO_THE_RETURN_ADDRESS = (
    "leave.apple.mail",
    "leave.apple.words-only",
    "leave.generic.subject-only",
    "leave.generic.swedish-subject",
    "leave.generic.opt-out-list",
    "leave.yahoo.opt-out",
)


async def test_a_wish_to_the_return_address_and_an_opt_out_report_end_it_too(tmp_path: Path) -> None:
    readers = len(TO_THE_RETURN_ADDRESS) + 1
    with installation(tmp_path, readers=readers) as service:
        await edition(service, 0)
        for reader, name in enumerate(TO_THE_RETURN_ADDRESS):
            assert comes_back(service, name, 0, reader=reader).taken is Taken.LEFT, name
            assert happened(service, reader)[-1] is EventKind.LEFT
            assert EventKind.BOUNCED not in happened(service, reader)
        assert states(service).count("active") == 1
        assert not suppressed(service, readers)


async def test_an_opt_out_report_that_lost_the_envelope_is_known_by_the_way_to_leave_that_it_returns(
    tmp_path: Path,
) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        raw = returned(service, "leave.yahoo.opt-out", 0)
        raw = re.sub(rb"studs\+[^@\s]+@", b"studs@", raw)
        head = f"From: Nyheter <nyheter@example.org>\nList-Unsubscribe: <https://x.test/avsluta/{token(service, 2)}>"
        raw = raw.replace(b"From: Nyheter <nyheter@example.org>", head.encode())
        assert taken(service, raw).taken is Taken.LEFT
        assert states(service) == ["active", "active", "ended"]


async def test_absences_receipts_persons_and_forgers_end_nothing(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        to, _ = mailto(service)
        away = wish(to, "Automatiskt svar: Veckans nyheter", Auto_Submitted="auto-replied")
        assert taken(service, away).kind is BounceClass.AUTO_REPLY
        assert comes_back(service, "auto-reply.mdn.read", 0).taken is None
        assert comes_back(service, "unknown.person.wants-to-leave", 0).taken is None
        unknown = wish(f"studs+{'0' * 32}@example.org", "unsubscribe")
        assert taken(service, unknown).taken is None
        forged = re.sub(rb"-[0-9a-f]{14}@", b"-00000000000000@", returned(service, "leave.apple.mail", 0))
        assert taken(service, forged).taken is None
        assert states(service) == ["active"] * 3
        assert (
            len(list(service.process_bounces.unknown.folder.iterdir())) == 3
        )  # the person's and the forgers', for a person to see


async def test_a_wish_of_somebody_who_was_erased_meanwhile_is_kept_and_hurts_nobody(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        await edition(service, 0)
        to, subject = mailto(service)
        with service.database.read.begin() as connection:
            mine = select(subscribers.c.id).where(subscribers.c.address == "lasare0@example.org")
            who = connection.execute(mine).scalar_one()
        service.erase_subscriber.erase_number(who, NOW)
        assert taken(service, wish(to, subject)).taken is None
        assert states(service).count("active") == 2


async def test_a_failure_in_words_that_nobody_knows_is_kept_shown_and_counts_for_nothing(tmp_path: Path) -> None:
    with installation(tmp_path) as service:
        for week in range(5):
            await edition(service, week)
            outcome = comes_back(service, "unknown.daemon.words-nobody-knows-1", week)
            assert (outcome.kind, outcome.taken, outcome.is_understood) == (BounceClass.UNKNOWN, None, False)
        assert not suppressed(service, 3)
        assert len(list(service.process_bounces.unknown.folder.iterdir())) == 5
        shown = [one for one in detect(service, NOW + 29 * DAY) if one.kind is AlarmKind.BOUNCES_UNREAD]
        assert [one.about for one in shown] == ["veckobrev 2026-01-30", "veckobrev 2026-02-06"]
        assert "1 letter of it came back in words that nobody knows" in shown[0].what
