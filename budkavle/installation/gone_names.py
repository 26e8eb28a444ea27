"""Dangling names: the store holds them, the configuration does not; what follows, and the remedy. Rules over values.

A name is an id. Whoever writes another one in its place leaves behind what hangs on the old one: subscribers who are
sent nothing, filters that fit nothing, articles that become new ones, addresses that lead nowhere.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from budkavle.config.load import Config
from budkavle.rendering.wording import counted
from digest.subscribers.adapters.referenced_names import WantedNames
from digest.subscribers.subscription import Filter


@dataclass(frozen=True, kw_only=True)
class StoredNames:
    """Stored names: of articles by source and publisher, of subscriptions, and of published feeds."""

    sources: Mapping[str, int]
    publishers: Mapping[str, int]
    wanted: WantedNames
    feeds: Collection[str]


@dataclass(frozen=True, kw_only=True)
class GoneName:
    """A dangling name, gone from the configuration: of what kind, in which table it belongs, and what to do."""

    kind: str
    name: str
    table: str
    what: str
    remedy: str


def gone_names(stored: StoredNames, config: Config) -> Iterator[GoneName]:
    """All dangling names: the store holds them, somebody depends on them, the configuration no longer has them."""
    yield from _digests(stored, [table.name for table in config.settings.digests])
    yield from _publishers(stored, [table.id for table in config.settings.publishers])
    yield from _filters(stored, config)
    yield from _sources(stored, [table.name for table in config.settings.sources])
    yield from _feeds(stored, config)


def _digests(stored: StoredNames, named: Collection[str]) -> Iterator[GoneName]:
    new = sorted(set(named) - stored.wanted.digests.keys())
    for name, number in sorted(stored.wanted.digests.items()):
        if name not in named:
            yield GoneName(
                kind="digest",
                name=name,
                table="digests",
                what=f"{counted(number, 'subscription')} to the digest {name} get nothing: no digest has this name",
                remedy=f'write name = "{name}" again{_instead(new)}; what people see is title. If it is to end, end '
                "them: budkavle subscribers end",
            )


def _publishers(stored: StoredNames, named: Collection[str]) -> Iterator[GoneName]:
    new = sorted(set(named) - stored.publishers.keys())
    for name, number in sorted(stored.publishers.items()):
        if name not in named:
            yield GoneName(
                kind="publisher",
                name=name,
                table="publishers",
                what=f"{counted(number, 'article')} in the store have the publisher {name}, and none has this id",
                remedy=f'write id = "{name}" again{_instead(new)}; what people see is name. One that publishes no more '
                "keeps its table",
            )


def _filters(stored: StoredNames, config: Config) -> Iterator[GoneName]:
    publishers = frozenset(config.publishers())
    lost: dict[tuple[str, str], int] = {}
    for filter_, number in stored.wanted.unfit.items():
        for key in names_that_fit_nothing(filter_, config):
            lost[key] = lost.get(key, 0) + number
    for (kind, name), number in sorted(lost.items()):
        if (kind, name) in {("publisher", publisher) for publisher in stored.publishers.keys() - publishers}:
            continue  # said of its articles already
        yield GoneName(
            kind=kind,
            name=name,
            table=f"{kind}s",
            what=f"{counted(number, 'subscription')} chose the {kind} {name} and none that is named, so nothing fits",
            remedy=f'write id = "{name}" again, or let them choose anew: budkavle subscribers list shows who they are',
        )


def names_that_fit_nothing(filter_: Filter, config: Config) -> Iterator[tuple[str, str]]:
    """The names of a filter, with their kinds, that together fit nothing any more."""
    if filter_.topics and filter_.topics.isdisjoint(topic.id for topic in config.topics()):
        yield from (("topic", name) for name in filter_.topics)
    if filter_.publishers and filter_.publishers.isdisjoint(config.publishers()):
        yield from (("publisher", name) for name in filter_.publishers)


def _sources(stored: StoredNames, named: Collection[str]) -> Iterator[GoneName]:
    """A source that is gone is no fault; one that stands under another name makes new articles of all it ever sent."""
    new = sorted(set(named) - stored.sources.keys())
    if not new:
        return
    for name, number in sorted(stored.sources.items()):
        if name not in named:
            yield GoneName(
                kind="source",
                name=name,
                table="sources",
                what=f"{counted(number, 'article')} came from the source {name}, and none has this name; under another "
                f"name ({', '.join(new)}) each of its files is a new article to every reader",
                remedy=f'if it is the same source, write name = "{name}" again before the next import',
            )


def _feeds(stored: StoredNames, config: Config) -> Iterator[GoneName]:
    settings = config.settings
    named = {feed.slug for feed in settings.feeds} | {move.from_ for move in settings.moved}
    for slug in sorted(set(stored.feeds) - named):
        yield GoneName(
            kind="feed",
            name=slug,
            table="feeds",
            what=f"the feed {slug} was published, and its readers now find nothing there",
            remedy=f'lead them on: [[moved]] from = "{slug}", to = the new slug; or keep its table, with a day in ends',
        )


def _instead(new: Collection[str]) -> str:
    return f", in place of {' or '.join(new)}" if new else ""
