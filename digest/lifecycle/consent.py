"""Consent: what people agree to when they subscribe, a template's words kept as they were shown (GDPR, article 7.1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from digest.letters.letter import Render
from digest.lifecycle.double_opt_in import ConsentText, consent_of

TEMPLATE = "pages/consent.txt"


@dataclass(frozen=True, kw_only=True)
class Consent:
    """Today's consent texts, one for each of `languages`, in which `publishers` are named.

    `render_in` gives what fills a template in a language.
    """

    render_in: Callable[[str], Render]
    languages: Sequence[str]
    publishers: Sequence[str]

    def text(self, language: str) -> ConsentText:
        """What you agree to when you subscribe, in this language. Writes nothing."""
        text = self.render_in(language)(TEMPLATE, {"publishers": self.publishers})
        return consent_of(language, text.strip() + "\n")

    def find(self, known_as: str) -> ConsentText | None:
        """Today's text with this hash, in whichever language; None for another text."""
        texts = (self.text(language) for language in self.languages)
        return next((text for text in texts if text.hash == known_as), None)
