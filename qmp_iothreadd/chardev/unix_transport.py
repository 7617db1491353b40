"""A connected Unix socket that takes descriptors too (SCM_RIGHTS), which uvloop's own drop."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING, Any, ClassVar, Final

from qmp_iothreadd.chardev.stream_transport import CHUNK, StreamTransport

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.frontend import DescriptorProtocol

_LARGEST_CHUNK: Final = 4 * CHUNK
"""How much is read at once from who sends much; in smaller pieces that costs a quarter more."""

FDS_MAX: Final = 16
"""More that come with one piece are closed by the kernel: TCP_MAX_FDS of chardev/char-socket.c."""

_ANCILLARY_SIZE: Final = socket.CMSG_SPACE(FDS_MAX * 4)
_FLAGS: Final = int(socket.MSG_CMSG_CLOEXEC)  # an enumeration's member costs time in each call


class UnixTransport(StreamTransport):
    """Reads and writes ``sock``, which is its own from now on, for one protocol."""

    # What is read goes through here, for all: to allocate as much for each piece costs more.
    _buffers: ClassVar[list[memoryview]] = [memoryview(bytearray(CHUNK))]

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, protocol: DescriptorProtocol
    ) -> None:
        fd = sock.fileno()
        super().__init__(loop, protocol, fd, fd)
        sock.setblocking(False)
        self._sock = sock
        self._receive = sock.recvmsg_into
        self._receiver = protocol
        self._sent = False  # since the last piece was read

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """``socket``: the socket, to ask but not to read or write."""
        return self._sock if name == "socket" else default

    def _read(self) -> None:
        try:
            size, ancillary, _, _ = self._receive(self._buffers, _ANCILLARY_SIZE, _FLAGS)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._fail(error)
            return
        if ancillary and (fds := _descriptors(ancillary)):
            self._receiver.descriptors_received(fds)
        if size:
            data = bytes(self._buffers[0][:size])
            if size == CHUNK:
                UnixTransport._buffers = [memoryview(bytearray(_LARGEST_CHUNK))]
            self._sent = False
            self._receiver.data_received(data)
            if not self._sent:
                self._look_for_error()
            return
        self._end_input()
        if not self._receiver.eof_received():
            self.close()

    def _look_for_error(self) -> None:
        """Whether the peer is gone, which sending would have told.

        Who leaves without having read everything makes an error of the socket, and libuv tells of
        one no more than once: with the data that was there before it.
        """
        number = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self._fail(OSError(number, os.strerror(number)))

    def _send(self, data: bytes | bytearray) -> int:
        self._sent = True
        return self._sock.send(data)

    def _release(self) -> None:
        self._sock.close()


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    """The descriptors among ancillary data, blocking as QEMU makes them."""
    fds: list[int] = []
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            whole = len(data) - len(data) % 4
            fds += memoryview(data)[:whole].cast("i")
    for fd in fds:
        os.set_blocking(fd, True)
    return fds
