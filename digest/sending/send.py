"""From a planned edition to its last letter: render, claim, send."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from articles.adapters.store import ArticleStore
from articles.article import Kind, Seq
from budkavle.config.settings import Digest
from budkavle.installation.wiring import Service, found_limits, pacing, relays
from digest.editions.adapters.variants import drop_forms_with
from digest.editions.adapters.withdrawn_texts import Gone, Pulled, oldest_open_cut, pull
from digest.editions.compose import letter_form
from digest.editions.delivery import Claim, VariantId
from digest.editions.edition import Edition, EditionState
from digest.editions.letter_sizes import fit_of
from digest.letters.letter import Form, made_out, restored, stored
from digest.letters.room import Fit, unbounded
from digest.letters.values import Recipient
from digest.lifecycle.adapters.erasure import sweep
from digest.sending.adapters.claims import has_work
from digest.sending.adapters.engine import Sending, send_all
from digest.sending.adapters.freshness import Freshness
from digest.sending.adapters.ledger import Ledger
from digest.sending.adapters.outcomes import OnUncertain, has_unsettled, settle_dead
from digest.sending.commit_group import Committed, Group
from digest.verp import ReturnPaths
from mail.adapters.found_limits import FoundLimits
from mail.headers import HeaderError
from mail.relay import Envelope
from mail.reply import Verdict
from storage.sender_lock import sender_lock

log = structlog.get_logger()
_FORMS = 200
"""How many variants are kept at hand: most letters share a few."""


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
    if not await asyncio.to_thread(has_work, service.database.read, clock(), digest_names(service)):
        return
    limits = await asyncio.to_thread(found_limits, service)
    connections = relays(service.config, limits)
    ledger = await asyncio.to_thread(_ledger, service, name, clock(), len(connections), limits)
    desk = _Desk(service, ledger, clock)
    job = Sending(
        relays=connections,
        commit=desk.commit,
        make_out=_make_out(service),
        stopping=stopping,
        told=told,
        allowed=(lambda: limits.connections) if limits else None,
    )
    try:
        with ledger.kept_open():
            await send_all(job)
    finally:
        await asyncio.to_thread(ledger.end, clock())
    await asyncio.to_thread(drop_erased_forms, service)
    await asyncio.to_thread(drop_nameless, service)


def _ledger(service: Service, name: str, now: datetime, connections: int, limits: FoundLimits | None) -> Ledger:
    return Ledger(
        service.database.write,
        name,
        OnUncertain(service.config.settings.mail.on_uncertain),
        now,
        digests=digest_names(service),
        pacing=pacing(service.config),
        connections=connections,
        patience=service.patience,
        limits=limits,
    )


def _is_idle(service: Service, now: datetime) -> bool:
    """Whether a sender would find nothing to do: then nothing is written, not even the lock."""
    return not (has_unsettled(service.database.read) or has_work(service.database.read, now, digest_names(service)))


def digest_names(service: Service) -> Sequence[str]:
    """The digests that are configured: of others, nothing is sent."""
    return [digest.name for digest in service.config.settings.digests]


def settle(service: Service, now: datetime) -> None:
    """Settle what senders left that died, as the holder of the sender's lock; always before planning."""
    on_uncertain = OnUncertain(service.config.settings.mail.on_uncertain)
    settle_dead(service.database.read, service.database.write, on_uncertain, now)


def render_forms(service: Service, now: datetime) -> bool:
    """Render what has no bytes yet, texts that are gone pulled first; False when some of those are claimed still."""
    pulled = pull_gone(service, now)
    for digest in service.config.settings.digests:
        edition = service.editions.newest(digest.name)
        if edition is not None and edition.state is EditionState.SENDING:
            _render(service, digest, edition, now)
    return not pulled.under_way


