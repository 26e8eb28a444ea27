import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.sources.adapters.folder import MAX_BYTES, decode, read_file, walk
from articles.sources.reading import Input, Refused


def test_a_folder_gives_its_articles_sorted_and_nothing_hidden_or_foreign(tmp_path: Path) -> None:
    folder, outside = tmp_path / "in", tmp_path / "out"
    for place in (folder / "b", folder / ".git", outside):
        place.mkdir(parents=True)
    for name in ("b/2.TXT", "a.md", "c.markdown", ".hidden.txt", "x.pdf", ".git/y.txt"):
        (folder / name).write_text("text")
    (outside / "secret.txt").write_text("text")
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    (folder / "away").symlink_to(outside)
    (folder / "gone.txt").symlink_to(outside / "nothing")
    os.mkfifo(folder / "pipe.txt")
    found = [path.relative_to(folder).as_posix() for path in walk(folder)]
    assert found == ["a.md", "b/2.TXT", "c.markdown"]


def test_a_file_is_read_with_its_address_inside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "år").mkdir()
    path = tmp_path / "år" / "a\u030a.txt"
    path.write_bytes(b"\xef\xbb\xbfHej\r\nd\xc3\xa5\r")
    found = read_file(tmp_path, path, "https://example.org/a")
    assert found == Input(file=str(path), address="år/å.txt", text="Hej\ndå\n", url="https://example.org/a")


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        ("en\nvåg\n".encode("latin-1"), 2, "byte 0xe5 is not UTF-8: the text is perhaps Latin-1"),
        (b"\xef\xbb\xbfen\r\nv\xe5g", 2, "byte 0xe5 is not UTF-8"),
        ("våg".encode("utf-16"), 1, "the text is UTF-16, not UTF-8; save the file as UTF-8"),
        ("våg".encode("utf-32"), 1, "the text is UTF-32"),
        ("en\nvåg".encode("utf-16-le"), 1, "the text is UTF-16"),
        ("en\nvåg".encode("utf-16-be"), 1, "the text is UTF-16"),
        (b"%PDF-1.7\nabcdefghijklmnop\0\x01\x02", 2, "a binary file and no text"),
    ],
)
def test_what_is_no_utf8_is_refused_with_the_line_and_the_remedy(content: bytes, line: int, why: str) -> None:
    outcome = decode(content)
    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith(why)
    assert outcome.line == line


def test_a_file_of_50_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(10 * MAX_BYTES)
    outcome = read_file(tmp_path, path)
    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("50000000 bytes are more than 5000000")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        assert isinstance(read_file(tmp_path, path), Refused)


def test_a_name_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"v\xe5g.txt")
    path.write_text("text")
    outcome = read_file(tmp_path, path)
    assert isinstance(outcome, Refused)
    assert "rename" in outcome.reason


@given(content=st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(content: bytes) -> None:
    outcome = decode(content)
    assert isinstance(outcome, Refused) or "\r" not in outcome
