"""Whose a domain is: two letters behind the last dot do not tell."""

import pytest

from digest.sending.domain_backoff import owners
from mail.domain_owner import owner_of


@pytest.mark.parametrize(
    ("domain", "owner"),
    [
        ("example.org", "example.org"),
        ("a.b.Example.org.", "example.org"),
        ("mail.example.co.uk", "example.co.uk"),
        ("nyheter.example.se", "example.se"),
        ("refusing.test", "refusing.test"),
        ("example.gov.test", "gov.test"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("", ""),
        ("xn--lns-qla.example.se", "example.se"),
    ],
)
def test_a_domain_belongs_to_who_registered_it(domain: str, owner: str) -> None:
    assert owner_of(domain) == owner


def test_two_owners_under_one_public_suffix_are_two_and_subdomains_of_one_owner_are_one() -> None:
    assert owners(["first.co.uk", "second.co.uk"]) == 2
    assert owners(["a.example.org", "b.example.org", "example.org"]) == 1
