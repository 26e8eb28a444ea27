"""Articles: in, and what a person does to them."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from articles.adapters.held import HeldState
from articles.article import ArticleId, DateSource, Kind, Published
from articles.sources.reading import Parsed
from budkavle.cli.erasing import erase
from budkavle.cli.terminal import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigFile,
    Exit,
    WrongUseError,
    complain,
    now,
    progress,
    say,
    say_json,
)
from budkavle.config import Config, load
from budkavle.finding import Found, at_path, everything, read_manifest
from budkavle.importing import Imported, article_at, import_all, release_held, try_out
from budkavle.starting import shipped_config
from budkavle.vanished import files_of, lines, missing
from budkavle.wiring import Service, open_service

app = App(name="articles", help="List articles and change them; decide about inputs that wait.")
app.command(erase)
Note = Annotated[str, Parameter(name="--note", help="What was wrong, in words for readers.")]


def take(  # noqa: PLR0913 - one option each, as the manual lists them
    paths: Annotated[tuple[Path, ...], Parameter(help="Files or folders; none means all sources.")] = (),
    /,
    *,
    source: Annotated[str | None, Parameter(help="The source of paths outside every source's folder.")] = None,
    url: Annotated[str | None, Parameter(help="The web address of a single file.")] = None,
    manifest: Annotated[Path | None, Parameter(help="A JSON-lines file of `file` and `url`.")] = None,
    dry_run: Annotated[bool, Parameter(negative=(), help="Only say what would be read.")] = False,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Import articles from all sources, or from these files and folders."""
    # A dry run is also for those who have no configuration yet: the shipped one stands in.
    rehearsed = dry_run and config == DEFAULT_CONFIG and not config.exists()
    loaded = load(shipped_config() if rehearsed else config)
    found, unlisted = _found(loaded, paths, source, url, manifest, anywhere=dry_run)
    for line in unlisted:
        complain(line)
    moment = now()
    if dry_run:
        outcomes = [_tell(one, json=json) for one in try_out(loaded, found, moment)]
    else:
        with open_service(loaded) as service:
            # All is stored before anything is said: whoever reads the output may stop reading at any line.
            done = list(progress(import_all(service, found, moment), "Importing", len(found)))
            if not paths and not manifest:
                _tell_vanished(service, found)
        outcomes = [_tell(one, json=json) for one in done]
    counted = ", ".join(f"{number} {outcome}" for outcome, number in Counter(outcomes).most_common())
    complain(f"{len(outcomes)} inputs: {counted}" if outcomes else "no inputs: there is no file to import")
    return Exit.NEEDS_A_PERSON if unlisted or not {"refused", "held"}.isdisjoint(outcomes) else Exit.DONE


def _found(  # noqa: PLR0913 - the options of one command
    config: Config,
    paths: tuple[Path, ...],
    source: str | None,
    url: str | None,
    manifest: Path | None,
    *,
    anywhere: bool,
) -> tuple[list[Found], list[str]]:
    if url is not None and (len(paths) != 1 or paths[0].is_dir()):
        raise WrongUseError("--url says the address of one file; name exactly one")
    if source is not None and source not in {place.source.name for place in config.sources()}:
        names = ", ".join(place.source.name for place in config.sources())
        raise WrongUseError(f"--source {source}: there is no such source; choose from {names}")
    faults = []
    for path in [each for each in paths if not each.exists()]:
        remedy = (
            "save the page as a file and import that" if "://" in str(path) or ":/" in str(path) else "mend the path"
        )
        faults.append(f"refused   {path}: there is no such file or folder; {remedy}")
    listed = read_manifest(manifest) if manifest else None
    if listed:
        faults += [f"refused   {manifest}:{fault.line}: {fault.reason}" for fault in listed.faults]
        paths = paths or tuple(listed.urls)
    found = [one for path in paths if path.exists() for one in at_path(config, path, source, anywhere=anywhere)]
    if not paths and not manifest:
        found = list(everything(config))
    addresses = listed.urls if listed else {}
    return [replace(one, url=url or addresses.get(one.path, one.url)) for one in found], faults


def _tell(one: Imported, *, json: bool) -> str:
    """Say what came of an input unless nothing did, and give it as one word."""
    if json:
        say_json(one.record)
    elif one.word != "unchanged":
        say(one.line)
    if isinstance(one.outcome, Parsed) and not json:
        for warning in one.outcome.warnings:
            complain(f"warning   {one.given.file}: {warning}")
    return one.word


