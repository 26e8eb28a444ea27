"""What tests of lists share: an installation, and a list taken into it."""

from pathlib import Path

from budkavle.installation.wiring import Service
from digest.lists.adapters.list_file import open_list
from digest.lists.address_list import ReadAs
from digest.lists.import_list import Tally
from digest.lists.import_rules import Remark
from digest.lists.lines import Terms
from tests.given import NOW


def written(service: Service, data: str | bytes) -> Path:
    """A list in the installation's folder."""
    path = service.config.folder / "lista.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def imported(  # noqa: PLR0913 - what the command can be told
    service: Service,
    data: str | bytes,
    *,
    trust_list: str | None = None,
    digest: str | None = "veckobrev",
    dry_run: bool = False,
    how: ReadAs | None = None,
) -> tuple[Tally, list[Remark]]:
    """Take a list as the command does, and say what came of it."""
    remarks: list[Remark] = []
    found = open_list(written(service, data), how or ReadAs(columns={}))
    terms = Terms(digest=digest, trust_list=trust_list)
    tally = service.import_list.take(found, terms, NOW, dry_run=dry_run, remark=remarks.append)
    return tally, remarks


def states(service: Service) -> dict[str, str]:
    """Everybody's state, by address; the digest stands behind it where it is not the weekly."""
    return {
        each.address + ("" if each.digest == "veckobrev" else f" {each.digest}"): str(each.state)
        for each in service.subscribers.all()
    }
