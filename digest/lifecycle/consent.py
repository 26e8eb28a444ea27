"""What people agree to when they subscribe: a template's words, kept as they were shown (GDPR, article 7.1)."""

from budkavle.config.settings import Language
from budkavle.installation.wiring import Service
from digest.lifecycle.double_opt_in import ConsentText, consent_of

TEMPLATE = "pages/consent.txt"
LANGUAGES: tuple[Language, ...] = ("sv", "en")


def consent_text(service: Service, language: str) -> ConsentText:
    """What you agree to when you subscribe, in this language. Writes nothing."""
    publishers = [publisher.name for publisher in service.config.settings.publishers]
    text = service.render_in(language)(TEMPLATE, {"publishers": publishers})
    return consent_of(language, text.strip() + "\n")


def shown_text(service: Service, known_as: str) -> ConsentText | None:
    """Today's text with this hash, in whichever language; None for another text."""
    texts = (consent_text(service, language) for language in LANGUAGES)
    return next((text for text in texts if text.hash == known_as), None)
