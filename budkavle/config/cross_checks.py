"""Cross-field validation of a configuration: names, references, rhythms and folders that must fit together.

All of it is asked of the plain TOML values, not of the models, so that a fault in one setting hides none elsewhere.
What is faulty by itself is left out here: it has its own line already.
"""

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import combinations, product
from pathlib import Path

from budkavle.config import field_types as forms
from budkavle.config.faults import Finding, shown
from budkavle.config.field_types import Wrong, is_loopback, nearest, slug, slugged
from budkavle.config.settings import Limits, Mail, Publish, Store
from budkavle.config.source_kinds import SOURCE_KINDS, Source
from budkavle.config.table import Table
from budkavle.config.toml_lines import Place
from digest.editions.rhythms import RHYTHMS
from feeds.serving.urls import oldest_slug

Raw = Mapping[str, object]

NAMES = {"publishers": "id", "sources": "name", "topics": "id", "feeds": "slug", "moved": "from", "digests": "name"}
"""What every table of these arrays is called by, once."""

REFERENCES = (
    ("sources", "publisher", "publishers"),
    ("feeds", "publishers", "publishers"),
    ("feeds", "topics", "topics"),
    ("digests", "publishers", "publishers"),
    ("digests", "topics", "topics"),
)

SINGULAR = {"publishers": "publisher", "topics": "topic"}


def check(raw: Raw, folder: Path, rule_sets: Collection[str]) -> Iterator[Finding]:
    """Everything that does not fit together in the values of one file; `folder` is the file's."""
    if raw.get("publishers") == []:
        yield Finding(place=("publishers",), what="there is none", remedy="add [[publishers]]")
    yield from _twice(raw)
    yield from _references(raw)
    yield from _moved(raw)
    yield from _feed_ids(raw)
    yield from _rules(raw, rule_sets)
    yield from _sources(raw)
    for place, digest in _tables(raw, "digests"):
        yield from _rhythm(place, digest)
    yield from _mail(_table(raw, "mail"))
    yield from _limits(_table(raw, "limits"))
    yield from _bounces(_table(raw, "bounces"))
    yield from _folders(raw, folder)


def _table(raw: Raw, key: str) -> Raw:
    value = raw.get(key)
    return value if isinstance(value, Mapping) else {}


def _tables(raw: Raw, key: str) -> list[tuple[Place, Raw]]:
    value = raw.get(key)
    tables = value if isinstance(value, list) else []
    return [((key, position), table) for position, table in enumerate(tables) if isinstance(table, Mapping)]


def _texts(place: Place, value: object) -> Iterator[tuple[Place, str]]:
    """The text, or the texts of a list, that a setting holds."""
    pairs = [((*place, at), text) for at, text in enumerate(value)] if isinstance(value, list) else [(place, value)]
    return ((at, text) for at, text in pairs if isinstance(text, str))


def _fits(form: Callable[[str], str], value: object) -> bool:
    """Whether a value is faultless by itself."""
    try:
        return isinstance(value, str) and bool(form(value))
    except Wrong:
        return False


def _twice(raw: Raw) -> Iterator[Finding]:
    for key, name in NAMES.items():
        values = set[object]()
        for place, table in _tables(raw, key):
            value = table.get(name)
            if isinstance(value, str) and value in values:
                what = f"{shown(value)} is already the {name} of another one of the {key}"
                yield Finding(place=(*place, name), what=what, remedy=f"choose another {name}")
            values.add(value if isinstance(value, str) else place)


def _references(raw: Raw) -> Iterator[Finding]:
    for key, name, target in REFERENCES:
        raw_names = [table.get(NAMES[target]) for _, table in _tables(raw, target)]
        names = [text for text in raw_names if isinstance(text, str) and _fits(slug, text)]
        if len(names) != len(raw_names) or not isinstance(raw.get(target, []), list):
            continue  # a faulty name has its own line; that nothing finds it any more is no second fault
        for place, table in _tables(raw, key):
            for at, text in _texts((*place, name), table.get(name)):
                if text not in names:
                    yield _unknown(at, text, f"no {SINGULAR[target]}", names)


