"""Sources in config.toml: the kinds that there are, and the settings of their table."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from budkavle.config.field_types import Wrong
from budkavle.config.table import Name, Path, Slug, Table, Text, Whole

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


class Source(Table):
    """Where a publisher's articles come from."""

    name: Slug = Field(examples=["lingonmark-pages"])
    publisher: Name = Field(examples=["lingonmark"])
    kind: Annotated[str, AfterValidator(source_kind), Text] = "folder"
    rules: Name | None = None
    path: Path | None = Field(default=None, examples=["newsroom/lingonmark"])
    quiet_days: Annotated[Whole, Field(ge=1)] | None = None
