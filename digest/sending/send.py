"""From a planned edition to its last letter: render, claim, send."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy.exc import DatabaseError

from budkavle.installation.wiring import Service, found_limits, pacing, relays
from digest.editions.adapters.variants import drop_forms_with
from digest.editions.adapters.withdrawn_texts import Gone, Pulled, oldest_open_cut, pull
from digest.editions.delivery import Claim
from digest.editions.digest import Digest
from digest.editions.edition import Edition, EditionState
from digest.editions.letter_sizes import fit_of
from digest.ids import VariantId
from digest.letters.letter import Form, made_out, restored, stored
from digest.letters.room import Fit, unbounded
from digest.letters.values import Recipient
from digest.lifecycle.adapters.erasure import sweep
from digest.sending.adapters.claims import has_work
from digest.sending.adapters.engine import Sending, send_all
from digest.sending.adapters.freshness import StoredActs, under_way
from digest.sending.adapters.ledger import Ledger
from digest.sending.adapters.outcomes import has_unsettled, settle_dead
from digest.sending.commit_group import Committed, Group
from digest.sending.freshness import Freshness
from digest.sending.sender import OnUncertain, Sender
from digest.verp import ReturnPaths
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
    sender = _sender(service, name, len(connections))
    acts = StoredActs(service.articles)
    ledger = await asyncio.to_thread(Ledger, service.database.write, sender, clock(), limits, acts)
    job = Sending(
        relays=connections,
        commit=_FreshCommits(service, ledger, clock).commit,
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


def _sender(service: Service, name: str, connections: int) -> Sender:
    return Sender(
        name=name,
        on_uncertain=OnUncertain(service.config.settings.mail.on_uncertain),
        digests=digest_names(service),
        pacing=pacing(service.config),
        connections=connections,
        patience=service.patience,
    )


def _is_idle(service: Service, now: datetime) -> bool:
    """Whether a sender would find nothing to do: then nothing is written, not even the lock."""
    return not (has_unsettled(service.database.read) or has_work(service.database.read, now, digest_names(service)))


def digest_names(service: Service) -> Sequence[str]:
    """The digests that are configured: of others, nothing is sent."""
    return [digest.name for digest in service.digests]


def settle(service: Service, now: datetime) -> None:
    """Settle what senders left that died, as the holder of the sender's lock; always before planning."""
    on_uncertain = OnUncertain(service.config.settings.mail.on_uncertain)
    settle_dead(service.database.read, service.database.write, on_uncertain, now)


def render_forms(service: Service, now: datetime) -> bool:
    """Render what has no bytes yet, texts that are gone pulled first; False when some of those are claimed still."""
    pulled = pull_gone(service, now)
    for digest in service.digests:
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
    digests = {each.name: each for each in service.digests}

    def fit(edition: Edition) -> Fit:
        digest = digests.get(edition.digest)
        return fit_of(service.composer, digest, edition) if digest else unbounded

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
            made = service.composer.letter_form(digest, edition, content)
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
    senders = {each.name: each.sender.address for each in service.digests}
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


class _FreshCommits:
    """Commits groups of which no letter that is claimed or marked shows a text that is gone."""

    def __init__(self, service: Service, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self._service = service
        self._ledger = ledger
        self._clock = clock
        self._freshness = Freshness()

    async def commit(self, group: Group) -> Committed:
        """Commit a group; while its letters are stale nothing is claimed, and they are made anew.

        When it raises, it may be tried again as it is, whatever of it is written already.
        """
        if self._service.leaves.pending():
            await asyncio.to_thread(self._service.leaves.replay)
        committed = self._ledger.commit(group, self._clock(), self._freshness)
        while committed.stale:
            self._freshness = await asyncio.to_thread(self._made_anew, committed.freshness or self._freshness)
            again = self._ledger.commit(Group(wanted=group.wanted), self._clock(), self._freshness)
            committed = again.after(committed)
        freshness = committed.freshness or self._freshness
        self._freshness = freshness.after_claiming() if group.wanted else freshness
        return committed

    def _made_anew(self, freshness: Freshness) -> Freshness:
        """Make waiting letters anew; what raises on the way is done again."""
        service = self._service
        with service.database.read.begin() as connection:
            newest = service.articles.last_seq(connection)
            editions = under_way(connection, digest_names(service))
        return freshness.after_making(newest, editions, all_pulled=render_forms(service, self._clock()))
