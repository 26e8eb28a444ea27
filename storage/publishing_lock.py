"""One publisher at a time: two that build from one store would put an older document over a newer one."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def publishing_lock(store: Path) -> Iterator[None]:
    """Hold the publisher's lock of a store, after waiting for it; the kernel lets it go when its holder dies."""
    with store.with_name(store.name + ".publisher").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
