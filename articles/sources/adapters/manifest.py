"""The manifest of a folder: a JSON object a line with `file` and `url`, for pages without their address."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from articles.sources.reading import Refused

_MOST_BYTES, _LONGEST_LINE = 20_000_000, 20_000
"""A line of a manifest has some two hundred bytes: room for a hundred thousand pages."""
_MOST_FAULTS = 100


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a manifest says: addresses by file, as real paths, and its own faults."""

    urls: Mapping[Path, str] = field(default_factory=dict)
    faults: tuple[Refused, ...] = ()


def read_manifest(path: Path) -> Manifest:
    """The addresses that a manifest gives; a bad line is a fault and the others count."""
    urls: dict[Path, str] = {}
    faults: list[Refused] = []
    try:
        if path.stat().st_size > _MOST_BYTES:
            why = f"more than {_MOST_BYTES} bytes; write one line a page, or part the source in two"
            return Manifest(faults=(Refused(reason=why),))
        lines = path.read_bytes().splitlines()
    except OSError as error:
        why = f"cannot be read ({error.strerror}); give the service the right to read it"
        return Manifest(faults=(Refused(reason=why),))
    folder = path.parent.resolve()
    for number, line in enumerate(lines, 1):
        try:
            file, url = _page_of(line)
            urls[(folder / file).parent.resolve() / (folder / file).name] = url
        except (ValueError, KeyError, TypeError, RuntimeError, OSError):  # too deep, or a circle of links: RuntimeError
            why = 'no manifest line; write {"file": "page.txt", "url": "https://…"} in UTF-8'
            faults.append(Refused(reason=why, line=number))
    more = [Refused(reason=f"and {len(faults) - _MOST_FAULTS} more lines that are none")] * (len(faults) > _MOST_FAULTS)
    return Manifest(urls=urls, faults=(*faults[:_MOST_FAULTS], *more))


def _page_of(line: bytes) -> tuple[str, str]:
    """The file and the address that a line of a manifest gives."""
    if len(line) > _LONGEST_LINE:
        raise ValueError
    entry = json.loads(line)
    return entry["file"], str(entry["url"])