def _moved(raw: Raw) -> Iterator[Finding]:
    """What moved is no feed any more, and went straight to one that there is."""
    slugs = [text for _, feed in _tables(raw, "feeds") if isinstance(text := feed.get("slug"), str)]
    steps = {str(table.get("from")): table.get("to") for _, table in _tables(raw, "moved")}
    for place, table in _tables(raw, "moved"):
        old, new = table.get("from"), table.get("to")
        if isinstance(old, str) and old in slugs:
            what, remedy = f"{shown(old)} is a feed still", "give that feed another slug, or remove this table"
            yield Finding(place=(*place, "from"), what=what, remedy=remedy)
        if isinstance(new, str) and new in steps and new not in slugs:
            what, last = f"{shown(new)} has moved itself", _end(new, steps)
            remedy = f'write "{last}"' if last in slugs else "name a feed that there is"
            yield Finding(place=(*place, "to"), what=what, remedy=remedy)
        elif isinstance(new, str) and new not in slugs and all(_fits(slug, text) for text in slugs):
            yield _unknown((*place, "to"), new, "no feed", slugs)


def _feed_ids(raw: Raw) -> Iterator[Finding]:
    """No two feeds have one id: their own, or the oldest slug that led to them."""
    moves = ((table.get("from"), table.get("to")) for _, table in _tables(raw, "moved"))
    moved = {old: new for old, new in moves if isinstance(old, str) and isinstance(new, str)}
    slugs_by_id = dict[str, str]()
    for place, feed in _tables(raw, "feeds"):
        slug_ = feed.get("slug")
        if not isinstance(slug_, str) or slug_ in slugs_by_id.values():
            continue  # it has its own line
        feed_id = feed.get("id", oldest_slug(slug_, moved))
        if isinstance(feed_id, str) and feed_id in slugs_by_id:
            what = f"{shown(feed_id)} is already the id of the feed {slugs_by_id[feed_id]}"
            yield Finding(place=(*place, "id"), what=what, remedy="write an id of its own: its first slug")
        slugs_by_id[str(feed_id)] = slug_


def _end(text: str, steps: Mapping[str, object]) -> object:
    """Where so many moves lead; they may go round."""
    passed = set[object]()
    while text in steps and text not in passed:
        passed.add(text)
        text = str(steps[text])
    return text


def _unknown(place: Place, text: str, what: str, names: list[str]) -> Finding:
    close = nearest(text, names) or nearest(slugged(text), names)
    alternatives = f"known: {', '.join(names)}" if names else "there is none yet"
    return Finding(
        place=place, what=f"{shown(text)} is {what}", remedy=f'did you mean "{close}"?' if close else alternatives
    )


def _rules(raw: Raw, rule_sets: Collection[str]) -> Iterator[Finding]:
    for place, source in _tables(raw, "sources"):
        for at, text in _texts((*place, "rules"), source.get("rules")):
            if text not in rule_sets:
                yield _unknown(at, text, "no shipped set of rules", sorted(rule_sets))


def _sources(raw: Raw) -> Iterator[Finding]:
    """A source says where it is by the setting of its kind, and by no other kind's."""
    for place, source in _tables(raw, "sources"):
        kind = source.get("kind", "folder")
        wanted = SOURCE_KINDS.get(kind) if isinstance(kind, str) else None
        if wanted is None:
            continue  # it has its own line
        if wanted not in source and source.keys() <= Source.model_fields.keys():  # else it is perhaps misspelt
            example = json.dumps((Source.model_fields[wanted].examples or [""])[0])
            remedy = f"add {wanted} = {example}, with a value of yours"
            yield Finding(place=(*place, wanted), what="is missing", remedy=remedy)
        for name in sorted(set(SOURCE_KINDS.values()) - {wanted}):
            if name in source:
                what, remedy = f'means nothing beside kind = "{kind}"', "remove it, or write another kind"
                yield Finding(place=(*place, name), what=what, remedy=remedy)


def _rhythm(place: Place, digest: Raw) -> Iterator[Finding]:
    every = str(digest.get("every"))
    if every not in RHYTHMS:
        return
    for name, example in RHYTHMS[every].settings.items():
        if name not in digest:
            yield Finding(place=(*place, name), what="is missing", remedy=f"add {name} = {example}")
    for name in [name for name in digest if name not in RHYTHMS[every].settings]:
        if others := " or ".join(f'"{other}"' for other, rhythm in RHYTHMS.items() if name in rhythm.settings):
            what, remedy = f'means nothing beside every = "{every}"', f"remove it, or write every = {others}"
            yield Finding(place=(*place, name), what=what, remedy=remedy)


