"""Sockets that others made and handed over by descriptor."""

from __future__ import annotations

import errno
import os
import socket

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.addresses import strerror
from qmp_iothreadd.chardev.listener import BACKLOG


def adopt(fd: int, text: str) -> socket.socket:
    """The socket of a descriptor, which is the caller's from now on; ``text`` named it.

    Raises:
        QmpError: it is of no open socket; it is closed.
    """
    try:
        made = socket.socket(fileno=fd)
    except ValueError:
        raise errors.not_a_socket(text) from None
    except OSError as error:
        if error.errno != errno.EBADF:
            os.close(fd)
        raise errors.not_a_socket(text) from None
    made.setblocking(False)
    made.set_inheritable(False)
    return made


def adopt_listener(fd: int, text: str) -> socket.socket:
    """The same of one that listens, or is bound and will.

    Raises:
        QmpError: it is no socket, or cannot listen; it is closed.
    """
    made = adopt(fd, text)
    try:
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise errors.fd_listen_failed(strerror(error)) from None
    return made


def parse_descriptor(text: str) -> int:
    """The number of a descriptor.

    Raises:
        QmpError: it is none.
    """
    digits = text.lstrip(" \t\n\v\f\r").removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 9:
        raise errors.not_a_file_descriptor(text)
    return int(text)
