"""Ownership: whose a file in the folder of documents is, by its name, and where no ledger names it by what it holds."""

import re

from feeds.formats.forms import BY_SUFFIX
from feeds.serving.urls import document_name

COPY_SUFFIXES = (".gz", ".br", ".zst", ".etag")
"""What stands behind a document's name in the name of its copies, today's and those of other versions."""
_WAITING = re.compile(r"\.(?P<name>.+)\.new")


def is_waiting(file: str) -> bool:
    """Whether a file is being written, or was when its writer died: `.NAME.new`."""
    return _WAITING.fullmatch(file) is not None


def document_of(file: str) -> str:
    """The document that a file is, is a copy of, or would have become."""
    waiting = _WAITING.fullmatch(file)
    name = waiting["name"] if waiting else file
    return next((name.removesuffix(suffix) for suffix in COPY_SUFFIXES if name.endswith(suffix)), name)


def has_our_form(document: str) -> bool:
    """Whether a document's name is one that feeds and their archives have; a page in a folder of its own is none."""
    name = document_name(document)
    return name is not None and "/" not in name.page and name.suffix in BY_SUFFIX


def is_like_ours(document: str, data: bytes) -> bool:
    """Whether bytes under this name were written by us: they name us, or they lead to the feed of that very name."""
    name = document_name(document)
    return name is not None and has_our_form(document) and BY_SUFFIX[name.suffix].is_ours(name.slug.encode(), data)
