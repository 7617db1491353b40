"""Ask a server what a recording's clients asked, and record what it answers."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterable
from typing import Final

from qmp_iothreadd.testing.recordings.addresses import Address
from qmp_iothreadd.testing.recordings.format import Entry, Recording
from qmp_iothreadd.testing.recordings.recorder import ConnectionRecorder
from qmp_iothreadd.testing.recordings.scenes import Client, Scene, clients_of

REPLY_TIMEOUT_S: Final = 15.0
EVENT_TIMEOUT_S: Final = 2.0
"""So long is waited for an event that was recorded; what does not come is a difference."""

_CHUNK: Final = 1 << 16

Connect = Callable[[], socket.socket]


def connector(address: Address) -> Connect:
    """What connects to an address. It raises OSError."""

    def connect() -> socket.socket:
        made = socket.socket(address.family)
        try:
            made.settimeout(REPLY_TIMEOUT_S)
            made.connect(address.name)
        except BaseException:
            made.close()
            raise
        return made

    return connect


def ask(
    recording: Recording, connect: Connect, progress: Callable[[int], object] = id
) -> Recording:
    """Play the clients of a recording against a server, to which ``connect`` makes connections.

    Each request waits for the reply of the one before it. ``progress`` is told how many of them
    were sent. Raises OSError where there is no connection to be had.
    """
    began = time.monotonic()
    made = Recording()
    clients = {client.number: client for client in clients_of(recording)}
    with contextlib.ExitStack() as stack:
        asking: dict[int, _Asking] = {}
        for count, (number, scene) in enumerate(_in_order(clients.values())):
            if number not in asking:
                asking[number] = _Asking(clients[number], connect(), made.entries, began)
                stack.callback(asking[number].close)
                asking[number].open()
            if scene is None:
                asking[number].end()
            else:
                asking[number].play(scene)
            progress(count)
    return made


def _in_order(clients: Iterable[Client]) -> list[tuple[int, Scene | None]]:
    """The scenes of all clients by their times; None is that a client's connection ends."""
    found: list[tuple[float, int, Scene | None]] = []
    for client in clients:
        came = client.greeting.time if client.greeting else 0.0
        scenes = [(came, Scene()), *((scene.time, scene) for scene in client.scenes)]
        latest = max(time for time, _ in scenes)
        end = client.closed.time if client.closed else latest
        found += [(time, client.number, scene) for time, scene in scenes]
        found.append((max(end, latest), client.number, None))
    found.sort(key=lambda each: each[0])
    return [(number, scene) for _, number, scene in found]


class _Asking:
    """One client's connection."""

    def __init__(
        self, client: Client, connected: socket.socket, entries: list[Entry], began: float
    ) -> None:
        self._client = client
        self._socket = connected
        self._entries = entries
        self._began = began
        self._recorder = ConnectionRecorder(client.number, self._write)
        self._greeted = False
        self._events = 0
        self._events_wanted = 0
        self._closed = False
        self._patience = REPLY_TIMEOUT_S

    def open(self) -> None:
        """Take the greeting, if there is to be one."""
        if self._client.greeting is not None:
            self._receive_until(lambda: self._greeted, REPLY_TIMEOUT_S)
            if not self._greeted:
                self.close()  # nothing more can be expected of it
        self._await_events(len(self._client.opening.after))

    def play(self, scene: Scene) -> None:
        """Send a request, and wait for all that it had."""
        exchange = scene.exchange
        if exchange is None or exchange.request is None or self._closed:
            return
        if exchange.request.size is not None:
            return  # only its beginning is known: it will be missing
        waiting = self._recorder.waiting
        self._send(exchange)
        if exchange.reply is not None:
            answered = self._receive_until(
                lambda: self._recorder.waiting <= waiting, self._patience
            )
            self._patience = REPLY_TIMEOUT_S if answered else EVENT_TIMEOUT_S
        self._await_events(len(scene.before) + len(scene.after))

    def end(self) -> None:
        """End as it ended: wait for the server to do it, if that did."""
        closed = self._client.closed
        if closed is not None and closed.closed == "server":
            self._receive_until(lambda: False, EVENT_TIMEOUT_S)
        self.close()

    def close(self) -> None:
        """Close the connection, if nobody has yet."""
        if not self._closed:
            self._closed = True
            self._recorder.closed("client", self._now())
        self._socket.close()

    def _send(self, exchange: Entry) -> None:
        request = exchange.request
        assert request is not None
        self._recorder.add_descriptors(exchange.descriptors)
        self._recorder.request(request, self._now())
        with contextlib.suppress(ConnectionError):  # then it will be seen to be closed
            self._socket.settimeout(REPLY_TIMEOUT_S)
            _send_with_descriptors(self._socket, request.sent_by_client(), exchange.descriptors)

    def _await_events(self, count: int) -> None:
        self._events_wanted += count
        self._receive_until(lambda: self._events >= self._events_wanted, EVENT_TIMEOUT_S)
        self._events_wanted = self._events  # those that did not come are not waited for again

    def _receive_until(self, done: Callable[[], bool], timeout: float) -> bool:
        """Receive until it is done, the connection ends, or for so long. Returns: whether it is."""
        deadline = time.monotonic() + timeout
        while not self._closed and not done():
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                data = self._socket.recv(_CHUNK)
            except TimeoutError:
                break
            except ConnectionError:
                data = b""
            self._take(data)
        return done()

    def _take(self, data: bytes) -> None:
        if not data:
            self._closed = True
            self._recorder.closed("server", self._now())
            return
        stream = self._recorder.of_server
        stream.feed(data)
        while stream.pending:
            message = stream.take()
            if message is not None:
                self._recorder.answer(message, self._now())

    def _write(self, entry: Entry) -> None:
        self._greeted = self._greeted or entry.greeting is not None
        self._events += entry.event is not None
        self._entries.append(entry)

    def _now(self) -> float:
        return time.monotonic() - self._began


def _send_with_descriptors(connected: socket.socket, data: bytes, count: int) -> None:
    """Send bytes, and so many descriptors, of /dev/null, with the first of them."""
    if not count or connected.family != socket.AF_UNIX:
        connected.sendall(data)
        return
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        sent = socket.send_fds(connected, [data], [null] * count)
    finally:
        os.close(null)
    connected.sendall(data[sent:])
