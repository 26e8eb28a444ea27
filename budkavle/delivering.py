"""From a planned edition to its last letter: render, claim, send."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import lru_cache

import structlog

from articles.article import ArticleId, Seq
from budkavle.letters import letter_form
from budkavle.sender_lock import sender_lock
from budkavle.wiring import Service, relay
from digest.adapters.ledger import Ledger, OnUncertain, has_work
from digest.adapters.pulling import pull
from digest.delivery import Claim, Reply, VariantId, Verdict
from digest.edition import EditionState
from digest.headers import HeaderError
from digest.letter import Form, made_out, restored, stored
from digest.letter_values import Recipient
from digest.sending import Envelope, Post, send_all

log = structlog.get_logger()


async def send(
    service: Service,
    clock: Callable[[], datetime],
    stopping: Callable[[], bool],
    told: Callable[[Verdict | None], None],
) -> None:
    """Send all that is due, unless another process is sending. Raises SenderBusyError when one is."""
    if await asyncio.to_thread(has_work, service.database.read, clock()):
        with sender_lock(service.config.store_path) as name:
            await send_holding(service, name, clock, stopping, told)


async def send_holding(
    service: Service,
    name: str,
    clock: Callable[[], datetime],
    stopping: Callable[[], bool],
    told: Callable[[Verdict | None], None],
) -> None:
    """Send all that is due, as the holder of the sender's lock whose name is `name`."""
    if not await asyncio.to_thread(has_work, service.database.read, clock()):
        return
    on_uncertain = OnUncertain(service.config.settings.mail.on_uncertain)
    ledger = await asyncio.to_thread(Ledger, service.database.write, name, on_uncertain, clock())
    carrier = relay(service.config)
    try:
        post = Post(relay=carrier, ledger=_Threaded(service, ledger), clock=clock, make_out=_make_out(service, ledger))
        await send_all(post, stopping, told)
    finally:
        await carrier.close()
        await asyncio.to_thread(ledger.end, clock())


def render_forms(service: Service, now: datetime) -> None:
    """Render what has no bytes yet, withdrawn texts pulled first. A variant that fails is held; the rest goes on."""
    pull(service.database.write, _withdrawn(service), now)
    for digest in service.config.settings.digests:
        edition = service.editions.newest(digest.name)
        if edition is None or edition.state is EditionState.FINISHED:
            continue
        for variant, content in service.editions.unrendered(edition).items():
            try:
                made = letter_form(service, digest, edition, content)
            except Exception:  # a template or an article may fail in any way, and must not stop the others
                log.exception("variant_failed", digest=digest.name, edition=edition.key, variant=variant)
                service.editions.hold_variant(variant, now)
            else:
                service.editions.keep_form(variant, stored(made))


def _withdrawn(service: Service) -> Sequence[ArticleId]:
    return [history.article.id for history in service.articles.histories() if history.withdrawn]


def _make_out(service: Service, ledger: Ledger) -> Callable[[Claim], Awaitable[Envelope | None]]:
    """How a claim becomes an envelope; forms are kept at hand, for most letters share a few."""
    senders = {each.name: each.from_.address for each in service.config.settings.digests}

    @lru_cache(maxsize=200)
    def form_of(variant: VariantId) -> Form:
        return restored(ledger.form(variant))

    async def make_out(claim: Claim) -> Envelope | None:
        if claim.digest not in senders:
            log.error("digest_unknown", digest=claim.digest, remedy="put it back into config.toml")
            return None
        made = await asyncio.to_thread(form_of, claim.variant)
        try:
            letter = made_out(made, Recipient(address=claim.address, leave_token=claim.token))
        except HeaderError as error:
            log.error("letter_unfit", subscription=claim.subscription, header=error.header)  # noqa: TRY400 - the traceback would hold the address
            return None
        return Envelope(sender=senders[claim.digest], recipient=claim.address, letter=letter)

    return make_out


class _Threaded:
    """The ledger with each transaction in a thread, so that nothing else waits for the disk.

    Before each claim it looks whether the store has changed: what was withdrawn meanwhile leaves the letters to come.
    """

    def __init__(self, service: Service, ledger: Ledger) -> None:
        self._service = service
        self._ledger = ledger
        self._rendered_at: Seq | None = None

    async def claim(self, limit: int, now: datetime) -> Sequence[Claim]:
        return await asyncio.to_thread(self._claim, limit, now)

    async def mark(self, claim: Claim, now: datetime) -> bool:
        return await asyncio.to_thread(self._ledger.mark, claim, now)

    async def record(self, claim: Claim, reply: Reply, now: datetime) -> Verdict:
        return await asyncio.to_thread(self._ledger.record, claim, reply, now)

    async def hold(self, claim: Claim, now: datetime) -> None:
        await asyncio.to_thread(self._ledger.hold, claim, now)

    async def give_back(self, claims: Sequence[Claim], now: datetime) -> None:
        if claims:
            await asyncio.to_thread(self._ledger.give_back, claims, now)

    def _claim(self, limit: int, now: datetime) -> Sequence[Claim]:
        newest = self._service.articles.last_seq()
        if newest != self._rendered_at:
            render_forms(self._service, now)
            self._rendered_at = newest
        return self._ledger.claim(limit, now)
