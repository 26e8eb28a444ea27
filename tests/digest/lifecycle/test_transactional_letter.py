"""The head of a transactional letter: exactly the intended lines, whatever a title holds."""

from datetime import UTC, datetime
from email import message_from_bytes, policy

from hypothesis import example, given
from hypothesis import strategies as st

from digest.letters.values import Mailbox
from digest.lifecycle.transactional_letter import NoticeKind, TransactionalLetter, notice_letter

HEAD = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
]
TOKEN = "0123456789abcdef" * 2


def letter(kind: NoticeKind, sender: str, words: str) -> bytes:
    notice = TransactionalLetter(
        kind=kind,
        sender=Mailbox(name=sender, address="bekraftelse@example.org"),
        reply_to=None,
        recipient="anna@example.org",
        language="sv",
        date=datetime(2026, 1, 9, 8, 0, tzinfo=UTC),
        name="confirm.0123",
        host="nyheter.example.org",
        token=TOKEN,
        values={"title": words},
    )
    return notice_letter(notice, lambda name, values: f"{name} {values['title']}\n.\n{values['token']}\n")


@given(st.sampled_from(NoticeKind), st.text(max_size=200))
@example(NoticeKind.CONFIRM, "=?utf-8?q?Hej=0d=0aBcc=3a_inj=40x=2ey?=")
@example(NoticeKind.ALREADY, "x\r\nBcc: bo@example.org\r\n\r\nHej")
@example(NoticeKind.MOVE, "x\n")
def test_no_title_adds_or_breaks_a_line_of_the_head(kind: NoticeKind, title: str) -> None:
    title = "".join(char for char in title if not 0xD800 <= ord(char) <= 0xDFFF)
    data = letter(kind, f"A {title}", title)
    read = message_from_bytes(data, policy=policy.default)
    assert read.keys() == HEAD
    assert read["Bcc"] is None
    assert not read.defects
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    for part in read.iter_parts():
        assert TOKEN in part.get_content()
    lines = data.split(b"\r\n")
    assert all(len(line) <= 998 and b"\n" not in line and b"\r" not in line for line in lines)
    assert not any(line.startswith(b".") for line in lines)
    assert data == letter(kind, f"A {title}", title)


def test_the_token_stands_unbroken_in_the_bytes() -> None:
    assert letter(NoticeKind.CONFIRM, "Å", "ord " * 500).count(TOKEN.encode()) == 2
