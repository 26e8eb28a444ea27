"""Files of other kinds in a source's folder: what is told, and what is nobody's."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.sources.adapters.folder import walk
from articles.sources.adapters.unread import unread
from articles.sources.file_kinds import FileKind, file_kind, why_unread

TOLD = {
    "page.html": "a web page",
    "page.HTM": "a web page",
    "text.docx": "a word processor's file",
    "text.odt": "a word processor's file",
    "text.rtf": "a word processor's file",
    "text.pdf": "a PDF",
    "mail.eml": "a mail",
    "table.xlsx": "a spreadsheet",
    "bild.JPG": "a picture",
    "film.mp4": "a film",
    "allt.zip": "an archive",
    "text.rst": "text of another kind",
    "text.text": "text of another kind",
    "borta.txt~": "a copy that an editor kept",
    "borta.md.bak": "a copy that an editor kept",
    "text.md.xyz": "a file of the kind .xyz",
    "pressmeddelande": "a file without ending",
    "text.txt.part": "a part of an upload",
    "under/manifest.jsonl": "a manifest that is not read",
}
QUIET = (
    "manifest.jsonl",
    ".DS_Store",
    "._a.md",
    "Thumbs.db",
    "desktop.ini",
    ".a.md.swp",
    "a.md.swp",
    "a.md~",
    "a.md.bak",
    "#a.md#",
    "~$text.docx",
    ".~lock.text.odt#",
    "under/.hidden/text.docx",
    "@eaDir/text.docx",
    "__MACOSX/text.docx",
    ".git/config",
    "a.md.filepart",
    "4913",
)


def lay(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text", encoding="utf-8")


def test_each_file_of_another_kind_is_told_with_what_to_do_and_nobodys_files_are_not(tmp_path: Path) -> None:
    lay(tmp_path, "a.md", "B.MD", "c.Markdown", "d.TXT", *TOLD, *QUIET)
    os.utime(tmp_path / "text.txt.part", (time.time() - 4000, time.time() - 4000))
    told = {one.path.relative_to(tmp_path).as_posix(): one.why for one in unread(tmp_path)}
    assert set(told) == set(TOLD)
    for name, what in TOLD.items():
        assert told[name].startswith(what)
        assert ";" in told[name]
    assert [path.name for path in walk(tmp_path)] == ["B.MD", "a.md", "c.Markdown", "d.TXT"]


def test_links_that_lead_away_pipes_and_closed_folders_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, outside = tmp_path / "in", tmp_path / "out"
    lay(outside, "secret.txt")
    (folder / "closed").mkdir(parents=True)
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    (folder / "away").symlink_to(outside)
    (folder / "gone.md").symlink_to(outside / "nothing")
    (folder / ".hidden.md").symlink_to(outside / "nothing")
    (folder / "inside.md").symlink_to(folder / "a.md")
    lay(folder, "a.md")
    os.mkfifo(folder / "pipe.txt")
    opened = os.scandir

    def refusing(path: str) -> object:  # a test that is root may read everything
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path)

    monkeypatch.setattr(os, "scandir", refusing)
    told = {one.path.name: one.why for one in unread(folder)}
    assert set(told) == {"link.txt", "away", "gone.md", "pipe.txt", "closed"}
    assert "a link to a folder, which is not followed" in told["away"]
    assert "leads out of the source's folder, or nowhere" in told["gone.md"]
    assert "cannot be read (Permission denied)" in told["closed"]


@given(st.text(st.characters(exclude_characters="/\0"), min_size=1))
def test_every_name_is_an_article_or_nobodys_or_has_a_reason(name: str) -> None:
    kind = file_kind(name, ())
    assert kind is FileKind.ARTICLE or why_unread(name)
    if name.lower().endswith((".txt", ".md")) and not name.startswith((".", "~$", "#")):
        assert kind is FileKind.ARTICLE
