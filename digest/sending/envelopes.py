"""Envelopes: a claimed letter made out to its recipient, with the return path that names it (VERP)."""

import asyncio
from collections.abc import Mapping

import structlog

from digest.editions.adapters.forms import LetterForms
from digest.editions.delivery import Claim
from digest.ids import VariantId
from digest.letters.letter import LetterForm, made_out, restored
from digest.letters.values import Recipient
from digest.verp import ReturnPaths
from mail.headers import HeaderError
from mail.relay import Envelope

log = structlog.get_logger()
_FORMS = 200
"""How many variants are kept at hand: most letters share a few."""


class Envelopes:
    """Makes envelopes. `senders` are the digests' addresses; `paths` is None where nobody reads returned mail."""

    def __init__(self, kept: LetterForms, senders: Mapping[str, str], paths: ReturnPaths | None) -> None:
        self._kept = kept
        self._senders = senders
        self._paths = paths
        self._forms: dict[VariantId, LetterForm] = {}

    async def make_out(self, claim: Claim) -> Envelope | None:
        """The letter of this claim; None where its recipient does not fit into a header."""
        form = await self._form(claim.variant)
        try:
            letter = made_out(form, Recipient(address=claim.address, leave_token=claim.token))
        except HeaderError as error:
            log.error("letter_unfit", subscription=claim.subscription, header=error.header)  # noqa: TRY400 - the traceback would hold the address
            return None
        if self._paths is None:
            return Envelope(sender=self._senders[claim.digest], recipient=claim.address, letter=letter)
        tag = self._paths.tag(claim.edition, claim.subscription)
        return Envelope(sender=self._paths.sender(tag), recipient=claim.address, letter=letter, id=tag)

    async def _form(self, variant: VariantId) -> LetterForm:
        form = self._forms.get(variant)
        if form is None:
            form = await asyncio.to_thread(lambda: restored(self._kept.form(variant)))
            if len(self._forms) >= _FORMS:
                del self._forms[next(iter(self._forms))]
            self._forms[variant] = form
        return form
