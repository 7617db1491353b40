"""What goes by, as entries of a recording: a reply finds its request. No IO."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from qmp_iothreadd.testing.recordings.format import Entry, Side
from qmp_iothreadd.testing.recordings.messages import Message, MessageStream, Value, id_of

UNANSWERED_MAX: Final = 10_000
"""Of more requests that wait for their replies, the oldest counts as not answered."""


class ConnectionRecorder:
    """One client's connection: messages and its end come in, ``write`` is given entries.

    A reply belongs to the oldest request of the same ``id``, or without one where it has none.
    """

    def __init__(self, client: int, write: Callable[[Entry], None]) -> None:
        self.client = client
        self.of_client = MessageStream(of_server=False)
        self.of_server = MessageStream(of_server=True)
        self._write = write
        self._waiting: deque[Entry] = deque()
        self._descriptors = 0

    @property
    def waiting(self) -> int:
        """How many requests are not answered."""
        return len(self._waiting)

    def add_descriptors(self, count: int) -> None:
        """So many came with the bytes of the next request."""
        self._descriptors += count

    def request(self, message: Message, time: float) -> None:
        """The client sent it."""
        if len(self._waiting) == UNANSWERED_MAX:
            self._write(self._waiting.popleft())
        entry = Entry(self.client, request=message, descriptors=self._descriptors, time=time)
        self._descriptors = 0
        self._waiting.append(entry)

    def answer(self, message: Message, time: float) -> None:
        """The server sent it: a greeting, an event, a reply, or what is none of these."""
        value = message.value
        if value is not None and "QMP" in value:
            self._write(Entry(self.client, greeting=message, time=time))
        elif value is not None and "event" in value:
            self._write(Entry(self.client, event=message, time=time))
        else:
            entry = self._asked_by(value)
            if entry is None:
                entry = Entry(self.client, time=time)
            entry.reply = message
            entry.took = time - entry.time
            self._write(entry)

    def closed(self, by: Side, time: float) -> None:
        """The connection is gone; what is incomplete is kept as it is."""
        rest = self.of_client.rest()
        if rest is not None:
            self.request(rest, time)
        rest = self.of_server.rest()
        if rest is not None:
            self.answer(rest, time)
        for entry in self._waiting:
            self._write(entry)
        self._waiting.clear()
        self._write(Entry(self.client, closed=by, time=time))

    def _asked_by(self, reply: Value | None) -> Entry | None:
        """The request that a reply answers, which waits no longer."""
        if reply is None:  # not legible
            return self._waiting.popleft() if self._waiting else None
        wanted = id_of(reply)
        for index, entry in enumerate(self._waiting):
            request = entry.request
            if id_of(request.value if request else None) == wanted:
                del self._waiting[index]
                return entry
        return None
