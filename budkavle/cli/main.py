"""The command `budkavle`: each subject has a file of its own, read when it is needed."""

import sys

from cyclopts import App, CycloptsError, Parameter

from budkavle.cli import standard_streams as streams
from budkavle.cli.terminal import Exit, complain
from budkavle.daemon.hangup import note_hangups
from budkavle.installation.logs import set_up_logging


def _version() -> str:
    from budkavle.installation.version import version  # noqa: PLC0415 - it looks for the commit; only --version needs it

    return version()


app = App(
    name="budkavle",
    help="Feeds that readers can rely on and mail digests that people trust, from a newsroom's articles.",
    version=_version,
    version_format="plaintext",
    default_parameter=Parameter(show_default=False),
)
for _name, _place, _help in (
    ("init", "init_and_check:init", "Make a folder with a configuration that is ready to run."),
    ("check", "init_and_check:check", "Say every fault of the configuration, with its line and remedy."),
    ("import", "articles.commands:take", "Import articles from all sources, or from these files."),
    ("articles", "articles.commands:app", "List articles, correct and withdraw them; decide about held inputs."),
    ("feeds", "feeds:app", "Build the documents that feed readers fetch."),
    ("digest", "digest.commands:app", "Preview, send and look after editions."),
    ("subscribers", "subscribers.commands:app", "Add, import, list and end subscriptions."),
    (
        "bounce",
        "bounce:bounce",
        (
            "Take one returned message from standard input: what it says is counted, and acted upon.\n\n"
            "Whatever it is, it is taken, so that no mail system sends it back: what nobody understands is kept in"
            " bounces/unknown beside the store. Only when it cannot be taken just now, because of the store, its folder"
            " or the configuration, the mail system is told to try again later (75): by any other code it would throw"
            " the message away."
        ),
    ),
    ("run", "run:run", "The daemon: scheduler, sender and web."),
    ("upgrade", "upgrade:upgrade", "Bring the store's schema up to date, after a copy of it."),
    ("status", "status:status", "The last and the next of everything, and what needs a person."),
    ("backup", "backup:backup", "Copy the store and the configuration, while others work."),
    ("restore", "backup:restore", "Put a backup in place, so that nobody is mailed twice."),
    ("demo", "demo:demo", "Six weeks of a sample newsroom, from pages to letters, in a folder."),
):
    app.command(f"budkavle.cli.{_place}", name=_name, help=_help)


def main() -> None:
    """Run one command and exit with its code; what went wrong is said in a line, never in a traceback."""
    streams.read_names_as_utf_8()
    streams.prepare()
    set_up_logging()
    if sys.argv[1:2] == ["run"]:
        note_hangups()  # before anything is read: a signal while it starts must not end it
    code = run(sys.argv[1:])
    if fault := streams.finish():
        complain(f"budkavle: standard output: {fault}; not all that was to be said is written")
        code = code or Exit.NEEDS_A_PERSON
    sys.exit(code)


def run(words: list[str]) -> int:
    """Run one command; its exit code."""
    try:
        result = app(words, exit_on_error=False, print_error=False, result_action="return_value")
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except CycloptsError as error:
        complain(f"budkavle: {_in_a_line(error)}; see budkavle {_command(error)} --help".replace("  ", " "))
        return Exit.WRONG_USE
    except Exception as error:  # noqa: BLE001 - what is no expected fault is raised again
        return _explain(error)
    return result if isinstance(result, int) else Exit.DONE


def _in_a_line(error: CycloptsError) -> str:
    words = " ".join(str(error).split()).removesuffix(".")
    return words[:1].lower() + words[1:]


def _command(error: CycloptsError) -> str:
    return " ".join(error.command_chain or ())


def _explain(error: Exception) -> int:
    from budkavle.cli.faults import exit_of, words_of  # noqa: PLC0415 - it knows every package; most commands go well

    code = exit_of(error)
    if code is None:
        raise error
    for line in words_of(error):
        complain(line)
    return code
