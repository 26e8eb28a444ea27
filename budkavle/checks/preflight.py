"""Preflight check: what a faultless configuration still meets on this machine, before the daemon runs into it."""

import ipaddress
import ssl
import stat
from collections.abc import Callable, Iterable, Iterator
from email import policy
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from budkavle.checks.folders import folder_findings, refused
from budkavle.config.faults import ConfigFault, Finding, key_of
from budkavle.config.field_types import is_loopback
from budkavle.config.load import Config
from budkavle.config.settings import Smtp
from budkavle.config.toml_lines import Place, line_of, lines
from mail.domain_owner import owner_of


class Reach(Enum):
    """How far a check goes."""

    HERE = "this machine"
    RELAY = "this machine and the relay"


def worries(config: Config, reach: Reach) -> tuple[ConfigFault, ...]:
    """Warnings of what needs a person before all of this configuration works: all, in the order of the file's lines."""
    from budkavle.checks.letters import letter_findings  # noqa: PLC0415 - as below
    from budkavle.checks.names import name_findings  # noqa: PLC0415 - as below
    from budkavle.checks.store import store_findings  # noqa: PLC0415 - a faulty file is told without waiting for them
    from budkavle.checks.templates import template_faults  # noqa: PLC0415 - as above

    findings = [*folder_findings(config), *_proxies(config), *_password(config), *_ca_file(config)]
    findings += _as_far_as_it_goes(("store", "url"), lambda: store_findings(config.store_path))
    findings += _as_far_as_it_goes(("store", "url"), lambda: name_findings(config))
    if reach is Reach.RELAY:
        findings += _as_far_as_it_goes(("mail", "smtp"), lambda: _relay(config))
    try:
        templates = tuple(template_faults(config))
    except OSError as error:
        templates = ()
        findings.append(refused(("templates",), error))
    else:
        if not templates:
            findings += dict.fromkeys(letter_findings(config))
    return (*_placed(config, findings), *templates)


def hindrances(config: Config) -> tuple[ConfigFault, ...]:
    """Obstacles that would keep a daemon from starting with this configuration, or from making and sending letters."""
    from budkavle.checks.store import store_findings  # noqa: PLC0415 - as above
    from budkavle.checks.templates import template_faults  # noqa: PLC0415 - as above

    findings = [finding for finding in _password(config) if "holds no password" in finding.what]
    return (*_placed(config, [*findings, *store_findings(config.store_path)]), *template_faults(config))


def notes(config: Config) -> tuple[str, ...]:
    """Notes on what works, but less than an operator may think."""
    from budkavle.checks.imprint import imprint_findings  # noqa: PLC0415 - as below
    from budkavle.checks.names import silent_digests  # noqa: PLC0415 - slow to import

    findings = [*_plain_http(config), *_foreign_senders(config), *_no_store(config), *silent_digests(config)]
    findings += imprint_findings(config)
    return (*map(str, _placed(config, findings)), *_old_python())


def _placed(config: Config, findings: list[Finding]) -> list[ConfigFault]:
    lines_by_place = lines(config.file.read_text(encoding="utf-8-sig"))
    ordered = sorted(
        ((line_of(lines_by_place, finding.place), finding) for finding in findings), key=lambda pair: pair[0]
    )
    return [
        ConfigFault(
            file=str(config.file),
            line=line,
            key=key_of(finding.place),
            what=finding.what,
            remedy=finding.remedy,
            passes=finding.passes,
        )
        for line, finding in ordered
    ]


