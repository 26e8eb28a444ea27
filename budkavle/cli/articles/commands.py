"""Articles: in, and what a person does to them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from articles.article import Article, Version
from articles.importing.import_files import Imported, import_all, try_out
from articles.importing.locate import Found, at_path, everything, read_manifest
from articles.importing.vanished import files_of, lines, missing
from articles.sources.reading import Parsed
from budkavle.cli.articles.names import ArticleName, article_named
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
    say_text,
)
from budkavle.config.load import Config, load
from budkavle.installation.shipped_config import shipped_config
from budkavle.installation.wiring import Service, open_service, open_to_read
from budkavle.rendering.wording import counted

app = App(name="articles", help="List articles and change them; decide about inputs that wait.")
for _name, _place, _help in (
    (
        "correct",
        "acts:correct",
        "Say that an article was wrong and is corrected: readers of the error are told.",
    ),
    ("withdraw", "acts:withdraw", "Take an article back, and tell those who had it."),
    ("erase", "erase:erase", "Blank every version of an article for ever."),
    ("held", "held:held", "List the inputs that wait for a person, and why."),
    ("release", "held:release", "Publish an input that waited."),
    ("refuse", "held:refuse", "Turn an input down: the same text is not held again."),
):
    app.command(f"budkavle.cli.articles.{_place}", name=_name, help=_help)


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
    if manifest is not None and not manifest.is_file():
        raise WrongUseError(f"--manifest {manifest}: there is no such file; name a JSON-lines file of `file` and `url`")
    found, unlisted = _found(loaded, paths, source, url, manifest, anywhere=dry_run)
    for line in unlisted:
        complain(line)
    moment = now()
    if dry_run:
        outcomes = [tell(one, json=json) for one in try_out(loaded, found, moment)]
    else:
        with open_service(loaded) as service:
            # All is stored before anything is said: whoever reads the output may stop reading at any line.
            done = list(progress(import_all(service, found, moment), "Importing", len(found)))
            if not paths and not manifest:
                _tell_vanished(service, found)
        outcomes = [tell(one, json=json) for one in done]
    sums = ", ".join(f"{number} {outcome}" for outcome, number in Counter(outcomes).most_common())
    nothing = "no inputs: there is no file to import"
    complain(f"{counted(len(outcomes), 'input')}: {sums}" if outcomes else nothing)
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


def tell(one: Imported, *, json: bool) -> str:
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
    with open_to_read(load(config)) as service:
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
def show(article: ArticleName, /, *, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Show an article as it stands, and every version it had."""
    with open_to_read(load(config)) as service:
        article_id = article_named(service, article)
        newest = service.articles.history(article_id).article
        addresses = service.articles.addresses(article_id)
        versions = service.articles.versions(article_id)
    if json:
        say_json(_record(newest, addresses, versions))
        return
    say(newest.title)
    say(newest.id)
    say()
    for address in addresses:
        say(f"address   {address}")
    for version in versions:
        when = version.at.isoformat(timespec="minutes")
        say(f"{version.kind:<9} seq {version.seq}, {when}  {version.note}".rstrip())
    say()
    say_text(newest.body_text)


def _record(newest: Article, addresses: Sequence[str], versions: Sequence[Version]) -> dict[str, object]:
    acts = [
        {"seq": each.seq, "kind": each.kind, "at": each.at.isoformat(timespec="seconds"), "note": each.note}
        for each in versions
    ]
    return {
        "id": newest.id,
        "title": newest.title,
        "published": newest.published.value.isoformat(),
        "url": newest.url,
        "publishers": list(newest.publishers),
        "topics": list(newest.topics),
        "language": newest.language,
        "addresses": list(addresses),
        "versions": acts,
        "body_text": newest.body_text,
    }
