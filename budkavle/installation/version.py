"""Version with commit: what `--version` says, from a wheel, an editable installation or a checkout, and without git.

Only the standard library is used: the build runs this file by itself, and asks no program for what git has in files.
"""

import json
from importlib import resources
from pathlib import Path

NAME = "commit.json"
"""The file in a wheel, or in an sdist's tree, that holds the commit."""
_SHOWN = 12
"""Signs of a commit that are shown: git's own choice for a large repository."""


def version() -> str:
    """`0.1.0 (commit 0123456789ab)`, or the number alone where no commit is to be found."""
    from importlib.metadata import version as number_of  # noqa: PLC0415 - the build knows no installed version

    commit = packed_commit() or checked_out(Path(__file__).resolve().parents[2])
    return number_of("budkavle") + (f" (commit {commit[:_SHOWN]})" if commit else "")


def packed_commit() -> str | None:
    """The commit that a wheel was built from."""
    packed = resources.files("budkavle") / NAME
    return _read(packed.read_text(encoding="utf-8")) if packed.is_file() else None


def commit_of(tree: Path) -> str | None:
    """The commit of a source tree: an sdist's says it in a file, a checkout's lies in `.git`."""
    packed = tree / "budkavle" / NAME
    return _read(packed.read_text(encoding="utf-8")) if packed.is_file() else checked_out(tree)


def checked_out(tree: Path) -> str | None:
    """The commit that is checked out in a folder (gitrepository-layout(5)); None where it is no checkout."""
    try:
        folder = _git_folder(tree)
        head = (folder / "HEAD").read_text(encoding="ascii").strip()
        return _resolved(folder, head) if head.startswith("ref: ") else _commit(head)
    except (OSError, ValueError):
        return None


def _git_folder(tree: Path) -> Path:
    """`.git`, or where a worktree's or a submodule's `.git` file leads."""
    place = tree / ".git"
    return place if place.is_dir() else tree / place.read_text(encoding="utf-8").removeprefix("gitdir:").strip()


def _resolved(folder: Path, head: str) -> str | None:
    name = head.removeprefix("ref: ")
    common = folder / "commondir"
    for place in (folder, folder / common.read_text(encoding="utf-8").strip() if common.is_file() else folder):
        if (place / name).is_file():
            return _commit((place / name).read_text(encoding="ascii"))
        packed = place / "packed-refs"
        for line in packed.read_text(encoding="utf-8").splitlines() if packed.is_file() else ():
            commit, _, ref = line.partition(" ")
            if ref == name:
                return _commit(commit)
    return None


def _commit(text: str) -> str | None:
    """The text if it is a commit's name: SHA-1 or SHA-256 in hexadecimal."""
    name = text.strip()
    return name if len(name) in {40, 64} and set(name) <= set("0123456789abcdef") else None


def _read(text: str) -> str | None:
    try:
        return _commit(str(json.loads(text)["commit"]))
    except (ValueError, KeyError, TypeError):
        return None
