"""Descriptors that clients hand over."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def no_descriptor_received() -> QmpError:
    """getfd or add-fd, and none came with it."""
    return QmpError("No file descriptor supplied via SCM_RIGHTS")


def named_descriptor_not_found(name: str) -> QmpError:
    """closefd of what getfd did not name."""
    return QmpError(f"File descriptor named '{name}' not found")


def named_descriptor_unknown(name: str) -> QmpError:
    """What needs a descriptor, of a name that getfd did not give."""
    return QmpError(f"File descriptor named '{name}' has not been found")


def fdset_member_not_found(number: int, fd: int | None) -> QmpError:
    """remove-fd of a set, or of a descriptor in it, that there is not."""
    member = "" if fd is None else f", fd:{fd}"
    return QmpError(f"File descriptor named 'fdset-id:{number}{member}' not found")
