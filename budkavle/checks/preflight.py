"""What a configuration without fault still meets on this machine: said before the daemon runs into it."""

import os
import stat
from collections.abc import Iterator
from email import policy
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from budkavle.config import Config
from budkavle.config_faults import Fault, Finding, key_of
from budkavle.config_forms import is_loopback
from budkavle.config_lines import Place, line_of, lines


class Reach(Enum):
    """How far a check goes."""

    HERE = "this machine"
    RELAY = "this machine and the relay"


def worries(config: Config, reach: Reach) -> tuple[Fault, ...]:
    """What needs a person before all of this configuration works: all at once, in the order of the file's lines."""
    from budkavle.checks.names import name_findings  # noqa: PLC0415 - as below
    from budkavle.checks.store import store_findings  # noqa: PLC0415 - a faulty file is told without waiting for them
    from budkavle.checks.templates import template_faults  # noqa: PLC0415 - as above

    found = [*_places(config), *_password(config), *store_findings(config.store_path)]
    found += name_findings(config)
    if reach is Reach.RELAY:
        found += _relay(config)
    return (*_placed(config, found), *template_faults(config))


def notes(config: Config) -> tuple[str, ...]:
    """What works, but less than an operator may think."""
    from budkavle.checks.names import silent_digests  # noqa: PLC0415 - slow to import

    found = [*_plain_http(config), *_foreign_senders(config), *silent_digests(config)]
    return (*map(str, _placed(config, found)), *_old_python())


def _placed(config: Config, found: list[Finding]) -> list[Fault]:
    known = lines(config.file.read_text(encoding="utf-8-sig"))
    ordered = sorted(((line_of(known, one.place), one) for one in found), key=lambda pair: pair[0])
    return [
        Fault(file=str(config.file), line=line, key=key_of(one.place), what=one.what, remedy=one.remedy)
        for line, one in ordered
    ]


def _places(config: Config) -> Iterator[Finding]:
    """Folders that are read must be there; folders that are written to must be there or can be made."""
    for number, place in enumerate(config.sources()):
        if not place.folder.is_dir():
            what, remedy = f"{place.folder} does not exist", "make it, or mend the path"
            yield Finding(place=("sources", number, "path"), what=what, remedy=remedy)
    look = config.settings.look
    for name, picture in (("logo", look.logo), ("logo_dark", look.logo_dark)):
        if picture and not (config.folder / picture).is_file():
            what = f"{config.folder / picture} does not exist"
            yield Finding(place=("look", name), what=what, remedy="put the picture there, or mend the path")
    written: list[tuple[Place, Path]] = [
        (("store", "url"), config.store_path.parent),
        (("publish", "target"), config.publish_folder),
    ]
    if config.settings.mail.transport == "maildir":
        written.append((("mail", "path"), config.outbox))
    for setting, folder in written:
        if not _can_be_written(folder):
            what, remedy = f"{folder} cannot be written to", "let this user write there, or name another place"
            yield Finding(place=setting, what=what, remedy=remedy)


def _can_be_written(folder: Path) -> bool:
    """Whether this user may make files in a folder, or make the folder itself."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _password(config: Config) -> Iterator[Finding]:
    imap = config.settings.bounces.imap
    if config.password_file:
        yield from _password_in(config.password_file, ("mail", "smtp", "password_file"))
    if imap:
        yield from _password_in(config.folder / imap.password_file, ("bounces", "imap", "password_file"))


def _password_in(path: Path, place: Place) -> Iterator[Finding]:
    if not _first_line(path):
        what, remedy = f"{path} holds no password", "write it into the first line, readable by nobody else"
        yield Finding(place=place, what=what, remedy=remedy)
    elif path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding(place=place, what=f"{path} can be read by others", remedy=f"chmod 600 {path}")


def _first_line(path: Path) -> str | None:
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return next((line.strip() for line in text.splitlines()[:1]), None)


def _relay(config: Config) -> Iterator[Finding]:
    smtp, path = config.settings.mail.smtp, config.password_file
    password = _first_line(path) if path else None
    if config.settings.mail.transport == "smtp" and smtp and not (path and not password):
        from budkavle.checks.relay import relay_findings  # noqa: PLC0415 - only who has a relay waits for it

        yield from relay_findings(smtp, password)


def _plain_http(config: Config) -> Iterator[Finding]:
    if config.settings.public_url.startswith("http:"):
        what = "is not https: letters go without the one-click header for leaving (RFC 8058)"
        yield Finding(place=("public_url",), what=what, remedy="fine for a rehearsal")


def _foreign_senders(config: Config) -> Iterator[Finding]:
    host = urlsplit(config.settings.public_url).hostname or ""
    for number, digest in enumerate(config.settings.digests):
        domain = digest.from_.address.rpartition("@")[2]
        if not is_loopback(host) and _owner(domain) != _owner(host):
            what = f"letters come from {domain}, and their links lead to {host}"
            remedy = "readers and spam filters trust them more under one domain"
            yield Finding(place=("digests", number, "from"), what=what, remedy=remedy)


def _owner(host: str) -> str:
    """The last two labels: near enough to whom a domain belongs to for a hint."""
    return ".".join(host.lower().rsplit(".", 2)[-2:])


def _old_python() -> Iterator[str]:
    if not hasattr(policy.default, "verify_generated_headers"):
        yield (
            "this Python's own mail package can be made to forge headers (CVE-2024-6923); Budkavle's letters do not go "
            "through it; install the newest 3.11 or later all the same"
        )
