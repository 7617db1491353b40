"""A QMP client that costs next to nothing, so that what is measured is the server.

A blocking Unix socket, one buffer, no JSON: outside pretty mode every message is one line that
ends in CRLF, so a reply is complete when the last byte read is LF, and n replies have come when
n LFs have.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter_ns

from benchlib.errors import BenchError

BUFFER_SIZE = 1 << 20
ANSWER_TIMEOUT_S = 60
_BUFFER = bytearray(BUFFER_SIZE)
_LF = 10


def request(command: str, /, **arguments: object) -> bytes:
    """The bytes of a command; underscores in the names of arguments become dashes."""
    message: dict[str, object] = {"execute": command}
    if arguments:
        message["arguments"] = {name.replace("_", "-"): value for name, value in arguments.items()}
    return json.dumps(message).encode() + b"\n"


def with_id(message: bytes, identifier: object) -> bytes:
    """The same request with an id."""
    return message.removesuffix(b"}\n") + b', "id": ' + json.dumps(identifier).encode() + b"}\n"


class Connection:
    """One monitor, which server it belongs to is known to `blame`.

    Raises what `blame` makes of the reason when the server closes the connection, answers with an
    error or stays silent for a minute.
    """

    def __init__(self, sock: socket.socket, blame: Callable[[str], BenchError]) -> None:
        self.blame = blame
        # In the kernel: settimeout() would add a poll() to every recv() that is timed.
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", ANSWER_TIMEOUT_S, 0)
        )
        self._socket = sock
        self._buffer = _BUFFER  # one for all: a reply is done with before the next is read
        self._view = memoryview(self._buffer)

    @classmethod
    def open(cls, path: str, blame: Callable[[str], BenchError]) -> Connection:
        """Connect; raises what connect(2) does while nobody listens yet."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(path)
        except BaseException:
            sock.close()
            raise
        return cls(sock, blame)

    def close(self) -> None:
        self._socket.close()

    @property
    def server_pid(self) -> int:
        """The process that listens: right also where the command is a wrapper."""
        size = struct.calcsize("iII")
        credentials = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        pid: int = struct.unpack("iII", credentials)[0]
        return pid

    def read_message(self) -> bytes:
        """The next message, with its CRLF."""
        with self._blaming():
            return bytes(self._view[: self._fill()])

    def quit(self) -> None:
        """Ask the server to end, and wait until it has closed the connection.

        It must not be closed here before: a server may drop what a client that left has asked for.
        """
        self._socket.sendall(request("quit"))
        with contextlib.suppress(ConnectionError):  # QEMU ends with the LF unread
            while self._socket.recv_into(self._buffer):
                pass

    def call(self, message: bytes) -> bytes:
        """Send one request and return its reply, which must be a success."""
        with self._blaming():
            self._socket.sendall(message)
            return self._expect_return(self._fill(), message)

    def round_trips(self, message: bytes, seconds: float, most: int, least: int) -> list[int]:
        """Durations (ns) of a request, one at a time: for `seconds`, `least` to `most` of them."""
        self.call(message)
        send, fill, clock = self._socket.sendall, self._fill, perf_counter_ns
        durations: list[int] = []
        size = 0
        end = clock() + int(seconds * 1e9)
        with self._blaming():
            while len(durations) < most:
                start = clock()
                send(message)
                size = fill()
                now = clock()
                durations.append(now - start)
                if now >= end and len(durations) >= least:
                    break
        self._expect_return(size, message)
        return durations

    def in_pieces(self, pieces: Sequence[bytes]) -> int:
        """The duration (ns) of a request that is sent in pieces, whatever is answered."""
        start = perf_counter_ns()
        with self._blaming():
            for piece in pieces:
                self._socket.sendall(piece)
            self._fill()
        return perf_counter_ns() - start

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, message: bytes) -> None:
        """Send a request. Raises what send(2) does."""
        self._socket.sendall(message)

    def receive(self) -> None:
        """Read a reply. Raises what recv(2) does."""
        self._fill()

    def pipelined(self, message: bytes, window: int, seconds: float) -> float:
        """Requests per second with `window` of them outstanding all the time, over `seconds`."""
        self.call(message)
        batches = [message * count for count in range(window + 1)]
        send, recv_into, count, clock = (
            self._socket.sendall,
            self._socket.recv_into,
            self._buffer.count,
            perf_counter_ns,
        )
        answered = done = 0
        start = clock()
        end = start + int(seconds * 1e9)
        with self._blaming():
            send(batches[window])
            while True:
                size = recv_into(self._buffer)
                if not size:
                    raise ConnectionResetError
                done = count(b"\n", 0, size)
                answered += done
                now = clock()
                if now >= end:
                    break
                send(batches[done])
            self._drain(window - done)
        self.call(message)
        return answered / (now - start) * 1e9

    def _drain(self, outstanding: int) -> None:
        while outstanding > 0:
            size = self._socket.recv_into(self._buffer)
            if not size:
                raise ConnectionResetError
            outstanding -= self._buffer.count(b"\n", 0, size)

    def _fill(self) -> int:
        """Read up to the LF that ends a message; returns how many bytes of the buffer it takes."""
        size = self._socket.recv_into(self._buffer)
        while size and self._buffer[size - 1] != _LF:
            more = self._socket.recv_into(self._view[size:])
            size = size + more if more else 0
        if not size:
            raise ConnectionResetError
        return size

    @contextlib.contextmanager
    def _blaming(self) -> Iterator[None]:
        try:
            yield
        except BlockingIOError:
            raise self.blame(f"has not answered for {ANSWER_TIMEOUT_S} s") from None
        except ConnectionError:
            raise self.blame("closed the connection") from None

    def _expect_return(self, size: int, message: bytes) -> bytes:
        reply = bytes(self._view[:size])
        if not reply.startswith(b'{"return"'):
            sent, got = message[:200].decode().strip(), reply[:300].decode().strip()
            raise self.blame(f"refused {sent}\nwith {got}")
        return reply
