"""Sockets that connect, as QEMU's util/qemu-sockets.c makes them."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from collections.abc import Mapping
from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.addresses import strerror, unix_name
from qmp_iothreadd.chardev.hosts import (
    Target,
    is_numeric,
    resolve,
    set_keep_alive,
    vsock_target,
)

CONNECT_S = 10.0
"""How long a connection may take that everything waits for."""


def connect(address: Mapping[str, Any]) -> socket.socket:
    """A socket connected to an address. It blocks as long as that takes, within bounds.

    Raises:
        QmpError: the address is unknown, or nobody answers.
    """
    refused: OSError | None = None
    for target in _targets(address):
        made = _make(target)
        try:
            _connect_within(made, target.address, CONNECT_S)
        except OSError as error:
            made.close()
            refused = error
        else:
            return _connected(made, address)
    raise _connect_error(address, refused)


async def connect_later(address: Mapping[str, Any]) -> socket.socket:
    """The same, while the event loop goes on.

    Raises:
        QmpError: the address is unknown, or nobody answers.
    """
    loop = asyncio.get_running_loop()
    if address["type"] == "inet" and not is_numeric(address):
        targets = await loop.run_in_executor(None, resolve, address)
    else:
        targets = _targets(address)
    refused: OSError | None = None
    for target in targets:
        made = _make(target)
        try:
            made.setblocking(False)
            if made.family == socket.AF_UNIX:
                made.connect(target.address)  # succeeds at once, or never will
            else:
                await loop.sock_connect(made, target.address)
        except OSError as error:
            made.close()
            refused = error
        except BaseException:
            made.close()
            raise
        else:
            return _connected(made, address)
    raise _connect_error(address, refused)


def _connect_within(made: socket.socket, address: Any, seconds: float) -> None:
    # Python's own time limit would not let it wait in the queue of a Unix socket.
    limit = struct.pack("@ll", int(seconds), int(seconds % 1 * 1e6))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    while not _is_connected(made):
        made.connect(address)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, bytes(len(limit)))


def _is_connected(made: socket.socket) -> bool:
    """Whether there is a peer: Python takes an interrupted connection to a Unix socket for one."""
    try:
        made.getpeername()
    except OSError as error:
        return error.errno != errno.ENOTCONN
    return True


def _connected(made: socket.socket, address: Mapping[str, Any]) -> socket.socket:
    try:
        made.setblocking(False)
        set_keep_alive(made, address)
    except BaseException:
        made.close()
        raise
    return made


def _targets(address: Mapping[str, Any]) -> list[Target]:
    if address["type"] == "inet":
        return resolve(address)
    if address["type"] == "unix":
        return [Target(socket.AF_UNIX, 0, unix_name(address))]
    return [vsock_target(address)]


def _make(target: Target) -> socket.socket:
    try:
        return socket.socket(target.family, socket.SOCK_STREAM, target.protocol)
    except OSError as error:
        raise errors.socket_not_created(strerror(error)) from None


def _connect_error(address: Mapping[str, Any], error: OSError | None) -> errors.QmpError:
    if address["type"] == "unix":
        text = address["path"]
    else:
        text = f"{address.get('host', address.get('cid'))}:{address['port']}"
    if error is None or error.errno in (errno.EAGAIN, errno.EINPROGRESS):
        return errors.connect_failed(text, os.strerror(errno.ETIMEDOUT))
    return errors.connect_failed(text, strerror(error))
