"""A Maildir as a relay: a letter appears in it whole, once, or not at all."""

from pathlib import Path

from mail.adapters.maildir import MaildirRelay
from mail.relay import Envelope
from mail.reply import Phase, Verdict, verdict

ENVELOPE = Envelope(
    sender="nyheter@example.org", recipient="lasare@example.org", letter=b"Subject: Nytt\r\n\r\nHej!\r\n"
)


def letters(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in (folder / "new").iterdir()]


async def test_a_letter_appears_whole_with_its_dot(tmp_path: Path) -> None:
    relay = MaildirRelay(tmp_path / "outbox")
    assert await relay.offer(ENVELOPE) is None
    assert letters(tmp_path / "outbox") == []
    assert verdict(await relay.finish()) is Verdict.SENT
    assert letters(tmp_path / "outbox") == [ENVELOPE.letter]
    assert list((tmp_path / "outbox/tmp").iterdir()) == []


async def test_a_dropped_letter_leaves_nothing_behind(tmp_path: Path) -> None:
    relay = MaildirRelay(tmp_path)
    assert await relay.offer(ENVELOPE) is None
    await relay.drop()
    assert verdict(await relay.finish()) is Verdict.LOST
    assert not letters(tmp_path)
    assert not list((tmp_path / "tmp").iterdir())


async def test_the_same_letter_twice_is_one_file(tmp_path: Path) -> None:
    relay = MaildirRelay(tmp_path)
    for _ in range(2):
        assert await relay.offer(ENVELOPE) is None
        await relay.finish()
    assert len(letters(tmp_path)) == 1


async def test_the_same_words_to_another_are_another_file(tmp_path: Path) -> None:
    relay = MaildirRelay(tmp_path)
    for recipient in ("lasare@example.org", "annan@example.org"):
        assert await relay.offer(Envelope(**(vars(ENVELOPE) | {"recipient": recipient}))) is None
        await relay.finish()
    assert len(letters(tmp_path)) == 2


async def test_a_folder_that_cannot_be_written_pauses_the_edition_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    reply = await MaildirRelay(tmp_path / "outbox").offer(ENVELOPE)
    assert reply
    assert verdict(reply) is Verdict.LOST
    assert str(tmp_path / "outbox") in reply.text


async def test_a_letter_that_could_not_be_moved_into_the_mailbox_was_not_sent(tmp_path: Path) -> None:
    relay = MaildirRelay(tmp_path)
    assert await relay.offer(ENVELOPE) is None
    (tmp_path / "new").rmdir()
    reply = await relay.finish()
    assert verdict(reply) is Verdict.LOST
    assert reply.phase is Phase.DATA
    assert await relay.offer(ENVELOPE) is None
    assert verdict(await relay.finish()) is Verdict.SENT
