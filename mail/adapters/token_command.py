"""Access tokens (OAuth 2.0) from a command of the operator's: it prints one, and is run again when that is refused.

What it prints is never logged and stands in no exception; of what it complains about, one line without addresses and
without anything that looks like a secret.
"""

import asyncio
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from mail.redaction import line_without_addresses

SECONDS = 30
"""How long the command may take."""
_LONGEST_TOKEN = 16_384
_LONGEST_LINE = 2_000
_SHOWN = 200
_SECRET = re.compile(r"(?i)\b([\w-]*(?:secret|password|passwd|token|bearer|key|code)\w*)[\"']?\s*[=: ]\s*\S+")
_LONG = re.compile(r"[\w+.=~-]{20,}")


class TokenError(ValueError):
    """The command gave no token. `lasting` when no waiting mends it: it is not there, or must not be run."""

    def __init__(self, command: str, why: str, *, lasting: bool = False) -> None:
        super().__init__(f"token_command {command}: {why}")
        self.lasting = lasting


class TokenCommand:
    """One token for all connections, until the relay refuses it. `words` are run as they are, by no shell."""

    def __init__(self, words: Sequence[str], seconds: float = SECONDS) -> None:
        self._words = list(words)
        self._seconds = seconds
        self._token: str | None = None

    async def token(self) -> str:
        """The token in use, or a new one. Raises TokenError."""
        if self._token is None:
            self._token = await asyncio.to_thread(self.run)
        return self._token

    def prepare(self) -> None:
        """Have a token at hand. Raises TokenError."""
        self._token = self.run()

    def forget(self) -> None:
        """The relay refused the token: the next one is asked for."""
        self._token = None

    def run(self) -> str:
        """Run the command; the first line that it prints is the token. Raises TokenError."""
        name = Path(self._words[0]).name
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command, by the operator's own words
                self._words, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=self._seconds
            )
        except subprocess.TimeoutExpired:
            raise TokenError(name, f"no token within {self._seconds:g} seconds") from None
        except OSError as error:
            raise TokenError(name, f"cannot be run: {error.strerror}", lasting=True) from None
        if done.returncode:
            raise TokenError(name, f"exit code {done.returncode}: {_harmless(done.stderr)}")
        token = done.stdout[:_LONGEST_TOKEN].decode("ascii", "replace").strip()
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise TokenError(name, "prints no token; it must print one, in one line, and nothing else")
        return token


def _harmless(said: bytes) -> str:
    """The last line of a complaint, short, without addresses and without what looks like a secret."""
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    line = line_without_addresses(
        "".join(sign for sign in (lines[-1][:_LONGEST_LINE] if lines else "") if sign.isprintable())
    )
    line = _LONG.sub("…", _SECRET.sub(r"\1 …", line)).strip()
    return line[:_SHOWN] or "it says nothing"
