"""What there is about a person, in the words of the page that shows it."""

from budkavle.wiring import Service


def shown(found: dict[str, object], service: Service, language: str) -> dict[str, object]:
    """The values of the template `pages/my_data.html`."""
    raise NotImplementedError
