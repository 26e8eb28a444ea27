"""From a planned edition to its last letter: render, claim, send."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import lru_cache

import structlog
from sqlalchemy.exc import DatabaseError

from articles.article import ArticleId, Seq
from budkavle.config_settings import Digest
from budkavle.letters import letter_form
from budkavle.sender_lock import sender_lock
from budkavle.wiring import Service, relay
from digest.adapters.claims import has_work
from digest.adapters.ledger import Ledger
from digest.adapters.outcomes import OnUncertain, has_unsettled, settle_dead
from digest.adapters.pulling import pull
from digest.delivery import Claim, Reply, VariantId, Verdict
from digest.edition import Edition, EditionState
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
    if await asyncio.to_thread(_is_idle, service, clock()):
        return
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
    await asyncio.to_thread(settle, service, clock())
    digests = [digest.name for digest in service.config.settings.digests]
    if not await asyncio.to_thread(has_work, service.database.read, clock(), digests):
        return
    carrier = relay(service.config)
    on_uncertain = OnUncertain(service.config.settings.mail.on_uncertain)
    ledger = await asyncio.to_thread(Ledger, service.database.write, name, on_uncertain, clock(), digests)
    try:
        post = Post(relay=carrier, ledger=_Threaded(service, ledger), clock=clock, make_out=_make_out(service, ledger))
        await send_all(post, stopping, told)
    finally:
        await carrier.close()
        await asyncio.to_thread(ledger.end, clock())


def _is_idle(service: Service, now: datetime) -> bool:
    """Whether a sender would find nothing to do: then nothing is written, not even the lock."""
    digests = [digest.name for digest in service.config.settings.digests]
    return not (has_unsettled(service.database.read) or has_work(service.database.read, now, digests))


def settle(service: Service, now: datetime) -> None:
    """Settle what senders left that died, as the holder of the sender's lock; always before planning."""
    on_uncertain = OnUncertain(service.config.settings.mail.on_uncertain)
    settle_dead(service.database.read, service.database.write, on_uncertain, now)


def render_forms(service: Service, now: datetime) -> None:
    """Render what has no bytes yet, withdrawn texts pulled first."""
    pull(service.database.write, _withdrawn(service), now)
    for digest in service.config.settings.digests:
        edition = service.editions.newest(digest.name)
        if edition is not None and edition.state is EditionState.SENDING:
            _render(service, digest, edition, now)


def _render(service: Service, digest: Digest, edition: Edition, now: datetime) -> None:
    """Render an edition's variants. One that fails is held and the rest goes on; when all fail, the edition pauses.

    What the store or the disk does wrong is not the variant's fault: that is raised, and tried again.
    """
    failed: list[VariantId] = []
    contents = service.editions.unrendered(edition)
    for variant, content in contents.items():
        try:
            made = letter_form(service, digest, edition, content)
        except (DatabaseError, OSError):
            raise
        except Exception:  # a template or an article may fail in any way
            log.exception("variant_failed", digest=digest.name, edition=edition.key, variant=variant)
            failed.append(variant)
        else:
            service.editions.keep_form(variant, stored(made))
    if failed and len(failed) == len(contents):
        service.editions.pause(edition, "no letter could be rendered: see the log for the template and its line")
        return
    for variant in failed:
        service.editions.hold_variant(variant, now)


def _withdrawn(service: Service) -> Sequence[ArticleId]:
    return [history.article.id for history in service.articles.histories() if history.withdrawn]


def _make_out(service: Service, ledger: Ledger) -> Callable[[Claim], Awaitable[Envelope | None]]:
    """How a claim becomes an envelope; forms are kept at hand, for most letters share a few."""
    senders = {each.name: each.from_.address for each in service.config.settings.digests}

    @lru_cache(maxsize=200)
    def form_of(variant: VariantId) -> Form:
        return restored(ledger.form(variant))

    async def make_out(claim: Claim) -> Envelope | None:
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
        """Claim letters of which none holds a text that was withdrawn before the claim."""
        while True:
            newest = self._service.articles.last_seq()
            if newest != self._rendered_at:
                render_forms(self._service, now)
                self._rendered_at = newest
            claims = self._ledger.claim(limit, now)
            if self._service.articles.last_seq() == newest:
                return claims
            self._ledger.give_back(claims, now)
