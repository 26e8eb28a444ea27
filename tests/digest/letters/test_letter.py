"""A letter is what the reader should see, with exactly the intended headers, the same bytes every time."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.article import (
    Article,
    ArticleId,
    Contact,
    DateSource,
    Published,
    PublisherId,
)
from budkavle.rendering.templates import renderer
from digest.letters.letter import LetterForm, form, made_out, rendered
from digest.letters.values import Dateline, LetterArticles, Mailbox, Masthead, Recipient, ShownArticle
from mail.headers import HeaderError
from tests.drawn import examples

STOCKHOLM = ZoneInfo("Europe/Stockholm")
RENDER = renderer("sv", STOCKHOLM)
MASTHEAD = Masthead(
    name="veckobrev",
    title="Veckans nyheter",
    sender=Mailbox(name="Region Lingonmark", address="nyheter@example.org"),
    language="sv",
    public_url="https://nyheter.example.org/",
    reply_to=Mailbox(name="Kommunikation", address="svar@example.org"),
)
DATELINE = Dateline(
    key="2026-11-20",
    label="14–20 november 2026",
    date=datetime(2026, 11, 20, 8, 0, tzinfo=STOCKHOLM),
)
ANNA = Recipient(address="anna@example.org", leave_token="0123456789abcdef" * 2)
BO = Recipient(address="bo@example.org", leave_token="fedcba9876543210" * 2)
INTENDED = [
    *("to", "message-id", "from", "reply-to", "subject", "date", "list-id", "list-unsubscribe"),
    *("list-unsubscribe-post", "list-archive", "auto-submitted", "x-auto-response-suppress", "precedence"),
    *("content-language", "mime-version", "content-type"),
]
EVIL = [
    "=?utf-8?q?Hej=0d=0aBcc=3a_inj=40x.test?=",
    "Hej\x0bBcc: inj@x.test",
    "Hej\u2028Bcc: inj@x.test",
    "Hej\x00\x1b\x85 du",
    "Ambulansen kommer 🚑 snabbare",
    "\u202eBaklänges rubrik",
    "x" * 998,
    "Å" * 500,
    '"Citat", <html> & \\ snedstreck; (kommentar)',
]


def article(title: str = "Ny buss till Granvik", *, lead: str = "", name: str = "a") -> Article:
    return Article(
        id=ArticleId(f"tag:example.org,2026:lingonmark/{name}"),
        publishers=(PublisherId("lingonmark"),),
        title=title,
        lead=lead,
        url=f"https://www.example.org/nyheter/{name}/",
        contacts=(Contact(name="Kim Kontaktperson", phones=("0000-00 00 00",), email="kim@example.org"),),
        published=Published(value=date(2026, 11, 18), source=DateSource.TEXT, raw="18 november 2026"),
    )


def item(title: str = "Ny buss till Granvik", *, lead: str = "", name: str = "a") -> ShownArticle:
    return ShownArticle(article=article(title, lead=lead, name=name), publishers=("Region Lingonmark",))


def noticed(title: str, note: str) -> ShownArticle:
    return replace(item(title), note=note, noted_on=date(2026, 11, 13))


def letter(*items: ShownArticle, masthead: Masthead = MASTHEAD) -> EmailMessage:
    return parsed(made_out(form(masthead, DATELINE, LetterArticles(items=items), RENDER), ANNA))


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def bodies(message: EmailMessage) -> tuple[str, str]:
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return unix(text.get_content()), unix(html.get_content())


def unix(text: str) -> str:
    return text.replace("\r\n", "\n")


def test_a_letter_has_both_parts_with_swedish_letters_intact() -> None:
    lead = "Från i höst går bussen var tionde minut på vardagar. Det är 9,3 procent oftare än förr."
    for body in bodies(letter(item("Fler bussar för Åsa, Örjan och Ängla", lead=lead))):
        assert "Fler bussar för Åsa, Örjan och Ängla" in body
        assert "9,3 procent" in body
        assert "18 november 2026" in unescape(body).replace("\N{NO-BREAK SPACE}", " ")
        assert "Region Lingonmark" in body
        assert "https://www.example.org/nyheter/a/" in body
        assert "14–20 november 2026" in body.replace("\N{NO-BREAK SPACE}", " ")


def test_a_letter_has_exactly_the_headers_of_the_checklist() -> None:
    message = letter(item())
    assert sorted(name.lower() for name in message) == sorted(INTENDED)
    assert {name: str(value) for name, value in message.items() if name not in {"Message-ID", "Content-Type"}} == {
        "To": "anna@example.org",
        "From": "Region Lingonmark <nyheter@example.org>",
        "Reply-To": "Kommunikation <svar@example.org>",
        "Subject": "Veckans nyheter: Ny buss till Granvik",
        "Date": "Fri, 20 Nov 2026 08:00:00 +0100",
        "List-Id": "Veckans nyheter <veckobrev.nyheter.example.org>",
        "List-Unsubscribe": f"<https://nyheter.example.org/avsluta/{ANNA.leave_token}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Archive": "<https://nyheter.example.org/utgavor/veckobrev/>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Precedence": "bulk",
        "Content-Language": "sv",
        "MIME-Version": "1.0",
    }


def test_without_a_reply_address_and_https_the_letter_lacks_just_their_headers() -> None:
    plain = replace(MASTHEAD, reply_to=None, public_url="http://127.0.0.1:8090/")
    lacking = Counter(INTENDED) - Counter(name.lower() for name in letter(item(), masthead=plain))
    assert sorted(lacking) == ["list-unsubscribe-post", "reply-to"]


@pytest.mark.parametrize("evil", EVIL)
def test_an_evil_title_changes_neither_headers_nor_lines(evil: str) -> None:
    masthead = replace(MASTHEAD, title=evil, sender=Mailbox(name=evil, address="nyheter@example.org"))
    raw = made_out(form(masthead, DATELINE, LetterArticles(items=(item(evil, lead="." * 400),)), RENDER), ANNA)
    assert sorted(name.lower() for name in parsed(raw)) == sorted(INTENDED)
    assert fits_the_wire(raw)
    assert [address.addr_spec for address in parsed(raw)["From"].addresses] == ["nyheter@example.org"]


@pytest.mark.parametrize("evil", EVIL)
def test_an_evil_title_stays_harmless_when_a_relay_writes_the_letter_anew(evil: str) -> None:
    """CPython before 3.11.10 turned such a title into a header of its own when it wrote a message (CVE-2024-6923)."""
    anew = message_from_bytes(letter(item(evil)).as_bytes(policy=policy.SMTP), policy=policy.default)
    assert sorted(name.lower() for name in anew) == sorted(INTENDED)


def test_a_body_of_dots_needs_no_stuffing() -> None:
    raw = made_out(form(MASTHEAD, DATELINE, LetterArticles(items=(item("." * 300, lead=".\n" * 300),)), RENDER), ANNA)
    assert fits_the_wire(raw)
    assert b"\r\n." not in raw


def fits_the_wire(raw: bytes) -> bool:
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert not any(line.startswith(b".") for line in raw.split(b"\r\n"))
    # A Content-Type line is no text: only what is encoded must keep to 76.
    return max(map(len, body.split(b"\r\n"))) <= 76 and max(map(len, head.split(b"\r\n"))) <= 998


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
TITLES = TEXT.map(lambda text: " ".join(text.split())).filter(bool)


@given(TITLES, TEXT, TITLES)
@settings(max_examples=examples(60))
def test_a_letter_decodes_to_what_rendering_it_for_its_recipient_alone_gives(title: str, note: str, lead: str) -> None:
    shown = LetterArticles(items=(item(title, lead=f"{lead}. Slut."),), corrected=(noticed(title, note),))
    message = parsed(made_out(form(MASTHEAD, DATELINE, shown, RENDER), ANNA))
    alone = rendered(MASTHEAD, DATELINE, shown, ANNA.leave_token, RENDER)
    assert message["Subject"] == alone.subject
    assert bodies(message) == (alone.text, alone.html)


def test_the_letters_of_two_recipients_differ_in_to_message_id_and_token_only() -> None:
    made = form(MASTHEAD, DATELINE, LetterArticles(items=(item(),)), RENDER)
    annas, bos = made_out(made, ANNA).split(b"\r\n"), made_out(made, BO).split(b"\r\n")
    assert annas[2:] == [line.replace(BO.leave_token.encode(), ANNA.leave_token.encode()) for line in bos[2:]]
    assert annas[0] == b"To: anna@example.org"
    assert bos[0] == b"To: bo@example.org"
    assert annas[1].startswith(b"Message-ID: <2026-11-20.")
    assert annas[1].endswith(b"@nyheter.example.org>")
    assert annas[1] != bos[1]


def test_a_form_and_its_letters_are_the_same_bytes_again_also_after_storing() -> None:
    shown = LetterArticles(items=(item(),))
    once, again = form(MASTHEAD, DATELINE, shown, RENDER), form(MASTHEAD, DATELINE, shown, RENDER)
    stored = LetterForm(message=once.message, token=once.token, edition=once.edition, host=once.host)
    assert once == again
    assert made_out(once, ANNA) == made_out(stored, ANNA)


def test_a_message_id_is_new_in_the_next_edition() -> None:
    first = made_out(form(MASTHEAD, DATELINE, LetterArticles(items=(item(),)), RENDER), ANNA)
    second = made_out(
        form(MASTHEAD, replace(DATELINE, key="2026-11-27"), LetterArticles(items=(item(),)), RENDER), ANNA
    )
    assert parsed(first)["Message-ID"] != parsed(second)["Message-ID"]


def test_the_links_to_choices_and_for_leaving_stand_in_both_parts() -> None:
    for body in bodies(letter(item())):
        assert f"https://nyheter.example.org/mina-val/{ANNA.leave_token}" in body
        assert f"https://nyheter.example.org/avsluta/{ANNA.leave_token}" in body


def test_no_contact_no_image_and_nothing_remote_is_in_a_letter() -> None:
    raw = made_out(form(MASTHEAD, DATELINE, LetterArticles(items=(item(),)), RENDER), ANNA).decode()
    for unwanted in ("Kontaktperson", "0000-00", "kim@", "<img", "url(", "<script", "<link", "display:none"):
        assert unwanted not in raw


def test_where_wishes_to_leave_are_read_mail_programs_are_offered_an_address_beside_the_page() -> None:
    own = ANNA.leave_token
    message = letter(item(), masthead=replace(MASTHEAD, leave_mailbox="studs@example.org"))
    page = f"<https://nyheter.example.org/avsluta/{own}>"
    assert message["List-Unsubscribe"] == f"{page}, <mailto:studs+{own}@example.org?subject=unsubscribe>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("mailbox", ["studs", "studs@exa mple.org", "studs>@example.org", "studs@example.org\r\nX: y"])
def test_a_mailbox_that_no_header_can_hold_is_refused(mailbox: str) -> None:
    with pytest.raises(HeaderError, match="List-Unsubscribe"):
        replace(MASTHEAD, leave_mailbox=mailbox)


@pytest.mark.parametrize("token", ["", "0" * 31, "G" * 32, "0" * 31 + "\n"])
def test_a_recipient_without_a_proper_token_has_no_letter(token: str) -> None:
    with pytest.raises(HeaderError, match="List-Unsubscribe"):
        Recipient(address="anna@example.org", leave_token=token)


@pytest.mark.parametrize(
    "url", ["https://example.org", "ftp://example.org/", "https://exa mple.org/", "/", "https://å.test/"]
)
def test_a_masthead_needs_an_address_that_a_header_can_hold(url: str) -> None:
    with pytest.raises(HeaderError, match="public_url"):
        replace(MASTHEAD, public_url=url)