def _as_far_as_it_goes(place: Place, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What a check finds; where the system refuses it something, that is a finding, and the other checks go on."""
    try:
        yield from check()
    except OSError as error:
        yield refused(place, error)


def _proxies(config: Config) -> Iterator[Finding]:
    """Who can be reached from this machine alone is reached by visitors through a web server on it, which must count.

    A web server elsewhere, in front of a wider address, cannot be known before it connects: the daemon tells then.
    """
    web, host = config.settings.web, urlsplit(config.settings.public_url).hostname or ""
    listen_host = "127.0.0.1" if web.listen.host == "localhost" else web.listen.host
    if (
        is_loopback(host)
        or not is_loopback(listen_host)
        or any(_holds(proxy, listen_host) for proxy in web.trusted_proxies)
    ):
        return
    what = f"does not hold {listen_host}, where alone visitors can come from: all of them would count as one network"
    line = ", ".join(f'"{proxy}"' for proxy in (*web.trusted_proxies, listen_host))
    yield Finding(place=("web", "trusted_proxies"), what=what, remedy=f"write trusted_proxies = [{line}]")


def _holds(network: str, host: str) -> bool:
    return ipaddress.ip_address(host) in ipaddress.ip_network(network)


def _password(config: Config) -> Iterator[Finding]:
    imap, mail = config.settings.bounces.imap, config.settings.mail
    if config.password_file:
        table = mail.transport if mail.relay else "smtp"
        yield from _password_in(config.password_file, ("mail", table, "password_file"))
    if imap:
        yield from _password_in(config.folder / imap.password_file, ("bounces", "imap", "password_file"))


def _password_in(path: Path, place: Place) -> Iterator[Finding]:
    try:
        line = _first_line(path)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        yield Finding(place=place, what=f"{path} cannot be read: {why}", remedy="let this user alone read it")
        return
    if not line:
        what, remedy = f"{path} holds no password", "write it into the first line, readable by nobody else"
        yield Finding(place=place, what=what, remedy=remedy)
    elif path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding(place=place, what=f"{path} can be read by others", remedy=f"chmod 600 {path}")


def _first_line(path: Path) -> str | None:
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return next((line.strip() for line in text.splitlines()[:1]), None)


def _relay(config: Config) -> Iterator[Finding]:
    relay, path = config.settings.mail.relay, config.password_file
    try:
        password = _first_line(path) if path else None
    except (OSError, UnicodeDecodeError):
        return  # said of the file itself
    unready = (path and not password) or bool([*_ca_file(config)])
    if isinstance(relay, Smtp) and not unready:
        from budkavle.checks.relay import Trial, relay_findings  # noqa: PLC0415 - only who has a relay waits for it
        from mail.adapters.smtp_login import Login  # noqa: PLC0415 - as above
        from mail.adapters.token_command import TokenCommand  # noqa: PLC0415 - as above

        token = TokenCommand(relay.token_command) if relay.token_command else None
        login = Login(user=relay.user, password=password, token=token) if relay.user and (token or password) else None
        ca_file = str(config.ca_file) if config.ca_file else None
        yield from relay_findings(relay, Trial(login=login, ca_file=ca_file, sender=_sender(config)))


def _sender(config: Config) -> str | None:
    """An envelope sender as a letter of an edition has it, with a tag that belongs to no letter."""
    from digest.keys import Key  # noqa: PLC0415 - only who has a relay waits for it
    from digest.verp import ReturnPaths  # noqa: PLC0415 - as above

    bounces = config.settings.bounces.address
    if bounces is None:
        return next((digest.from_.address for digest in config.settings.digests), None)
    paths = ReturnPaths(Key(bytes(32)), bounces)
    return paths.sender(paths.tag(0, 0))


def _ca_file(config: Config) -> Iterator[Finding]:
    """The certificates that are named must be there and be certificates."""
    path, place = config.ca_file, ("mail", "smtp", "ca_file")
    if path is None:
        return
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ValueError) as error:  # ssl.SSLError among them
        why = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else "no certificate"
        what, remedy = f"{path}: {why}", "name a file of certificates in PEM form that this user can read"
        yield Finding(place=place, what=what, remedy=remedy)


def _plain_http(config: Config) -> Iterator[Finding]:
    if config.settings.public_url.startswith("http:"):
        what = "is not https: letters go without the one-click header for leaving (RFC 8058)"
        yield Finding(place=("public_url",), what=what, remedy="fine for a rehearsal")


def _foreign_senders(config: Config) -> Iterator[Finding]:
    host = urlsplit(config.settings.public_url).hostname or ""
    for number, digest in enumerate(config.settings.digests):
        domain = digest.from_.address.rpartition("@")[2]
        if not is_loopback(host) and owner_of(domain) != owner_of(host):
            what = f"letters come from {domain}, and their links lead to {host}"
            remedy = "readers and spam filters trust them more under one domain"
            yield Finding(place=("digests", number, "from"), what=what, remedy=remedy)


def _no_store(config: Config) -> Iterator[Finding]:
    from budkavle.checks.store import no_store_yet  # noqa: PLC0415 - as above

    if no_store_yet(config.store_path):
        yield Finding(place=("store", "url"), what="there is no store yet", remedy="`budkavle import` makes it")


def _old_python() -> Iterator[str]:
    if not hasattr(policy.default, "verify_generated_headers"):
        yield (
            "this Python's own mail package can be made to forge headers (CVE-2024-6923); Budkavle's letters do not go "
            "through it; install the newest 3.11 or later all the same"
        )