def _tell_vanished(service: Service, found: list[Found]) -> None:
    """Say once which files are gone, and that their articles are not."""
    for place, gone in missing(service, found):
        for line in lines(place.folder, gone):
            complain(f"vanished  {line}")
        files_of(service).forget(gone)


@app.command(name="list")
def show_all(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """List every article, the newest act last."""
    with open_service(load(config)) as service:
        for each in sorted(service.articles.histories(), key=lambda known: known.newest.seq):
            article = each.article
            day = article.published.value.isoformat()
            if json:
                say_json(
                    {
                        "id": article.id,
                        "seq": each.newest.seq,
                        "kind": each.newest.kind,
                        "published": day,
                        "title": article.title,
                        "url": article.url,
                        "topics": list(article.topics),
                    }
                )
            else:
                say(f"{each.newest.seq:>6}  {each.newest.kind:<9}  {day[:10]}  {article.id}  {article.title}")


@app.command
def show(article: str, /, *, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Show an article as it stands, and every version it had."""
    with open_service(load(config)) as service:
        article_id = ArticleId(article)
        newest = service.articles.history(article_id).article
        say(f"{newest.title}\n{newest.id}\n")
        for address in service.articles.addresses(article_id):
            say(f"address   {address}")
        for version in service.articles.versions(article_id):
            when = version.at.isoformat(timespec="minutes")
            say(f"{version.kind:<9} seq {version.seq}, {when}  {version.note}".rstrip())
        say(f"\n{newest.body_text}")


@app.command
def correct(
    article: str,
    /,
    *,
    note: Note,
    file: Annotated[Path | None, Parameter(help="The corrected text; without it, the newest one is meant.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Say that an article was wrong and has been corrected: readers of the error are told."""
    loaded = load(config)
    with open_service(loaded) as service:
        if file is None:
            return _act(service.articles.act(ArticleId(article), Kind.CORRECTED, note, now()), "corrected")
        known = service.articles.history(ArticleId(article)).article.id
        found = [replace(one, asked=Kind.CORRECTED, note=note) for one in at_path(loaded, file, None, anywhere=False)]
        text_of = article_at(service, found[0], now())
        if text_of != known:
            what = f"a text of {text_of}" if text_of else "no text that is known"
            raise WrongUseError(
                f"{file} is {what}, not one of {article}; name a file and an article that belong together"
            )
        (one,) = import_all(service, found, now())
        _tell(one, json=False)
        if one.needs_a_person:
            return Exit.NEEDS_A_PERSON
        if one.kind is None:  # it was imported before, perhaps by the daemon: then that was the correction
            return _act(service.articles.act(known, Kind.CORRECTED, note, now()), "corrected")
        return Exit.DONE


@app.command
def withdraw(article: str, /, *, note: Note, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Take an article back: feeds show a notice, waiting letters lose it, those who had it are told."""
    with open_service(load(config)) as service:
        return _act(service.articles.act(ArticleId(article), Kind.WITHDRAWN, note, now()), "withdrawn")


def _act(seq: int | None, done: str) -> int:
    say(f"{done} as seq {seq}" if seq else "it was withdrawn or erased before; nothing is changed")
    return Exit.DONE if seq else Exit.NEEDS_A_PERSON


@app.command
def held(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """List the inputs that wait for a person, and why."""
    with open_service(load(config)) as service:
        waiting = service.held.waiting()
    for each in waiting:
        if json:
            say_json({"number": each.number, "file": each.address, "reason": each.reason, "title": each.draft.title})
        else:
            say(f"{each.number:>4}  {each.address}: {each.draft.title}\n      {each.reason}")
    return Exit.NEEDS_A_PERSON if waiting else Exit.DONE


@app.command
def release(
    number: int,
    /,
    *,
    published: Annotated[str | None, Parameter(help="Its date, YYYY-MM-DD, where the input has none.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Publish an input that waited."""
    loaded = load(config)
    given = _given_date(published, loaded) if published else None
    with open_service(loaded) as service:
        taken = release_held(service, number, given, now())
        say(f"{taken.kind}  {taken.id}")


def _given_date(text: str, config: Config) -> Published:
    try:
        value = date.fromisoformat(text) if len(text) == len("2026-01-09") else datetime.fromisoformat(text)
    except ValueError:
        raise WrongUseError(f"--published {text}: no date; write it like 2026-01-09") from None
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=config.settings.timezone)
    return Published(value=value, source=DateSource.GIVEN, raw=text)


@app.command
def refuse(number: int, /, *, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Turn an input down: the same text is not held again."""
    with open_service(load(config)) as service:
        service.held.get(number)
        service.held.settle(number, HeldState.REFUSED)
        say(f"refused {number}; a changed text would be held anew")
