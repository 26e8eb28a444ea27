"""Field types of settings: parsers from text to value, or to what is wrong with it and the remedy."""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from articles.uri import uri
from budkavle.rendering.translations import languages
from digest.return_spellings import LONGEST_LOCAL
from feeds.entries.address import is_public

SLUG_SIZE = 64
PORTS = 65535


class Wrong(ValueError):  # noqa: N818 - "raise Wrong" reads as what it says
    """A wrong value: what is wrong, to be read after the value itself, and what to write instead."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what, self.remedy = what, remedy


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """A mail address, perhaps with the name that people are shown."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, kw_only=True)
class Listen:
    """Where the web server listens. Port 0 lets the system choose one."""

    host: str
    port: int


def nearest(word: str, choices: list[str]) -> str | None:
    """The one of the choices that was probably meant, if any is near."""
    folded = {choice.casefold(): choice for choice in choices}
    close = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def language(text: str) -> str:
    """A language that people can be written to in."""
    choices = sorted(languages(), reverse=True)
    if text not in choices:
        close = nearest(text, choices)
        raise Wrong("is not allowed", f'write "{close}"' if close else f"write one of {_quoted(choices)}")
    return text


def _quoted(choices: list[str]) -> str:
    return ", ".join(f'"{choice}"' for choice in choices)


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def words(text: str) -> str:
    """A text that people read: not empty, in one line, so that it can stand in a header."""
    if not text.strip():
        raise Wrong("is empty", "write a text")
    if text != text.strip():
        raise Wrong("begins or ends with a blank", f'write "{text.strip()}"')
    if any(unicodedata.category(sign) in {"Cc", "Zl", "Zp"} for sign in text):
        raise Wrong("has a line break or control character", "write it in one line")
    return text


def slug(text: str) -> str:
    """A name that may stand in addresses and file names."""
    if re.fullmatch(r"[a-z0-9][a-z0-9-]*", text) and len(text) <= SLUG_SIZE:
        return text
    remedy = f"use a–z, 0–9 and hyphens, at most {SLUG_SIZE}"
    better = slugged(text)
    raise Wrong("cannot stand in an address", f'{remedy}, such as "{better}"' if better else remedy)


def slugged(text: str) -> str:
    """The slug nearest to a text, or nothing."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_SIZE].strip("-")


def timezone(text: str) -> ZoneInfo:
    """A time zone of the IANA database."""
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = nearest(text, sorted(available_timezones())) or "Europe/Stockholm"
        raise Wrong("is no time zone", f'write "{close}"') from None


def time_of_day(text: str) -> time:
    """A time from "00:00" to "23:59"."""
    if re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        return time.fromisoformat(text)
    raise Wrong("is no time of day", 'write hours and minutes, such as "08:00"')


def day(value: object) -> date:
    """A day of TOML's own kind, which has no quotation marks."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise Wrong("is no day", "write year, month and day without quotes, such as 2026-12-31")


