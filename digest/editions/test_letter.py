"""Test letter: the next letter as it would go now, to one address, marked as a test and written down nowhere."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from digest.editions.digest import Digest
from digest.editions.preview import Preview
from digest.letters.letter import Render, made_out
from digest.letters.values import Recipient
from mail.address import Address
from mail.relay import Envelope, Relay
from mail.reply import Reply

NOBODY = "0" * 32
"""A leave token that no subscription has: they are random, and a page says politely that it does not know this one."""

_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class MarkedLetters:
    """Test letters: makes them and hands them over. `relay` opens a connection of its own."""

    preview: Preview
    relay: Callable[[], Relay]

    def letter(self, digest: Digest, recipient: Address, now: datetime) -> bytes | None:
        """The letter of the edition to come, for one who wants everything, marked; None when it would be empty."""
        made = self.preview.rendered_by(_marked(self.preview.composer.render)).form(digest, None, now)
        if made is None:
            return None
        # A Message-ID of its own: mailboxes throw away what they have had already, and Gmail counts it.
        unlike_others = replace(made, edition=f"test.{now.astimezone(UTC):%Y%m%dT%H%M%S%f}")
        return made_out(unlike_others, Recipient(address=recipient.text, leave_token=NOBODY))

    async def hand_over(self, digest: Digest, recipient: Address, letter: bytes) -> Reply:
        """Give a letter to the relay, past the ledger: no edition, sending or paused, is touched by it."""
        carrier = self.relay()
        envelope = Envelope(sender=digest.sender.address, recipient=recipient.text, letter=letter)
        try:
            refused = await carrier.offer(envelope)
            return refused or await carrier.finish()
        finally:
            await carrier.close()


def _marked(render: Render) -> Render:
    """The same templates with the mark set before what they say: an operator's own template does not lose it."""

    def rendered(name: str, values: Mapping[str, object]) -> str:
        text = render(name, values)
        match name:
            case "letters/subject.txt":
                return render("letters/test_subject.txt", {"subject": text})
            case "letters/edition.txt":
                return render("letters/test.txt", values) + text
            case "letters/edition.html":
                body = _BODY.search(text)
                start = body.end() if body else 0
                return text[:start] + render("letters/test.html", values) + text[start:]
        return text

    return rendered
