"""Cache of bytes in memory, up to a limit."""

from collections.abc import Hashable


class ByteCache:
    """The bytes that were asked for last, all together never more than `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = dict[Hashable, bytes]()
        self.size = 0

    def get(self, key: Hashable) -> bytes | None:
        """The bytes kept under a key; they are then the last to be let go."""
        data = self._bytes.pop(key, None)
        if data is not None:
            self._bytes[key] = data
        return data

    def put(self, key: Hashable, data: bytes) -> None:
        """Keep these bytes, and let go of those that nobody asked for the longest."""
        self.size += len(data) - len(self._bytes.pop(key, b""))
        self._bytes[key] = data
        while self.size > self._limit:
            self.size -= len(self._bytes.pop(next(iter(self._bytes))))