def _has_host(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.port != 0 and bool(parts.hostname)  # to ask for the port checks it
    except ValueError:
        return False


def web_address(text: str) -> str:
    """An absolute http or https address."""
    whole = text.startswith(("http://", "https://")) and _has_host(text)
    if not whole or not text.isprintable() or any(sign in text for sign in ' \\"<>'):
        raise Wrong("is no address on the web", 'write it whole, such as "https://www.example.org/"')
    return text


def public_url(text: str) -> str:
    """The address that everything published lies under: https, or http on this machine alone."""
    web_address(text)
    if not text.isascii():
        raise Wrong("has letters that stand in no address as it is asked for", f'write "{uri(text)}"')
    parts = urlsplit(text)
    if parts.query or parts.fragment or "@" in parts.netloc or text.endswith(("?", "#")):
        raise Wrong("has more than host and path", "leave out user, query and fragment")
    safe = parts.scheme == "https" or is_loopback(parts.hostname or "")
    right = f"{text if safe else 'https' + text.removeprefix('http')}".rstrip("/") + "/"
    if not safe:
        raise Wrong("is http, which is for this machine alone", f'write "{right}"')
    if text != right:
        raise Wrong("does not end in one slash", f'write "{right}"')
    return text


def hub(text: str) -> str:
    """A WebSub hub: https out on the internet, or any address on this machine."""
    web_address(text)
    parts = urlsplit(text)
    if "@" in parts.netloc or "#" in text:
        raise Wrong("has a user or a fragment", "leave it out")
    host = (parts.hostname or "").rstrip(".")
    if is_loopback(host):
        return text
    if parts.scheme != "https":
        raise Wrong("is http, which is for this machine alone", f'write "https{text.removeprefix("http")}"')
    if _is_private(host):
        raise Wrong("is no address on the internet", "write the name of a public hub, or one on this machine")
    return text


def _is_private(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:  # a name: where it leads is checked when it is asked
        return False


def tag_authority(text: str) -> str:
    """Who mints the ids, in the form of RFC 4151: a domain, and a year in which it was theirs."""
    if re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+,[0-9]{4}", text):
        return text
    raise Wrong("is no tag authority", 'write a domain and a year in which it was yours, such as "example.org,2026"')


def mailbox(text: str) -> Mailbox:
    """A mail address with or without a name before it; quotation marks around the name are no part of it."""
    match = re.fullmatch(r'(?:"?([^"<>]*?)"? *<)?([^<>]+?)(>?)', text)
    if match is None or bool(match[3]) != ("<" in text):
        raise Wrong("is no mail address", 'write "nyheter@example.org" or "Nyheter <nyheter@example.org>"')
    return Mailbox(name=words(match[1]) if match[1] else "", address=_ascii_address(match[2]))


def _ascii_address(text: str) -> str:
    # email-validator takes longer to import than the configuration to read, and not every file has an address.
    from mail.address import AddressError, parse_address  # noqa: PLC0415 - as above

    try:
        return parse_address(text).text
    except AddressError:
        remedy = 'write it like "nyheter@example.org", without å, ä, ö before the @'
        raise Wrong("is no mail address that every mail server takes", remedy) from None


def address(text: str) -> str:
    """A mail address alone."""
    parsed = mailbox(text)
    if parsed.name:
        raise Wrong("has a name beside the address", f'write "{parsed.address}"')
    return parsed.address


def bounce_address(text: str) -> str:
    """A mail address that has room for a return tag before its @."""
    parsed = address(text)
    local = parsed.rpartition("@")[0]
    if len(local) > LONGEST_LOCAL:
        remedy = f"choose one with at most {LONGEST_LOCAL} characters, such as studs"
        raise Wrong("is too long before its @: each letter's number is added there", remedy)
    if "+" in local:
        raise Wrong("has a + before its @, where each letter's number is added", "write the address without it")
    return parsed


def listen(text: str) -> Listen:
    """A host and a port, `[…]` around an IPv6 address."""
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+):([0-9]{1,5})", text)
    if match and int(match[2]) <= PORTS:
        return Listen(host=match[1].strip("[]"), port=int(match[2]))
    if text.startswith(("unix:", "/", "./")) or text.endswith((".sock", ".socket")):
        raise Wrong("is a Unix socket, and Budkavle listens on TCP alone", 'write "127.0.0.1:8090"')
    raise Wrong("is not a host and a port", 'write "127.0.0.1:8090"')


def store_url(text: str) -> str:
    """The address of a SQLite file."""
    if text.startswith(("postgresql:", "postgres:")):
        raise Wrong("is a PostgreSQL store, which comes in a later version", 'write "sqlite:///var/budkavle.db"')
    if not re.fullmatch(r"sqlite:///[^?#:]+[^?#:/]", text) or not text.isprintable():
        raise Wrong("names no SQLite file", 'write "sqlite:///" and a path, such as "sqlite:///var/budkavle.db"')
    return text


def path(text: str) -> str:
    """A file or folder."""
    if not text or not text.isprintable() or text.startswith("~"):
        raise Wrong("is no path", 'write it from the folder of this file, such as "var/public", or from "/"')
    return text


def target(text: str) -> str:
    """The folder to publish into."""
    if "://" in text:
        raise Wrong("is no folder; other places come in a later version", 'write a path, such as "var/public"')
    return path(text)


def host(text: str) -> str:
    """A host name or IP address, without port."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        if re.fullmatch(r"[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*\.?", text):
            return text
    raise Wrong("is no host name", 'write it without port, such as "smtp.example.org"')


def picture(text: str) -> str:
    """A picture's file, of a kind that browsers show."""
    if not text.lower().endswith((".svg", ".png", ".webp")):
        raise Wrong("is no picture that can be shown", 'name an .svg, .png or .webp file, such as "look/logo.svg"')
    return path(text)
