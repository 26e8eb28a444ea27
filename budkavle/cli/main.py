"""The command `budkavle`: each subject has a file of its own, read when it is needed."""

import sys

from cyclopts import App, CycloptsError

from budkavle.cli.terminal import Exit, complain
from budkavle.hangup import note_hangups
from budkavle.logs import set_up_logging

app = App(
    name="budkavle",
    help="Feeds that readers can rely on and mail digests that people trust, from a newsroom's articles.",
    version="0.1.0",
)
for _name, _place, _help in (
    ("init", "start:init", "Make a folder with a configuration that is ready to run."),
    ("check", "start:check", "Say every fault of the configuration, with its line and remedy."),
    ("import", "articles:take", "Import articles from all sources, or from these files."),
    ("articles", "articles:app", "List articles, correct and withdraw them; decide about held inputs."),
    ("feeds", "feeds:app", "Build the documents that feed readers fetch."),
    ("digest", "digest:app", "Preview, send and look after editions."),
    ("subscribers", "subscribers:app", "Add, import, list and end subscriptions."),
    ("bounce", "bounce:bounce", "Take one returned message from standard input."),
    ("run", "run:run", "The daemon: scheduler, sender and web."),
    ("upgrade", "upgrade:upgrade", "Bring the store's schema up to date, after a copy of it."),
    ("status", "status:status", "The last and the next of everything, and what needs a person."),
    ("backup", "backup:backup", "Copy the store and the configuration, while others work."),
    ("restore", "backup:restore", "Put a backup in place, so that nobody is mailed twice."),
    ("demo", "start:demo", "Six weeks of a sample newsroom, from pages to letters, in a folder."),
):
    app.command(f"budkavle.cli.{_place}", name=_name, help=_help)


def main() -> None:
    """Run one command and exit with its code; what went wrong is said in a line, never in a traceback."""
    set_up_logging()
    if sys.argv[1:2] == ["run"]:
        note_hangups()  # before anything is read: a signal while it starts must not end it
    sys.exit(_run(sys.argv[1:]))


def _run(words: list[str]) -> int:
    try:
        result = app(words, exit_on_error=False, result_action="return_value")
    except CycloptsError:
        return Exit.WRONG_USE  # cyclopts has said what is wrong
    except Exception as error:  # noqa: BLE001 - what is no expected fault is raised again
        return _explain(error)
    return result if isinstance(result, int) else Exit.DONE


def _explain(error: Exception) -> int:
    from budkavle.cli.faults import exit_of, words_of  # noqa: PLC0415 - it knows every package; most commands go well

    code = exit_of(error)
    if code is None:
        raise error
    complain(words_of(error))
    return code
