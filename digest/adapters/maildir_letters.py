"""Letters that lie in a Maildir, by whom they are to."""

from collections.abc import Iterator
from email import policy
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from pathlib import Path

from digest.address import Address

_HEAD = 64 * 1024
"""How much of a letter is read for its header."""
_PARSER = BytesHeaderParser(policy=policy.compat32)


def letters_to(folder: Path, address: Address) -> Iterator[Path]:
    """The letters in a Maildir, delivered or half written, that are addressed to somebody, however that is spelt."""
    for part in ("tmp", "new", "cur"):
        for path in sorted((folder / part).glob("*")):
            if path.is_file() and _is_to(path, address):
                yield path


def remove_letters(folder: Path, address: Address) -> int:
    """Delete the letters to somebody; says how many."""
    found = list(letters_to(folder, address))
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _is_to(path: Path, address: Address) -> bool:
    try:
        with path.open("rb") as file:
            header = _PARSER.parsebytes(file.read(_HEAD).partition(b"\r\n\r\n")[0])
    except FileNotFoundError:
        return False
    named = [value for name in ("To", "Cc", "Bcc") for value in header.get_all(name, [])]
    return any(each.lower() == address.key for _, each in getaddresses(map(str, named)))
