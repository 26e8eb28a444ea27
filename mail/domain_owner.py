"""Registrable domain: whose a domain is, by the Public Suffix List (publicsuffix.org), as it came with the library."""

from functools import cache

from publicsuffixlist import PublicSuffixList


def owner_of(domain: str) -> str:
    """The domain that somebody registered and may have made this one under: `example.co.uk` of `a.example.co.uk`.

    What is no such domain, as a suffix itself or a name without a dot, stands for itself.
    """
    name = domain.lower().rstrip(".")
    owner: str | None = _suffixes().privatesuffix(name)
    return owner or name


@cache
def _suffixes() -> PublicSuffixList:
    """The list, read when it is first asked: that takes a tenth of a second."""
    return PublicSuffixList()
