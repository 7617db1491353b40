"""How a daemon is asked for: an order and descriptors one way, the id of a process the other."""

from __future__ import annotations

import marshal
import socket
import struct
from typing import TypedDict

#: The only command that can be had so: ``python -m``.
MODULE = "qmp_iothreadd"

# What a process says on its pipe once it is what it was asked to be; one that ends without is not.
BECOME = b"+"

#: A larger order is refused: exec has limits, too, and says so.
MOST_BYTES = 128 << 10
#: The kernel passes no more descriptors at once.
MOST_DESCRIPTORS = 253

_SIZE = struct.Struct("!I")
_REPLY = struct.Struct("!i")


class Order(TypedDict):
    """What a daemon is to be like.

    ``argv`` begins with the interpreter, ``-m`` and MODULE; ``environment`` has ``NAME=VALUE``.
    ``group``: a process group of this session, 0 for a new one, None for a session of its own.
    ``limits`` are soft and hard ones by RLIMIT's number. ``descriptors`` are the numbers that
    descriptors get, of those that come with the order: after two others, the working folder and the
    pipe for BECOME.
    """

    argv: list[bytes]
    environment: list[bytes]
    umask: int
    group: int | None
    limits: dict[int, tuple[int, int]]
    descriptors: list[int]


def ask(control: socket.socket, order: Order, fds: list[int]) -> int | None:
    """Ask for a daemon. Returns the id of the process, None where there is none.

    Raises:
        EOFError, OSError: nobody serves.
    """
    text = marshal.dumps(dict(order))
    if len(text) > MOST_BYTES or len(fds) > MOST_DESCRIPTORS:
        return None
    socket.send_fds(control, [_SIZE.pack(len(text))], fds)
    control.sendall(text)
    reply = control.recv(_REPLY.size, socket.MSG_WAITALL)
    if len(reply) < _REPLY.size:
        raise EOFError
    pid: int = _REPLY.unpack(reply)[0]
    return pid or None


def read_order(control: socket.socket) -> tuple[Order, list[int]]:
    """What was asked for.

    Raises:
        EOFError, OSError: nobody asks any more.
    """
    flags = socket.MSG_WAITALL | socket.MSG_CMSG_CLOEXEC
    header, fds, _, _ = socket.recv_fds(control, _SIZE.size, MOST_DESCRIPTORS, flags)
    if len(header) < _SIZE.size:
        raise EOFError
    order: Order = marshal.loads(control.recv(_SIZE.unpack(header)[0], socket.MSG_WAITALL))
    return order, fds


def answer(control: socket.socket, pid: int | None) -> None:
    """Say which process it is."""
    control.sendall(_REPLY.pack(pid or 0))
