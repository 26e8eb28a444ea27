"""Content codings: whether a reader is sent a document as it is, or compressed (RFC 9110, 12.5.3)."""

import re
from collections.abc import Collection, Iterator

CODINGS = ("", "gzip", "br")
"""As it is, and compressed: the smallest last."""

_WEIGHT = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?", re.ASCII)
_UNASKED = 0.0001
"""What nobody named may be sent uncompressed all the same, but whatever was named comes first."""


def preferred_coding(accept_encoding: str, available: Collection[str]) -> str:
    """The form that a reader likes best, and of equals the smallest; as it is, when it takes none that there is."""
    weights = dict(_weights(accept_encoding))
    others = weights.get("*", 0.0)
    liking = {coding: weights.get(coding, others) for coding in CODINGS} | {
        "": weights.get("identity", others or _UNASKED)
    }
    taken = [coding for coding in CODINGS if coding in available and liking[coding]]
    return max(taken, key=lambda coding: (liking[coding], CODINGS.index(coding)), default="")


def _weights(accept_encoding: str) -> Iterator[tuple[str, float]]:
    for part in accept_encoding.lower().split(","):
        coding, *parameters = (parameter.strip() for parameter in part.split(";"))
        weight = next((parameter[1:].strip(" =") for parameter in parameters if parameter.startswith("q")), "1")
        if coding and _WEIGHT.fullmatch(weight):
            yield coding.removeprefix("x-"), float(weight)
