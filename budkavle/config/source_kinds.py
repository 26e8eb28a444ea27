"""Kinds of sources: what `kind` of a source may say."""

from collections.abc import Mapping

from budkavle.config.field_types import Wrong

SOURCE_KINDS: Mapping[str, str] = {"folder": "path"}
"""The kinds of sources, and for each the setting that says where it is. `installation.slices.articles` reads them."""

_LATER_KINDS = {"file", "pages", "feed", "push"}


def source_kind(text: str) -> str:
    """The kind of a source. Raises Wrong, also for one that comes in a later version."""
    remedy = "write " + " or ".join(f'"{kind}"' for kind in SOURCE_KINDS)
    if text in SOURCE_KINDS:
        return text
    later = text in _LATER_KINDS
    raise Wrong("is a kind of source that comes in a later version" if later else "is no kind of source", remedy)
