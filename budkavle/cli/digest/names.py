"""Digests by the names that a person types."""

from budkavle.cli.terminal import WrongUseError
from budkavle.config.load import Config
from budkavle.installation.values import digests
from digest.editions.digest import Digest


def find_digest(config: Config, name: str) -> Digest:
    """The digest of this name. Raises WrongUseError naming those there are."""
    by_name = {digest.name: digest for digest in digests(config)}
    if name not in by_name:
        raise WrongUseError(f"there is no digest {name}; choose from {', '.join(by_name) or 'none is configured'}")
    return by_name[name]
