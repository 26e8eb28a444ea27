"""Values of the domain, made of a configuration: what the wings are given instead of its tables."""

from babel.lists import format_list

from budkavle.config.contrast import text_on
from budkavle.config.load import Config
from budkavle.config.settings import Digest as DigestTable
from budkavle.config.settings import Look, Settings
from digest.editions.digest import Digest
from digest.editions.rhythm import Rhythm
from digest.editions.rhythms import RHYTHMS
from digest.letters.publication import Publication
from digest.letters.values import Colours, Imprint, Mailbox
from digest.subscribers.subscription import filter_of


def digests(config: Config) -> tuple[Digest, ...]:
    """The newsletters in the order of the file."""
    return tuple(digest(config, table) for table in config.settings.digests)


def digest(config: Config, table: DigestTable) -> Digest:
    """One newsletter. A mailbox without a name gets the newsletter's title."""
    reply_to = table.reply_to
    return Digest(
        name=table.name,
        title=table.title,
        sender=Mailbox(name=table.from_.name or table.title, address=table.from_.address),
        reply_to=Mailbox(name=reply_to.name or table.title, address=reply_to.address) if reply_to else None,
        rhythm=Rhythm(every=RHYTHMS[table.every].of(table.model_dump()), at=table.time, zone=config.settings.timezone),
        selection=filter_of(table.topics, table.publishers),
        items=table.items,
    )


def site_title(config: Config) -> str:
    """What the site is called: it is published by all its publishers together."""
    names = [publisher.name for publisher in config.publishers().values()]
    return format_list(names, locale=config.settings.language)


def publication(config: Config) -> Publication:
    """The publication: what all letters have in common."""
    settings = config.settings
    return Publication(
        public_url=settings.public_url,
        title=site_title(config),
        language=settings.language,
        zone=settings.timezone,
        publishers=config.publishers(),
        bounce_address=settings.bounces.address,
        imprint=imprint(settings),
        colours=colours(settings.look),
    )


def imprint(settings: Settings) -> Imprint:
    """The imprint: how readers of a letter reach a person."""
    table = settings.imprint
    return Imprint(
        postal=table.postal or "",
        address=table.address or "",
        phone=table.phone or "",
        url=table.url or "",
    )


def colours(look: Look) -> Colours:
    """The publisher's own accent, as letters have it."""
    return Colours(
        accent=look.accent,
        on_accent=text_on(look.accent),
        accent_dark=look.accent_dark,
        on_accent_dark=text_on(look.accent_dark),
    )
