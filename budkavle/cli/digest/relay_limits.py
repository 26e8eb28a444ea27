"""A relay's limits that were found, as commands show them."""

from budkavle.installation.slices.sending import learned_limits, transport
from budkavle.installation.wiring import Service
from mail.limits.estimates import Learned


def limits_line(service: Service) -> str | None:
    """One line of what the relay allows, as far as it was met; None where it was not."""
    learned = learned_limits(service)
    if learned == Learned():
        return None
    parts = [
        f"{learned.connections} connections" if learned.connections else "",
        f"{learned.letters} letters a connection" if learned.letters else "",
        f"{learned.pace:.3g} letters a second" if learned.pace else "",
    ]
    return f"relay {transport(service.config).name} was found to allow {', '.join(part for part in parts if part)}"


def limits_record(service: Service) -> dict[str, object] | None:
    """The same for `--json`, with null for what was not met."""
    learned = learned_limits(service)
    if learned == Learned():
        return None
    refused = learned.refused.isoformat(timespec="seconds") if learned.refused else None
    return {
        "name": transport(service.config).name,
        "connections": learned.connections,
        "letters": learned.letters,
        "pace": learned.pace,
        "refused": refused,
    }
