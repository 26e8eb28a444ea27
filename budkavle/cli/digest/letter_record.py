"""A letter as a record: what `digest preview --json` prints of it."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser


def letter_record(digest: str, letter: bytes | None) -> dict[str, object]:
    """The head and the bodies of a letter; all but `digest` and `empty` are null where it would be empty."""
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(letter or b"")
    return {
        "digest": digest,
        "empty": letter is None,
        **{name: str(message[name]) if message[name] else None for name in ("subject", "from", "to")},
        **{key: _body(message, kind) if letter else None for key, kind in (("text", "plain"), ("html", "html"))},
    }


def _body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else None
