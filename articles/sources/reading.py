"""Values of reading an input: what goes in, and a draft, perhaps held, or a refusal."""

from collections.abc import Mapping
from dataclasses import dataclass

from articles.article import Draft, Kind, Publisher, PublisherId, SourceName, Topic


@dataclass(frozen=True, kw_only=True)
class Input:
    """One decoded text. `file` is its name for people; `address` is its path inside the source's folder, with `/`.

    `url` is the article's address on the web where somebody or something said so (manifest, `--url`), else None.
    """

    file: str
    address: str
    text: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a publisher's articles come from. `rules` names its set of page furniture; None means all shipped sets."""

    name: SourceName
    publisher: PublisherId
    language: str = "sv"
    rules: str | None = None


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The publishers and topics that an input may name."""

    publishers: Mapping[PublisherId, Publisher]
    topics: tuple[Topic, ...]


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A text that is an article. `hold_reason` says why it must wait for a person, or is None.

    `act` is what the input itself declares its change to be, None when it says nothing; `note` is for the readers.
    """

    draft: Draft
    hold_reason: str | None = None
    warnings: tuple[str, ...] = ()
    act: Kind | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """An input that is no article, or a faulty one: why, how to mend it, and the line where it is known."""

    reason: str
    line: int | None = None
