"""What a configuration without fault still meets on this machine: said before the daemon runs into it."""

from collections.abc import Iterator

from budkavle.config import Config
from budkavle.config_lines import Place, line_of, lines


def worries(config: Config) -> Iterator[str]:
    """What needs a person before all of this configuration works, each as `file:line: key: what; remedy`."""
    for number, place in enumerate(config.sources()):
        if not place.folder.is_dir():
            what = f"{place.folder} does not exist; make it, or mend the path"
            yield _said(config, ("sources", number, "path"), what)
    password = config.password_file
    if password is not None and not (password.is_file() and password.read_text(encoding="utf-8").strip()):
        what = f"{password} holds no password; write it into the first line, readable by nobody else"
        yield _said(config, ("mail", "smtp", "password_file"), what)


def notes(config: Config) -> Iterator[str]:
    """What works, but less than an operator may think."""
    if config.settings.public_url.startswith("http:"):
        what = "is not https: letters go without the one-click header for leaving (RFC 8058); fine for a rehearsal"
        yield _said(config, ("public_url",), what)


def _said(config: Config, place: Place, what: str) -> str:
    text = config.file.read_text(encoding="utf-8-sig")
    key = ".".join(str(part) for part in place if isinstance(part, str))
    return f"{config.file}:{line_of(lines(text), place)}: {key}: {what}"
