"""A letter as a record: what `digest preview --json` prints of it."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from budkavle.cli.terminal import WrongUseError


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


def refuse_file(out: Path | None) -> None:
    """Refuse a file where a folder is wanted. Raises WrongUseError."""
    if out is not None and out.exists() and not out.is_dir():
        raise WrongUseError(f"--out {out} is a file; name a folder, and the letter is written into it")


def write_letter(letter: bytes, message: EmailMessage, out: Path) -> None:
    """Write a letter into a folder, whole and by its parts. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "letter.eml").write_bytes(letter)
    for kind, suffix in (("plain", "txt"), ("html", "html")):
        part = message.get_body((kind,))
        (out / f"letter.{suffix}").write_text(part.get_content() if part else "", encoding="utf-8")
