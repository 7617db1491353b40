"""Sockets that others made and handed over by descriptor."""

from __future__ import annotations

import errno
import os
import re
import socket

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.addresses import strerror
from qmp_iothreadd.chardev.listener import BACKLOG

# More digits than an int has: enough to see that it is too large.
_INT_DIGITS = 12


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
    """The number of a descriptor, as strtol reads it.

    Raises:
        QmpError: it is none, or none that a C ``int`` holds.
    """
    found = re.fullmatch(r"[ \t\n\v\f\r]*([+-]?)0*([0-9]+)", text)
    if found is None:
        raise errors.not_a_file_descriptor(text)
    number = int(found[2][:_INT_DIGITS]) * (-1 if found[1] == "-" else 1)
    if not -(2**31) <= number < 2**31:
        raise errors.not_a_file_descriptor(text, os.strerror(errno.ERANGE))
    return number


def inherited_descriptor(text: str) -> int:
    """The descriptor of this number, which who started the program left open for it.

    What the program opened itself is closed on exec: it is nobody else's, whatever its number.

    Raises:
        QmpError: the text is no number, or no such descriptor was handed over.
    """
    fd = parse_descriptor(text)
    try:
        if os.get_inheritable(fd):
            return fd
    except OSError:
        pass
    raise errors.not_a_socket(text)
