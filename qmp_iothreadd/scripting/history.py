"""What was said on a machine's monitors: requests, replies and events, with times."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Final

from qmp_iothreadd.json.reader import parse_one
from qmp_iothreadd.scripting.moments import command_of

ENTRIES_MAX: Final = 100_000
"""No more entries are kept: the oldest go."""

BYTES_MAX: Final = 16 << 20
"""No more bytes of messages are kept, as they are on the wire."""


class Entry:
    """One message, as it was when it came or left.

    ``kind`` is ``greeting``, ``request``, ``reply`` or ``event``; ``monitor`` its monitor's name,
    ``client`` the number of its connection, from 1 on in the order in which they came; ``time`` in
    seconds of a monotonic clock; ``number`` counts entries from 0 on, those dropped too. ``fault``
    says which faults met it, None where none did.
    """

    def __init__(
        self,
        number: int,
        kind: str,
        data: bytes | None,
        monitor: str,
        client: int,
        time: float,
        fault: str | None = None,
    ) -> None:
        self.number = number
        self.kind = kind
        self.data = data
        self.monitor = monitor
        self.client = client
        self.time = time
        self.fault = fault

    @property
    def message(self) -> Any:
        """The message, before a fault spoiled its bytes; None where it is no JSON.

        A number too large for a float makes it none, too.
        """
        if self.data is None:
            return None
        try:
            return json.loads(self.data)
        except ValueError:
            return None
        except RecursionError:
            return parse_one(self.data)  # slower, and as deep as a client's may be

    @cached_property
    def command(self) -> str | None:
        """The command that a request names, None where it is no request or names none."""
        return command_of(self.message) if self.kind == "request" else None

    def __repr__(self) -> str:
        met = f", fault={self.fault!r}" if self.fault else ""
        return f"<{self.kind} {self.message!r} on {self.monitor!r} at {self.time:.6f}{met}>"


class History:
    """The entries, the oldest first; ``dropped`` is how many are there no more.

    ``watchers`` are told of each new entry. ``clock`` is in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.dropped = 0
        self.watchers: list[Callable[[Entry], None]] = []
        self._clock = clock
        self._entries: deque[Entry] = deque()
        self._bytes = 0

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))  # another thread may add to them

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Entry:
        return self._entries[index]

    def requests(self, command: str) -> list[dict[str, Any]]:
        """The arguments of each request of a command."""
        return [arguments(each) for each in self if each.command == command]

    def add(
        self, kind: str, data: bytes | None, monitor: str, client: int, fault: str | None = None
    ) -> Entry:
        """Write a message down, and drop the oldest where there are too many."""
        number = self.dropped + len(self._entries)
        made = Entry(number, kind, data, monitor, client, self._clock(), fault)
        self._entries.append(made)
        self._bytes += len(data or b"")
        while len(self._entries) > ENTRIES_MAX or self._bytes > BYTES_MAX:
            self._drop()
        for watcher in tuple(self.watchers):
            watcher(made)
        return made

    def clear(self) -> None:
        """Drop all."""
        while self._entries:
            self._drop()

    def _drop(self) -> None:
        self._bytes -= len(self._entries.popleft().data or b"")
        self.dropped += 1


def arguments(entry: Entry) -> dict[str, Any]:
    """The arguments of a request, empty where it has none that could be."""
    found = entry.message.get("arguments")
    return found if isinstance(found, dict) else {}
