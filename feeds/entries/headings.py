"""Headings of content: one level deeper where the content stands below a heading of its own, and back."""

import re
from collections.abc import Callable

_HEADINGS = re.compile(
    r"""<(?P<end>/?)h(?P<level>[2-4])(?: id="(?P<anchor>[^"<>]*)")?>|<[a-z][^<>"]*(?:"[^"]*"[^<>"]*)*>"""
)


def deeper(content: str, entry_id: str = "") -> str:
    """Sanitised content with its headings one level deeper: they stand below the entry's own.

    Their anchors get the entry's mark before them, for an id stands on a page once (HTML, 3.2.6).
    """
    mark = _mark(entry_id)
    return _moved(content, 1, lambda anchor: mark + anchor)


def shallower(content: str, entry_id: str = "") -> str:
    """What `deeper` was given."""
    mark = _mark(entry_id)
    return _moved(content, -1, lambda anchor: anchor.removeprefix(mark))


def _mark(entry_id: str) -> str:
    """What tells an entry's anchors from others' on a page: the end of its id."""
    return re.sub(r"[^a-z0-9]+", "-", f"{entry_id.rpartition('/')[2].lower()}-") if entry_id else ""


def _moved(content: str, by: int, renamed: Callable[[str], str]) -> str:
    def moved(match: re.Match[str]) -> str:
        if not match["level"]:
            return match[0]
        anchor = f' id="{renamed(match["anchor"])}"' if match["anchor"] is not None else ""
        return f"<{match['end']}h{int(match['level']) + by}{anchor}>"

    return _HEADINGS.sub(moved, content)