def pull_gone(service: Service, now: datetime) -> Pulled:
    """Take what was withdrawn or erased out of every letter that nobody has claimed yet."""
    cut = oldest_open_cut(service.database.read)
    if cut is None:
        return Pulled()
    store = service.articles
    gone = Gone(withdrawn=frozenset(store.withdrawn(cut)), erased=frozenset(store.erased(cut)))
    digests = {each.name: each for each in service.config.settings.digests}

    def fit(edition: Edition) -> Fit:
        digest = digests.get(edition.digest)
        return fit_of(service, digest, edition) if digest else unbounded

    return pull(service.database.write, gone, now, fit_of=fit)


def drop_erased_forms(service: Service) -> int:
    """Drop the bytes of letters that show an erased text and are not under way any more; says of how many."""
    dropped = drop_forms_with(service.database.read, service.database.write, service.articles.erased())
    if dropped:
        service.database.scrub()
    return dropped


def drop_nameless(service: Service) -> int:
    """Drop what was kept of erased people until the fate of their last letters was known; says of how many."""
    return sweep(service.database.read, service.database.write)


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
    if failed and len(failed) == len(contents) and not service.editions.has_forms(edition):
        service.editions.pause(edition, "no letter could be rendered: see the log for the template and its line")
        return
    for variant in failed:
        service.editions.hold_variant(variant, now)


def _make_out(service: Service) -> Callable[[Claim], Awaitable[Envelope | None]]:
    """How a claim becomes an envelope."""
    senders = {each.name: each.from_.address for each in service.config.settings.digests}
    bounces = service.config.settings.bounces.address
    paths = ReturnPaths(service.key, bounces) if bounces else None
    forms: dict[VariantId, Form] = {}

    async def make_out(claim: Claim) -> Envelope | None:
        made = forms.get(claim.variant)
        if made is None:
            made = await asyncio.to_thread(lambda: restored(service.editions.form(claim.variant)))
            if len(forms) >= _FORMS:
                del forms[next(iter(forms))]
            forms[claim.variant] = made
        try:
            letter = made_out(made, Recipient(address=claim.address, leave_token=claim.token))
        except HeaderError as error:
            log.error("letter_unfit", subscription=claim.subscription, header=error.header)  # noqa: TRY400 - the traceback would hold the address
            return None
        if paths is None:
            return Envelope(sender=senders[claim.digest], recipient=claim.address, letter=letter)
        tag = paths.tag(claim.edition, claim.subscription)
        return Envelope(sender=paths.sender(tag), recipient=claim.address, letter=letter, id=tag)

    return make_out


class _Desk:
    """The ledger, but letters are made anew before they are claimed wherever a text they show is gone.

    What was withdrawn meanwhile leaves the letters to come, and an edition that joins is rendered first.
    """

    def __init__(self, service: Service, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self._service = service
        self._ledger = ledger
        self._clock = clock
        store = service.articles
        self._texts = Freshness(
            store.last_seq, lambda connection, seq: _gone(store, connection, seq), digest_names(service)
        )

    async def commit(self, group: Group) -> Committed:
        """Commit a group; what it claims and marks holds no text that was withdrawn or erased before.

        When it raises, it may be tried again as it is, whatever of it is written already.
        """
        if self._service.leaves.pending():
            await asyncio.to_thread(self._service.leaves.replay)
        committed = self._ledger.commit(group, self._clock(), self._texts)
        while committed.stale:
            await asyncio.to_thread(self._refresh)
            again = self._ledger.commit(Group(wanted=group.wanted), self._clock(), self._texts)
            committed = replace(again, marked=committed.marked, stopped=committed.stopped | again.stopped)
        if group.wanted:
            self._texts.claimed()
        return committed

    def _refresh(self) -> None:
        """Make waiting letters anew; what raises on the way is done again."""
        with self._service.database.read.begin() as connection:
            present = self._texts.present(connection)
        self._texts.refreshed(present, all_pulled=render_forms(self._service, self._clock()))


def _gone(store: ArticleStore, connection: Connection, after: Seq) -> Gone:
    removed = store.removed_after(after, connection)
    return Gone(
        withdrawn=frozenset(article for article, kind in removed.items() if kind is Kind.WITHDRAWN),
        erased=frozenset(article for article, kind in removed.items() if kind is Kind.ERASED),
    )
