"""Letters that lie in a Maildir, by whom they are to."""

from collections.abc import Collection, Iterator
from email import policy
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from pathlib import Path

from mail.address import Address
from mail.spellings import one_spelling

_HEAD = 64 * 1024
"""How much of a letter is read for its header."""
_PARSER = BytesHeaderParser(policy=policy.compat32)


def letters_to(folder: Path, addresses: Collection[Address]) -> Iterator[Path]:
    """The letters in a Maildir, delivered or half written, to one of these, however their addresses are spelt there."""
    keys = {address.key for address in addresses}
    for part in ("tmp", "new", "cur"):
        for path in sorted((folder / part).glob("*")):
            if path.is_file() and not keys.isdisjoint(_recipients(path)):
                yield path


def remove_letters(folder: Path, addresses: Collection[Address]) -> int:
    """Delete the letters to these; says how many."""
    letters = list(letters_to(folder, addresses))
    for path in letters:
        path.unlink(missing_ok=True)
    return len(letters)


def _recipients(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError:  # a relay moved it meanwhile, or somebody read it
        return []
    header = _PARSER.parsebytes(head.replace(b"\r\n", b"\n").partition(b"\n\n")[0])
    named = [str(value) for name in ("To", "Cc", "Bcc") for value in header.get_all(name, [])]
    return [one_spelling(address) for _, address in getaddresses(named)]