def _mail(mail: Raw) -> Iterator[Finding]:
    transport = mail.get("transport")
    if isinstance(transport, str) and transport in Mail.model_fields and transport not in mail:
        remedy = f"add [mail.{transport}], as the shipped config.toml shows it"
        yield Finding(place=("mail", transport), what="is missing", remedy=remedy)
    smtp = _table(mail, "smtp")
    host, place = smtp.get("host"), ("mail", "smtp")
    if smtp.get("tls") == "none" and _fits(forms.host, host) and not is_loopback(str(host)):
        what = f'"none" would send letters unprotected to {shown(host)}'
        yield Finding(place=(*place, "tls"), what=what, remedy='write "starttls" or "implicit"')
    elif smtp.get("tls") == "none" and {"password_file", "token_command"} & smtp.keys():
        what = '"none" would send the password unprotected'
        yield Finding(place=(*place, "tls"), what=what, remedy='write "starttls" or "implicit"')
    if {"password_file", "token_command"} <= smtp.keys():
        what, remedy = "stands beside password_file", "keep the one that the relay wants"
        yield Finding(place=(*place, "token_command"), what=what, remedy=remedy)
    secret = "token_command" if "token_command" in smtp else "password_file"
    for setting, other in (("user", secret), (secret, "user")):
        if setting in smtp and other not in smtp:
            yield Finding(
                place=(*place, setting), what=f"stands without {other}", remedy=f"add {other}, or remove {setting}"
            )


def _limits(limits: Raw) -> Iterator[Finding]:
    """What one network or domain may cause must leave room for others."""
    for name, bound in (("network", "domain"), ("domain", "overall"), ("large_domain", "overall")):
        few, many = (limits.get(setting, _default(Limits, setting)) for setting in (name, bound))
        if isinstance(few, int) and isinstance(many, int) and few >= many and {name, bound} & limits.keys():
            what = f"{few} leaves nobody else any of the {many} of {bound}"
            place = ("limits", name if name in limits else bound)
            yield Finding(place=place, what=what, remedy=f"let {name} be less than {bound}")


def _default(table: type[Table], name: str) -> object:
    """The value of a setting that the file does not name."""
    return table.model_fields[name].default


def _bounces(bounces: Raw) -> Iterator[Finding]:
    imap = _table(bounces, "imap")
    if imap and "address" not in bounces:
        what, remedy = "is missing, so no letter comes back there", 'add address = "studs@…" to [bounces]'
        yield Finding(place=("bounces", "address"), what=what, remedy=remedy)
    host = imap.get("host")
    if imap.get("tls") == "none" and _fits(forms.host, host) and not is_loopback(str(host)):
        what = f'"none" would send the password unprotected to {shown(host)}'
        yield Finding(place=("bounces", "imap", "tls"), what=what, remedy='write "implicit" or "starttls"')


def _folders(raw: Raw, folder: Path) -> Iterator[Finding]:
    """Sources must not overlap with each other or with what is written; nothing private may lie in what is public.

    Own templates lie apart from all of it.
    """
    paths = [((*place, "path"), source.get("path")) for place, source in _tables(raw, "sources")]
    sources = [(place, path) for place, path in paths if isinstance(path, str) and _fits(forms.path, path)]
    public = _written(raw, ("publish", "target"), forms.target, Publish)
    private = _written(raw, ("mail", "path"), forms.path, Mail)
    private += _written(raw, ("store", "url"), forms.store_url, Store)
    pairs = [(second, first) for first, second in combinations(sources, 2)]
    pairs += [*product(sources, [*public, *private]), *product(private, public)]
    pairs += product(_templates(raw), [*sources, *public, *private])
    for (place, path), (_, other) in pairs:
        if _overlap(folder, path, other):
            what = f"{shown(path)} overlaps with {shown(other)}"
            yield Finding(place=place, what=what, remedy="choose a place apart from it")


def _templates(raw: Raw) -> list[tuple[Place, str]]:
    """The folder of the operator's own templates, where the file names one."""
    value = raw.get("templates")
    return [(("templates",), str(value))] if _fits(forms.path, value) else []


def _written(
    raw: Raw, place: tuple[str, str], form: Callable[[str], str], table: type[Table]
) -> list[tuple[Place, str]]:
    value = _table(raw, place[0]).get(place[1], _default(table, place[1]))
    return [(place, str(value).removeprefix("sqlite:///"))] if _fits(form, value) else []


def _overlap(folder: Path, path: str, other: str) -> bool:
    first, second = (Path(os.path.normpath(folder / name)) for name in (path, other))
    return first.is_relative_to(second) or second.is_relative_to(first)
