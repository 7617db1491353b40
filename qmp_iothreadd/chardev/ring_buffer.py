"""A buffer of fixed size that keeps what was written last (chardev/char-ringbuf.c)."""

from __future__ import annotations


class RingBuffer:
    """Bytes in order; where they do not fit, the oldest go."""

    def __init__(self, size: int) -> None:
        """``size``: in bytes."""
        self.size = size
        self._data = bytearray()

    def __len__(self) -> int:
        return len(self._data)

    def write(self, data: bytes) -> None:
        """Add to the end."""
        self._data += data[max(0, len(data) - self.size) :]
        del self._data[: max(0, len(self._data) - self.size)]

    def read(self, count: int) -> bytes:
        """Take up to ``count`` bytes from the start."""
        data = bytes(self._data[:count])
        del self._data[: len(data)]
        return data
