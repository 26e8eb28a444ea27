"""Address canonicalisation: the spellings that a provider itself says are one mailbox, as a table.

| provider | one mailbox                                      | where it says so                                   |
|----------|--------------------------------------------------|----------------------------------------------------|
| Gmail    | with and without dots; gmail.com, googlemail.com | support.google.com/mail/answer/7436150 and /10313  |
| iCloud   | icloud.com, me.com, mac.com                      | support.apple.com/102347: one name, three domains  |
| Proton   | with and without . - _; its four domains         | proton.me/support: addresses and aliases           |
| Yandex   | a dot for a hyphen; its domains, ya.ru too       | yandex.com/support/mail: addresses                 |

At their own domains, organisations with Google Workspace tell dots apart, and so do Microsoft, Yahoo and everybody
else: what no row names is not touched. What stands behind a plus is a name that its owner made on purpose: another
address with a consent of its own, and yet no other mailbox where letters that strangers cause are counted.

The key of a subscriber is made by this table: a new row in it needs a migration as 0020 is one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_TAG = "+"


@dataclass(frozen=True, kw_only=True)
class _Provider:
    """The first domain stands for all of them; `signs` are told to `str.translate`."""

    domains: tuple[str, ...]
    signs: Mapping[int, str | None]


def _without(signs: str) -> Mapping[int, str | None]:
    return {ord(sign): None for sign in signs}


_PROVIDERS = (
    _Provider(domains=("gmail.com", "googlemail.com"), signs=_without(".")),
    _Provider(domains=("icloud.com", "me.com", "mac.com"), signs={}),
    _Provider(
        domains=("proton.me", "protonmail.com", "protonmail.ch", "pm.me"),
        signs=_without(".-_"),
    ),
    _Provider(
        domains=("yandex.ru", "ya.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua", "yandex.com.tr"),
        signs={ord("-"): "."},
    ),
)
_BY_DOMAIN = {domain: provider for provider in _PROVIDERS for domain in provider.domains}
RESPELT_DOMAINS = tuple(_BY_DOMAIN)
"""The domains whose addresses may have more than one spelling."""

_YAHOO, _YAHOOS = "yahoo.", ("ymail.com", "rocketmail.com")
_FASTMAIL = (".fastmail.com", ".fastmail.fm")


def one_spelling(address: str) -> str:
    """The spelling that stands for all of a mailbox's, in lower case. An address that no row is about keeps its own."""
    lower = address.lower()
    local, _, domain = lower.rpartition("@")
    provider = _BY_DOMAIN.get(domain)
    if provider is None:
        return lower
    name, tag, more = local.partition(_TAG)
    spelt = name.translate(provider.signs)
    return f"{spelt or name}{tag}{more}@{provider.domains[0]}"


def mailbox_of(address: str) -> str:
    """What an address is counted as where a stranger may have typed it: its mailbox, without what its owner adds.

    With most providers that is all behind a plus (RFC 5233), with Yahoo all behind a hyphen, which no name there has,
    and with Fastmail what stands before the name as in `shop@anna.fastmail.com`.
    """
    local, _, domain = one_spelling(address).rpartition("@")
    for ending in _FASTMAIL:
        if domain.endswith(ending):
            return f"{domain.removesuffix(ending)}@{ending[1:]}"
    if domain.startswith(_YAHOO) or domain in _YAHOOS:
        local = local.partition("-")[0] or local
    return f"{local.partition(_TAG)[0] or local}@{domain}"
