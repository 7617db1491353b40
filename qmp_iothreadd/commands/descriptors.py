"""getfd and its kin: descriptors that clients send with their requests."""

from __future__ import annotations

import os
from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.qmp.registry import Context, command


@command("getfd")
def getfd(ctx: Context, fdname: str) -> None:
    """Name the descriptor that came with the request, in place of one of that name.

    Raises:
        QmpError: there is none, or the name begins with a digit.
    """
    fd = _take(ctx)
    if fdname[:1].isascii() and fdname[:1].isdigit():
        os.close(fd)
        raise errors.invalid_parameter_value("fdname", "a name not starting with a digit")
    named = ctx.named_descriptors
    replaced = named.get(fdname)
    named[fdname] = fd
    if replaced is not None:
        os.close(replaced)


@command("closefd")
def closefd(ctx: Context, fdname: str) -> None:
    """Close what getfd named.

    Raises:
        QmpError: this monitor has nothing of that name.
    """
    fd = ctx.named_descriptors.pop(fdname, None)
    if fd is None:
        raise errors.named_descriptor_not_found(fdname)
    os.close(fd)


@command("add-fd")
def add_fd(ctx: Context, fdset_id: int | None = None, opaque: str | None = None) -> dict[str, int]:
    """Put the descriptor that came with the request into a set.

    Raises:
        QmpError: there is none, or ``fdset_id`` is negative.
    """
    fd = _take(ctx)
    try:
        number = ctx.machine.descriptors.sets.add(fd, fdset_id, opaque)
    except errors.QmpError:
        os.close(fd)
        raise
    return {"fdset-id": number, "fd": fd}


@command("remove-fd")
def remove_fd(ctx: Context, fdset_id: int, fd: int | None = None) -> None:
    """Close the descriptors of a set, or one of them.

    Raises:
        QmpError: there is no such set, or no such descriptor in it.
    """
    ctx.machine.descriptors.sets.remove(fdset_id, fd)


@command("query-fdsets")
def query_fdsets(ctx: Context) -> list[dict[str, Any]]:
    """The sets of descriptors."""
    return [
        {"fdset-id": number, "fds": [_fd_info(each.fd, each.opaque) for each in members]}
        for number, members in ctx.machine.descriptors.sets.members()
    ]


def _fd_info(fd: int, opaque: str | None) -> dict[str, Any]:
    return {"fd": fd} if opaque is None else {"fd": fd, "opaque": opaque}


def _take(ctx: Context) -> int:
    fd = ctx.inbox.take()
    if fd is None:
        raise errors.no_descriptor_received()
    return fd
