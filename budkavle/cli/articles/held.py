"""Commands about held inputs: list them, release them, turn them down."""

from datetime import date, datetime
from typing import Annotated

from cyclopts import Parameter

from articles.adapters.held import HeldState
from articles.article import DateSource, Published
from articles.sources.dates import unmeant
from budkavle.cli.articles.names import held_named
from budkavle.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigFile, Exit, WrongUseError, now, say, say_json
from budkavle.config.load import Config, load
from budkavle.installation.wiring import open_to_read, open_to_write

Which = Annotated[str, Parameter(name="NUMBER", help="The number that `articles held` gives it, or its file.")]


def held(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """List the inputs that wait for a person, and why."""
    with open_to_read(load(config)) as service:
        waiting = service.held_inputs.waiting()
    for held_input in waiting:
        if json:
            record = {"number": held_input.number, "file": held_input.address, "reason": held_input.reason}
            say_json(record | {"title": held_input.draft.title})
        else:
            say(f"{held_input.number:>4}  {held_input.address}: {held_input.draft.title}")
            say(f"      {held_input.reason}")
    return Exit.NEEDS_A_PERSON if waiting else Exit.DONE


def release(
    which: Which,
    /,
    *,
    published: Annotated[str | None, Parameter(help="Its date, YYYY-MM-DD, where the input has none.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Publish an input that waited."""
    loaded = load(config)
    publication = _given_date(published, loaded) if published is not None else None
    with open_to_write(loaded) as service:
        taken = service.importing.release.release(held_named(service, which).number, publication, now())
        say(f"{taken.kind}  {taken.id}")


def _given_date(text: str, config: Config) -> Published:
    try:
        value = date.fromisoformat(text) if len(text) == len("2026-01-09") else datetime.fromisoformat(text)
    except ValueError:
        raise WrongUseError(f"--published {text}: no date; write it like 2026-01-09") from None
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=config.settings.timezone)
    if why := unmeant(value, now().astimezone(config.settings.timezone).date()):
        raise WrongUseError(f"--published {text} {why}; write when it was published")
    return Published(value=value, source=DateSource.GIVEN, raw=text)


def refuse(which: Which, /, *, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Turn an input down: the same text is not held again."""
    with open_to_write(load(config)) as service:
        number = held_named(service, which).number
        service.held_inputs.settle(number, HeldState.REFUSED)
        say(f"refused {number}; a changed text would be held anew")
