"""The size of a chaos run, and the table that tells how it went."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.installation import today
from tests.chaos.oracle import Finding

KILLS = int(os.environ.get("KILLS", "200"))
READERS = int(os.environ.get("READERS", "20000"))
CONNECTIONS = int(os.environ.get("CONNECTIONS", "20"))
_FULL = (200, 20_000, 20)
_HEAD = (
    "| scenario | interruptions | letters to send | arrived | uncertain | for each interruption | of these arrived |"
    " of these lost | broken promises |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n"
)
_BEGIN, _END = "<!-- begin: make chaos -->\n", "<!-- end: make chaos -->\n"


@dataclass
class Table:
    """What scenarios found, in the order in which they first came."""

    interruptions: dict[str, int] = field(default_factory=dict)
    findings: dict[str, list[Finding]] = field(default_factory=dict)

    def add(self, scenario: str, interruptions: int, findings: Sequence[Finding], case: str = "") -> None:
        """A scenario's findings, or those of one case of it. Raises AssertionError when a promise was broken."""
        self.interruptions[scenario] = self.interruptions.get(scenario, 0) + interruptions
        self.findings.setdefault(scenario, []).extend(findings)
        sys.stdout.write(f"\n{_row(f'{scenario} {case}'.strip(), interruptions, findings)}")
        broken = [words for each in findings for words in each.broken]
        assert not broken, broken

    def close(self) -> None:
        """Show the table; that of a run of full size is also written into the page that REPORT names."""
        rows = "".join(_row(name, number, self.findings[name]) for name, number in self.interruptions.items())
        words = f"Run on {today()}, {os.cpu_count()} cores, {CONNECTIONS} connections.\n\n{_HEAD}{rows}"
        sys.stdout.write(f"\n{words}")
        page = Path(os.environ.get("REPORT", os.devnull))
        if page.is_file() and (KILLS, READERS, CONNECTIONS) == _FULL:
            before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
            page.write_text(f"{before}{_BEGIN}{words}{_END}{rest.partition(_END)[2]}", encoding="utf-8")


def _row(name: str, interruptions: int, findings: Sequence[Finding]) -> str:
    uncertain = sum(each.uncertain for each in findings)
    arrived = sum(each.arrived for each in findings)
    cells = (
        name,
        interruptions,
        sum(each.audience for each in findings),
        sum(each.letters for each in findings),
        uncertain,
        f"mean {uncertain / max(1, interruptions):.1f}, most {max(each.worst for each in findings)}",
        arrived,
        uncertain - arrived,
        "; ".join(words for each in findings for words in each.broken) or 0,
    )
    return f"| {' | '.join(map(str, cells))} |\n"
