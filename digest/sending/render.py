"""Render: letters that wait get their bytes, and are made anew where a text that they show is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from articles.adapters.store import ArticleStore
from digest.editions.adapters.edition_control import EditionControl
from digest.editions.adapters.editions import Editions
from digest.editions.adapters.forms import LetterForms
from digest.editions.adapters.variants import drop_forms_with
from digest.editions.adapters.withdrawn_texts import WithdrawalResult, WithdrawnTexts, oldest_open_cut, withdraw_texts
from digest.editions.compose import Composer
from digest.editions.digest import Digest
from digest.editions.edition import Edition, EditionState
from digest.editions.letter_sizes import fit_of
from digest.ids import VariantId
from digest.letters.letter import stored
from digest.letters.room import Fit, unbounded
from storage.database import Database
from storage.failures import StoreFailure

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Render:
    """Rendering the letters of all editions that are being sent."""

    database: Database
    articles: ArticleStore
    editions: Editions
    control: EditionControl
    forms: LetterForms
    composer: Composer
    digests: Sequence[Digest]

    def render_waiting(self, now: datetime) -> bool:
        """Render what has no bytes yet, texts that are gone pulled first.

        False when some of those are claimed still: of these one may come back.
        """
        pulled = self.pull_gone(now)
        for digest in self.digests:
            edition = self.editions.newest(digest.name)
            if edition is not None and edition.state is EditionState.SENDING:
                self._render(digest, edition, now)
        return not pulled.under_way

    def pull_gone(self, now: datetime) -> WithdrawalResult:
        """Take what was withdrawn or erased out of every letter that nobody has claimed yet."""
        cut = oldest_open_cut(self.database.read)
        if cut is None:
            return WithdrawalResult()
        gone = WithdrawnTexts(
            withdrawn=frozenset(self.articles.withdrawn(cut)), erased=frozenset(self.articles.erased(cut))
        )
        digests = {digest.name: digest for digest in self.digests}

        def fit(edition: Edition) -> Fit:
            digest = digests.get(edition.digest)
            return fit_of(self.composer, digest, edition) if digest else unbounded

        return withdraw_texts(self.database.write, gone, now, fit_of=fit)

    def drop_erased(self) -> int:
        """Drop the bytes of letters that show an erased text and are not under way any more; says of how many."""
        dropped = drop_forms_with(self.database.read, self.database.write, self.articles.erased())
        if dropped:
            self.database.scrub()
        return dropped

    def _render(self, digest: Digest, edition: Edition, now: datetime) -> None:
        """Render an edition's variants. One that fails is held and the rest goes on; when all fail, the edition pauses.

        What the store or the disk does wrong is not the variant's fault: that is raised, and tried again.
        """
        failed: list[VariantId] = []
        contents = self.forms.unrendered(edition)
        for variant, content in contents.items():
            try:
                form = self.composer.letter_form(digest, edition, content)
            except (StoreFailure, OSError):
                raise
            except Exception:  # a template or an article may fail in any way
                log.exception("variant_failed", digest=digest.name, edition=edition.key, variant=variant)
                failed.append(variant)
            else:
                self.forms.keep_form(variant, stored(form))
        if failed and len(failed) == len(contents) and not self.forms.has_forms(edition):
            self.control.pause(edition, "no letter could be rendered: see the log for the template and its line")
            return
        for variant in failed:
            self.forms.hold_variant(variant, now)
