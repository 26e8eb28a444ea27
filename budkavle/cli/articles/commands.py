"""Commands about articles: import, list, show."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from articles.article import Article, Version
from articles.importing.import_articles import ImportResult, try_out
from articles.importing.locate import Candidate, Listing, at_path, candidates_of, listings
from articles.importing.vanished import lines
from articles.sources.adapters.manifest import Manifest, read_manifest
from articles.sources.reading import Parsed, Source
from articles.sources.source_reader import SourceReader
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
from budkavle.config.load import load
from budkavle.installation.shipped_config import shipped_config
from budkavle.installation.slices.articles import read_inputs, stand_in
from budkavle.installation.slices.articles import sources as sources_of
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
    sources = sources_of(loaded)
    _refuse(sources, paths, source, url)
    listed = None if paths or manifest else listings(sources)
    addresses = read_manifest(manifest) if manifest else Manifest()
    named = paths or tuple(addresses.urls)
    outside = stand_in(loaded) if dry_run else None
    candidates = candidates_of(listed) if listed is not None else _named(sources, named, source, outside)
    candidates = [_with_url(candidate, url, addresses) for candidate in candidates]
    faults = [*_missing(paths), *(f"refused   {manifest}:{fault.line}: {fault.reason}" for fault in addresses.faults)]
    for line in faults:
        complain(line)
    moment = now()
    if dry_run:
        outcomes = [tell(imported, json=json) for imported in try_out(read_inputs(loaded), candidates, moment)]
    else:
        with open_service(loaded) as service:
            # All is stored before anything is said: whoever reads the output may stop reading at any line.
            imports = service.importing.store.import_all(candidates, moment)
            stored = list(progress(imports, "Importing", len(candidates)))
            _tell_vanished(service, listed or ())
        outcomes = [tell(imported, json=json) for imported in stored]
    sums = ", ".join(f"{number} {outcome}" for outcome, number in Counter(outcomes).most_common())
    nothing = "no inputs: there is no file to import"
    complain(f"{counted(len(outcomes), 'input')}: {sums}" if outcomes else nothing)
    return Exit.NEEDS_A_PERSON if faults or not {"refused", "held"}.isdisjoint(outcomes) else Exit.DONE


def _refuse(sources: Sequence[SourceReader], paths: Sequence[Path], source: str | None, url: str | None) -> None:
    """Raises WrongUseError for options that do not go together, and for a source that there is not."""
    if url is not None and (len(paths) != 1 or paths[0].is_dir()):
        raise WrongUseError("--url says the address of one file; name exactly one")
    names = [reader.source.name for reader in sources]
    if source is not None and source not in names:
        raise WrongUseError(f"--source {source}: there is no such source; choose from {', '.join(names)}")


def _named(
    sources: Sequence[SourceReader], paths: Sequence[Path], source: str | None, outside: Source | None
) -> list[Candidate]:
    """The inputs at the paths that are there."""
    there = [str(path) for path in paths if path.exists()]
    return [candidate for path in there for candidate in at_path(sources, path, source, outside)]


def _missing(paths: Sequence[Path]) -> Iterator[str]:
    """What is said of paths that are not there."""
    for path in paths:
        if not path.exists():
            is_address = "://" in str(path) or ":/" in str(path)
            remedy = "save the page as a file and import that" if is_address else "mend the path"
            yield f"refused   {path}: there is no such file or folder; {remedy}"


def _with_url(candidate: Candidate, url: str | None, manifest: Manifest) -> Candidate:
    """An input with the web address that a person gave for it."""
    item = candidate.item
    address = url or (manifest.urls.get(Path(item.path)) if item.path else None)
    return replace(candidate, item=replace(item, url=address)) if address else candidate


def tell(imported: ImportResult, *, json: bool) -> str:
    """Say what came of an input unless nothing did, and give it as one word."""
    if json:
        say_json(imported.record)
    elif imported.word != "unchanged":
        say(imported.line)
    if isinstance(imported.outcome, Parsed) and not json:
        for warning in imported.outcome.warnings:
            complain(f"warning   {imported.given.file}: {warning}")
    return imported.word


def _tell_vanished(service: Service, listed: Iterable[Listing]) -> None:
    """Say once which files are gone, and that their articles are not."""
    for reader, files in service.importing.vanished.missing(listed):
        for line in lines(reader, files):
            complain(f"vanished  {line}")
        service.importing.vanished.forget(files)


@app.command(name="list")
def show_all(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """List every article, the newest act last."""
    with open_to_read(load(config)) as service:
        for history in sorted(service.articles.histories(), key=lambda history: history.newest.seq):
            article = history.article
            day = article.published.value.isoformat()
            if json:
                say_json(
                    {
                        "id": article.id,
                        "seq": history.newest.seq,
                        "kind": history.newest.kind,
                        "published": day,
                        "title": article.title,
                        "url": article.url,
                        "topics": list(article.topics),
                    }
                )
            else:
                say(f"{history.newest.seq:>6}  {history.newest.kind:<9}  {day[:10]}  {article.id}  {article.title}")


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
        {"seq": version.seq, "kind": version.kind, "at": version.at.isoformat(timespec="seconds"), "note": version.note}
        for version in versions
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
