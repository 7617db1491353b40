"""The server side of one monitor: who may connect to it, and when the next one may.

QEMU's chardev/char-socket.c serves one client per monitor: while one is connected the others wait
in the socket's backlog, and are greeted when it has left. ``multi_client`` greets everyone at once,
each in a session of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.qmp.session_protocol import MonitorSession
from qmp_iothreadd.server.connection import Connection, Turns
from qmp_iothreadd.server.sockets import connect_to

if TYPE_CHECKING:
    import socket

    from qmp_iothreadd.machine.chardevs import Chardev

# How long the end waits for clients to take their last bytes.
_CLOSE_S = 1.0

# A refused accept (no descriptors left, say) is tried again after so many seconds, not in a busy
# loop.
_ACCEPT_RETRY_S = 0.1


class MonitorServer:
    """Makes a session for each client of a monitor, whichever way it comes.

    ``multi_client``: serve all at once. ``edits_lines``: its sessions show what is typed, so that a
    terminal is to hand over each key.
    """

    def __init__(
        self,
        turns: Turns,
        make_session: Callable[[], MonitorSession],
        chardev: Chardev,
        *,
        multi_client: bool = False,
        edits_lines: bool = False,
    ) -> None:
        self._turns = turns
        self._loop = turns.loop
        self._make_session = make_session
        self._chardev = chardev
        self._multi_client = multi_client
        self._edits_lines = edits_lines
        self._listener: socket.socket | None = None
        self._accepting = False
        self._closed = False
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._reconnect: Callable[[], None] = lambda: None
        self._first: asyncio.Future[None] | None = None
        self._last_left: asyncio.Future[None] | None = None
        chardev.disconnect = self.disconnect

    # -- The ways in ------------------------------------------------------------------------------

    def listen(self, listener: socket.socket) -> None:
        """Serve those who connect to a listening socket; the socket is the caller's to close."""
        self._listener = listener
        self._chardev.server = True
        self._accept_more()

    async def first_client(self) -> None:
        """Wait until somebody is connected."""
        if not self._connections:
            self._first = self._loop.create_future()
            await self._first

    def stop_waiting(self) -> None:
        """Let ``first_client`` return although nobody is connected."""
        if self._first is not None and not self._first.done():
            self._first.set_result(None)

    async def attach(self, connected: socket.socket) -> None:
        """Serve the peer of a connected socket, which is ours from now on."""
        connection = self._make_connection()
        try:
            await self._loop.connect_accepted_socket(lambda: connection, connected)
        except BaseException:
            connected.close()
            connection.connection_lost(None)
            raise

    async def connect(self, address: str | tuple[str, int], reconnect_s: float = 0) -> None:
        """Connect out to a Unix path or a (host, port).

        ``reconnect_s`` is how long until the next try, 0 for none.

        Raises:
            QmpError: nobody answers, and there is to be no other try.
        """
        try:
            await self.attach(await connect_to(address))
        except OSError as error:
            if not reconnect_s:
                text = address if isinstance(address, str) else "{}:{}".format(*address)
                raise errors.connect_failed(text, error.strerror or str(error)) from None
            self._retry_later(address, reconnect_s)
            return
        if reconnect_s:
            self._reconnect = lambda: self._retry_later(address, reconnect_s)

    async def serve_stdio(self) -> None:
        """Serve standard input and output; when the input ends, the daemon goes on."""
        from qmp_iothreadd.server.stdio import StdioTransport  # only where asked for

        connection = self._make_connection()
        await StdioTransport(self._loop, connection, keys=self._edits_lines).start()

    # -- The end ----------------------------------------------------------------------------------

    def disconnect(self) -> None:
        """Cut off the clients that are connected; what was answered before is sent."""
        for connection in tuple(self._connections):
            connection.cut_off()

    def shut_down(self) -> None:
        """Serve nobody any more; what is written is still delivered."""
        self._closed = True
        self._stop_accepting()
        for task in tuple(self._tasks):
            task.cancel()
        for connection in tuple(self._connections):
            connection.close()

    async def close(self) -> None:
        """Shut down and wait, not for ever, until everything is delivered."""
        self.shut_down()
        if not self._connections:
            return
        self._last_left = self._loop.create_future()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._last_left, _CLOSE_S)
        for connection in tuple(self._connections):
            connection.abort()

    # -- Accepting --------------------------------------------------------------------------------

    def _accept_more(self) -> None:
        if self._listener is not None and not self._accepting and not self._closed:
            self._accepting = True
            self._loop.add_reader(self._listener.fileno(), self._accept)

    def _stop_accepting(self) -> None:
        if self._listener is not None and self._accepting:
            self._accepting = False
            self._loop.remove_reader(self._listener.fileno())

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            client, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:
            self._stop_accepting()
            self._loop.call_later(_ACCEPT_RETRY_S, self._accept_more)
            return
        client.setblocking(False)
        if not self._multi_client:
            self._stop_accepting()
        self._spawn(self._serve(client))

    async def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it has left already
            await self.attach(client)

    def _make_connection(self) -> Connection:
        connection = Connection(self._turns, self._make_session(), self._lost)
        self._connections.add(connection)
        self._chardev.connections += 1
        self.stop_waiting()
        return connection

    def _lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._chardev.connections -= 1
        if self._closed:
            left = self._last_left
            if left is not None and not self._connections and not left.done():
                left.set_result(None)
            return
        self._accept_more()
        self._reconnect()

    def _retry_later(self, address: str | tuple[str, int], reconnect_s: float) -> None:
        async def retry() -> None:
            await asyncio.sleep(reconnect_s)
            await self.connect(address, reconnect_s)

        self._spawn(retry())

    def _spawn(self, coroutine: Any) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
