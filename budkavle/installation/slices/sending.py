"""Wiring of sending: how letters leave, and what makes and sends them."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from budkavle.config.load import Config
from budkavle.installation.passwords import password_in
from budkavle.installation.stores import Stores
from digest.editions.compose import Composer
from digest.editions.digest import Digest
from digest.sending.domain_backoff import Patience
from digest.sending.envelopes import Envelopes
from digest.sending.render import Render
from digest.sending.send import Send
from digest.sending.sender import OnUncertain, SendingRules
from digest.verp import ReturnPaths
from mail.adapters.found_limits import FoundLimits
from mail.adapters.maildir import MaildirRelay
from mail.adapters.smtp import SmtpRelay
from mail.adapters.smtp_connect import RelayAddress, Tls
from mail.adapters.throttle import learned_of
from mail.adapters.token_command import TokenCommand
from mail.adapters.transport import Transport
from mail.limits.estimates import Learned
from mail.limits.throttle import Pacing
from storage.store import SENDER


def _maildir(config: Config) -> Transport:
    outbox = config.outbox
    return Transport(name=str(outbox), relays=lambda _: [MaildirRelay(outbox)], keeps_letters_in=outbox)


def _smtp(config: Config) -> Transport:
    smtp = config.settings.mail.smtp
    if smtp is None:  # whoever checked the configuration has refused this
        return _maildir(config)
    name = f"{smtp.host}:{smtp.port}"

    def relays(limits: FoundLimits | None) -> list[SmtpRelay]:
        where = RelayAddress(
            host=smtp.host,
            port=smtp.port,
            tls=Tls(smtp.tls),
            user=smtp.user,
            password=password_in(config.password_file) if config.password_file else None,
            letters=smtp.letters_per_connection,
            token=TokenCommand(smtp.token_command) if smtp.token_command else None,
            ca_file=str(config.ca_file) if config.ca_file else None,
        )
        shared = limits or FoundLimits(smtp.connections)
        return [SmtpRelay(where, shared) for _ in range(smtp.connections)]

    pacing = Pacing(relay=name, rate=smtp.rate, burst=smtp.burst)
    return Transport(name=name, relays=relays, connections=smtp.connections, pacing=pacing)


TRANSPORTS: Mapping[str, Callable[[Config], Transport]] = {"maildir": _maildir, "smtp": _smtp}
"""What `mail.transport` may name."""


def transport(config: Config) -> Transport:
    """The transport of letters, as the configuration chooses."""
    return TRANSPORTS[config.settings.mail.transport](config)


def learned_limits(stores: Stores) -> Learned:
    """The limits that were found of the relay; none where there is no relay, or no limit was met."""
    pacing = transport(stores.config).pacing
    if pacing is None:
        return Learned()
    with stores.database.read.begin() as connection:
        return learned_of(connection, pacing.relay)


def found_limits(stores: Stores) -> FoundLimits | None:
    """What is known of the relay's limits; None where there is no relay. What is found from now on, it tells."""
    way = transport(stores.config)
    if way.pacing is None:
        return None
    return FoundLimits(way.connections, learned=learned_limits(stores), lines=stores.connections)


def patience(config: Config) -> Patience:
    """Backoff of domains that refuse us: how soon each is left alone, and for how long."""
    bounces = config.settings.bounces
    return Patience(refusals=bounces.domain_refusals, wait=timedelta(minutes=bounces.domain_minutes))


def return_paths(stores: Stores) -> ReturnPaths | None:
    """The envelope senders that name a letter; None where nobody reads returned mail."""
    bounces = stores.config.settings.bounces.address
    return ReturnPaths(stores.key, bounces) if bounces else None


def rules(stores: Stores, digests: tuple[Digest, ...], patience: Patience) -> SendingRules:
    """What every sender keeps to: of digests that are not configured, nothing is sent."""
    return SendingRules(
        on_uncertain=OnUncertain(stores.config.settings.mail.on_uncertain),
        digests=[digest.name for digest in digests],
        pacing=transport(stores.config).pacing,
        patience=patience,
    )


def render(stores: Stores, composer: Composer, digests: tuple[Digest, ...]) -> Render:
    """What makes the letters of editions that are being sent."""
    return Render(
        database=stores.database,
        articles=stores.articles,
        editions=stores.editions,
        control=stores.edition_control,
        forms=stores.forms,
        composer=composer,
        digests=digests,
    )


def sending(stores: Stores, render: Render, rules: SendingRules) -> Send:
    """What sends all that is due."""
    senders = {digest.name: digest.sender.address for digest in render.digests}
    return Send(
        database=stores.database,
        articles=stores.articles,
        unsubscribe=stores.unsubscribe,
        render=render,
        envelopes=lambda: Envelopes(stores.forms, senders, return_paths(stores)),
        rules=rules,
        limits=partial(found_limits, stores),
        relays=lambda limits: transport(stores.config).relays(limits),
        lock=lambda: stores.database.lock(SENDER),
    )
