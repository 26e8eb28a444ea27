"""What every chaos run shares: its size and the table at its end."""

from collections.abc import Iterator

import pytest

from tests.chaos.table import Table


@pytest.fixture(scope="session")
def table() -> Iterator[Table]:
    """The table that this run fills, shown and written down at its end."""
    table = Table()
    yield table
    table.close()
