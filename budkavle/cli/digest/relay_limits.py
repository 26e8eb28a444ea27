"""A relay's limits that were found, as commands show them."""

from budkavle.installation.wiring import Service, learned_limits


def limits_line(service: Service) -> str | None:
    """One line of what the relay allows, as far as it was met; None where it was not."""
    known = learned_limits(service)
    if known is None:
        return None
    name, learned = known
    parts = [
        f"{learned.connections} connections" if learned.connections else "",
        f"{learned.letters} letters a connection" if learned.letters else "",
        f"{learned.pace:.3g} letters a second" if learned.pace else "",
    ]
    return f"relay {name} was found to allow {', '.join(part for part in parts if part)}"


def limits_record(service: Service) -> dict[str, object] | None:
    """The same for `--json`, with null for what was not met."""
    known = learned_limits(service)
    if known is None:
        return None
    name, learned = known
    refused = learned.refused.isoformat(timespec="seconds") if learned.refused else None
    return {
        "name": name,
        "connections": learned.connections,
        "letters": learned.letters,
        "pace": learned.pace,
        "refused": refused,
    }
