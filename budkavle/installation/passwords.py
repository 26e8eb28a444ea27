"""Passwords out of files that nobody else reads."""

from pathlib import Path


class NoPasswordError(ValueError):
    """The file that should hold a password holds none."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} holds no password; write it into the first line, readable by nobody else")


def password_in(path: Path) -> str:
    """The password in the first line of a file. Raises NoPasswordError."""
    words = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    if not words or not words[0].strip():
        raise NoPasswordError(path)
    return words[0].strip()
