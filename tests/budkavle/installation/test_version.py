"""Which commit a tree is of: as git says it, and where git is not there to be asked."""

import json
import subprocess
from pathlib import Path

import pytest

from budkavle.installation.version import NAME, checked_out, commit_of

ONE, OTHER = "0123456789abcdef0123456789abcdef01234567", "f" * 40


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=N", "-c", "user.email=n@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["/usr/bin/env", "git", *who, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "tree")
    git(tmp_path / "tree", "commit", "-q", "--allow-empty", "-m", "one")
    return tmp_path / "tree"


def test_a_branch_a_packed_branch_a_lone_commit_and_a_worktree_are_read_as_git_reads_them(tree: Path) -> None:
    commit = git(tree, "rev-parse", "HEAD")
    assert checked_out(tree) == commit
    git(tree, "worktree", "add", "-q", "../beside", "-b", "side/way")
    git(tree.parent / "beside", "commit", "-q", "--allow-empty", "-m", "two")
    beside = tree.parent / "beside"
    assert checked_out(beside) == git(beside, "rev-parse", "HEAD") != commit
    git(tree, "pack-refs", "--all")
    assert (checked_out(tree), checked_out(beside)) == (commit, git(beside, "rev-parse", "HEAD"))
    git(tree, "checkout", "-q", "--detach")
    assert checked_out(tree) == commit


@pytest.mark.parametrize(
    "head", ["", "ref: refs/heads/none", "ref: refs/heads/.invalid", "x" * 40, "\xff", "ref: ../../etc/passwd", "0123"]
)
def test_what_is_no_commit_is_none(tmp_path: Path, head: str) -> None:
    assert checked_out(tmp_path) is None
    (tmp_path / ".git").mkdir()
    assert checked_out(tmp_path) is None
    (tmp_path / ".git" / "HEAD").write_text(head, encoding="utf-8")
    assert checked_out(tmp_path) is None


def test_a_file_that_is_no_way_to_git_is_none(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere\n", encoding="utf-8")
    assert checked_out(tmp_path) is None


def test_an_sdists_own_word_comes_first(tree: Path) -> None:
    (tree / "budkavle").mkdir()
    (tree / "budkavle" / NAME).write_text(json.dumps({"commit": ONE}), encoding="utf-8")
    assert commit_of(tree) == ONE
    for broken in ("", "[]", '{"commit": 1}', '{"commit": "no"}', "{"):
        (tree / "budkavle" / NAME).write_text(broken, encoding="utf-8")
        assert commit_of(tree) is None
