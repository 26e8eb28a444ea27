"""Permissions: whether this user can see, read and enter files and folders, asked without opening what they hold."""

import os
from pathlib import Path

READ, ENTER, WRITE = os.R_OK, os.X_OK, os.W_OK


def may(path: Path, what: int) -> bool:
    """Whether this user may do this with a path."""
    return os.access(path, what, effective_ids=os.access in os.supports_effective_ids)


def is_there(path: Path) -> bool:
    """Whether something is there, also where this user may not look."""
    try:
        return path.exists()
    except PermissionError:
        return True


def why_unreadable(folder: Path) -> str | None:
    """Why a folder's files cannot be read, as a sentence that names it; None when they can."""
    try:
        os.scandir(folder).close()
    except OSError as error:
        return f"{folder} cannot be read: {error.strerror}"
    return None if may(folder, ENTER) else f"{folder} can be listed, but its files cannot be read"
