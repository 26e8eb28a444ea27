"""Names that the store holds and the configuration does not: what silence follows, and the remedy. Rules over values.

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
class Held:
    """The names in a store: of articles by source and publisher, of subscriptions, and of published feeds."""

    sources: Mapping[str, int]
    publishers: Mapping[str, int]
    wanted: WantedNames
    feeds: Collection[str]


@dataclass(frozen=True, kw_only=True)
class Gone:
    """A name that is gone from the configuration: of what kind, in which table it belongs, and what to do."""

    kind: str
    name: str
    table: str
    what: str
    remedy: str


def gone_names(held: Held, config: Config) -> Iterator[Gone]:
    """All names that the store holds, that somebody depends on, and that the configuration no longer names."""
    yield from _digests(held, [each.name for each in config.settings.digests])
    yield from _publishers(held, [each.id for each in config.settings.publishers])
    yield from _filters(held, config)
    yield from _sources(held, [each.name for each in config.settings.sources])
    yield from _feeds(held, config)


def _digests(held: Held, named: Collection[str]) -> Iterator[Gone]:
    new = sorted(set(named) - held.wanted.digests.keys())
    for name, number in sorted(held.wanted.digests.items()):
        if name not in named:
            yield Gone(
                kind="digest",
                name=name,
                table="digests",
                what=f"{counted(number, 'subscription')} to the digest {name} get nothing: no digest has this name",
                remedy=f'write name = "{name}" again{_instead(new)}; what people see is title. If it is to end, end '
                "them: budkavle subscribers end",
            )


def _publishers(held: Held, named: Collection[str]) -> Iterator[Gone]:
    new = sorted(set(named) - held.publishers.keys())
    for name, number in sorted(held.publishers.items()):
        if name not in named:
            yield Gone(
                kind="publisher",
                name=name,
                table="publishers",
                what=f"{counted(number, 'article')} in the store have the publisher {name}, and none has this id",
                remedy=f'write id = "{name}" again{_instead(new)}; what people see is name. One that publishes no more '
                "keeps its table",
            )


def _filters(held: Held, config: Config) -> Iterator[Gone]:
    publishers = frozenset(config.publishers())
    lost: dict[tuple[str, str], int] = {}
    for one, number in held.wanted.unfit.items():
        for key in names_that_fit_nothing(one, config):
            lost[key] = lost.get(key, 0) + number
    for (kind, name), number in sorted(lost.items()):
        if (kind, name) in {("publisher", each) for each in held.publishers.keys() - publishers}:
            continue  # said of its articles already
        yield Gone(
            kind=kind,
            name=name,
            table=f"{kind}s",
            what=f"{counted(number, 'subscription')} chose the {kind} {name} and none that is named, so nothing fits",
            remedy=f'write id = "{name}" again, or let them choose anew: budkavle subscribers list shows who they are',
        )


def names_that_fit_nothing(one: Filter, config: Config) -> Iterator[tuple[str, str]]:
    """The names of a filter, with their kinds, that together fit nothing any more."""
    if one.topics and one.topics.isdisjoint(each.id for each in config.topics()):
        yield from (("topic", name) for name in one.topics)
    if one.publishers and one.publishers.isdisjoint(config.publishers()):
        yield from (("publisher", name) for name in one.publishers)


def _sources(held: Held, named: Collection[str]) -> Iterator[Gone]:
    """A source that is gone is no fault; one that stands under another name makes new articles of all it ever sent."""
    new = sorted(set(named) - held.sources.keys())
    if not new:
        return
    for name, number in sorted(held.sources.items()):
        if name not in named:
            yield Gone(
                kind="source",
                name=name,
                table="sources",
                what=f"{counted(number, 'article')} came from the source {name}, and none has this name; under another "
                f"name ({', '.join(new)}) each of its files is a new article to every reader",
                remedy=f'if it is the same source, write name = "{name}" again before the next import',
            )


def _feeds(held: Held, config: Config) -> Iterator[Gone]:
    settings = config.settings
    named = {each.slug for each in settings.feeds} | {each.from_ for each in settings.moved}
    for slug in sorted(set(held.feeds) - named):
        yield Gone(
            kind="feed",
            name=slug,
            table="feeds",
            what=f"the feed {slug} was published, and its readers now find nothing there",
            remedy=f'lead them on: [[moved]] from = "{slug}", to = the new slug; or keep its table, with a day in ends',
        )


def _instead(new: Collection[str]) -> str:
    return f", in place of {' or '.join(new)}" if new else ""
