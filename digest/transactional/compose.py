"""The words of transactional letters: what the store and the configuration say, as the letter's own values.

Nothing that a stranger typed stands in one: choices are named by the configuration's own labels.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from budkavle.config.settings import Settings
from budkavle.installation.wiring import Service
from digest.editions.compose import colours, imprint
from digest.keys import Purpose
from digest.letters.values import Mailbox
from digest.lifecycle.adapters.address_change import digest_moved
from digest.lifecycle.adapters.opt_in import subscriptions_of
from digest.lifecycle.adapters.transactional_queue import Waiting
from digest.lifecycle.consent import LANGUAGES
from digest.lifecycle.double_opt_in import IMPORTED, DigestWish, Wishes, of_detail
from digest.lifecycle.transactional_letter import Notice, NoticeKind, notice_letter
from digest.subscribers.subscription import SubscriptionState

_PATHS = {
    NoticeKind.CONFIRM: "bekrafta/",
    NoticeKind.REMIND: "bekrafta/",
    NoticeKind.MOVING: "ny-adress/",
    NoticeKind.MOVE: "bekrafta/",
    NoticeKind.MY_DATA: "mina-uppgifter/",
}


def confirmations_from(settings: Settings, title: str) -> Mailbox:
    """Who sends transactional letters: never a digest's own sender, as mail providers ask for.

    `title` is the site's, for a sender that is configured without a name.
    """
    own = settings.mail.confirmations_from
    if own is not None:
        return Mailbox(name=own.name or title, address=own.address)
    sender = settings.digests[0].from_.address if settings.digests else settings.operator.address
    return Mailbox(name=title, address=f"bekraftelse@{sender.rpartition('@')[2]}")


def letter_for(service: Service, waiting: Waiting, token: str, now: datetime) -> bytes:
    """The letter's bytes with this token, in the language that its reader chose. Raises HeaderError."""
    settings = service.config.settings
    language = waiting.language if waiting.language in LANGUAGES else settings.language
    host = urlsplit(settings.public_url).hostname or ""
    reply_to = settings.digests[0].reply_to if settings.digests else None
    notice = Notice(
        kind=waiting.kind,
        sender=confirmations_from(settings, service.site.title),
        reply_to=Mailbox(name=reply_to.name or service.site.title, address=reply_to.address) if reply_to else None,
        recipient=waiting.address,
        language=language,
        date=now.astimezone(settings.timezone),
        # The same on every try of this letter, and it says nothing about its reader.
        name=f"{waiting.kind}.{service.key.mac(Purpose.ENVELOPE, f'notice {waiting.id}')[:32]}",
        host=f"[IPv6:{host}]" if ":" in host else host,
        token=token,
        values=_values(service, waiting, token),
    )
    return notice_letter(notice, service.render_in(language))


def _values(service: Service, waiting: Waiting, token: str) -> Mapping[str, object]:
    url = service.config.settings.public_url
    settings = service.config.settings
    values: dict[str, object] = {
        "asked": waiting.asked,
        "imprint": imprint(settings),
        "colours": colours(settings.look),
    }
    if waiting.kind.purpose is not None:
        values["url"] = f"{url}{_PATHS[waiting.kind]}{token}"
    with service.database.read.begin() as connection:
        standing = subscriptions_of(connection, waiting.subscriber)
    if waiting.kind is NoticeKind.MY_DATA:
        known = any(row.state != SubscriptionState.PENDING for row in standing.values())
        return values | {"known": known, "days": service.config.settings.keep.pending}
    if waiting.kind is NoticeKind.MOVE:
        return values
    if waiting.kind is NoticeKind.MOVING:
        return values | {"title": _titles(service).get(digest := digest_moved(waiting.detail), digest)}
    if waiting.kind is NoticeKind.MOVED:
        title = _titles(service).get(digest := digest_moved(waiting.detail), digest)
        return values | {"title": title, "page_url": f"{url}prenumerera"}
    asked = of_detail(waiting.detail)
    tokens = {digest: str(row.token) for digest, row in standing.items()}
    return values | {
        "wishes": tuple(_shown(service, asked, tokens)),
        "page_url": f"{url}{asked.page.lstrip('/')}",
        "imported": asked.page == IMPORTED,
    }


def _shown(service: Service, asked: Wishes, tokens: Mapping[str, str]) -> Iterator[Mapping[str, object]]:
    url = service.config.settings.public_url
    titles = _titles(service)
    for wish in asked.wishes:
        topics, publishers = _labels(service, wish)
        leave_token = tokens.get(wish.digest)
        yield {
            "title": titles.get(wish.digest, wish.digest),
            "topics": topics,
            "publishers": publishers,
            "choices_url": f"{url}mina-val/{leave_token}" if leave_token else url,
        }


def _titles(service: Service) -> dict[str, str]:
    return {digest.name: digest.title for digest in service.config.settings.digests}


def _labels(service: Service, wish: DigestWish) -> tuple[list[str], list[str]]:
    """The choices by the configuration's labels, in its order; what it knows no more is left out."""
    settings = service.config.settings
    topics = [topic.label for topic in settings.topics if topic.id in wish.wanted.topics]
    return topics, [each.name for each in settings.publishers if each.id in wish.wanted.publishers]
