"""Wiring of bounces: what processes returned mail, and where it is read from."""

import socket
from collections.abc import Collection

from budkavle.config.load import BOUNCES, Config
from budkavle.installation.passwords import password_in
from budkavle.installation.stores import Stores
from digest.bounces.adapters.imap import Mailbox
from digest.bounces.adapters.unknown import UnknownMessages
from digest.bounces.process import ProcessBounces
from digest.sending.adapters.domain_backoff_admin import DomainReturns


def process_bounces(stores: Stores, domains: DomainReturns) -> ProcessBounces:
    """What processes returned mail."""
    return ProcessBounces(
        key=stores.key,
        bounces=stores.bounces,
        returned=stores.returned_notices,
        domains=domains,
        unsubscribe=stores.unsubscribe,
        unknown=UnknownMessages(stores.database.beside(str(BOUNCES))),
        relay_names=relay_names(stores.config),
    )


def relay_names(config: Config) -> Collection[str]:
    """What the relay calls itself, as far as the configuration says; this machine may be the relay."""
    named = {*config.settings.bounces.relay_names, socket.gethostname()}
    smtp = config.settings.mail.smtp
    return {name.lower().rstrip(".") for name in (*named, *([smtp.host] if smtp else ()))}


def mailbox(config: Config) -> Mailbox | None:
    """The mailbox that returned mail is read from, if there is one. Raises NoPasswordError."""
    imap = config.settings.bounces.imap
    if imap is None:
        return None
    return Mailbox(
        host=imap.host,
        port=imap.port,
        tls=imap.tls,
        user=imap.user,
        password=password_in(config.folder / imap.password_file),
        folder=imap.folder,
        processed=imap.processed,
        unknown=imap.unknown,
    )
