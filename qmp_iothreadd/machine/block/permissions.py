"""What the users of a node do to it, and what they let others do: QEMU's block permissions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final, Generic, Protocol, TypeVar

from qmp_iothreadd import errors

CONSISTENT_READ: Final = 1
WRITE: Final = 2
WRITE_UNCHANGED: Final = 4
RESIZE: Final = 8
ALL: Final = 15

NAMES: Final = {
    CONSISTENT_READ: "consistent-read",
    WRITE: "write",
    WRITE_UNCHANGED: "write-unchanged",
    RESIZE: "resize",
}
"""Each permission as QAPI spells it (BlockPermission), in QEMU's order."""


class User(Protocol):
    """Who is above a node: another node, or a device's hold on it."""

    def describe(self) -> str:
        """Who that is, for an error's text."""


class Used(Protocol):
    """A node, as far as it matters here: see BlockNode."""

    name: str
    read_only: bool
    users: list[Any]

    def permissions_below(self) -> Iterator[tuple[Edge[Any], int, int]]:
        """For each use of a node below: what has to be done and shared there for the users here."""

    def prepare(self, perm: int, shared: int) -> None:
        """All users together are about to do and share this."""


_Node = TypeVar("_Node", bound=Used)


class Edge(Generic[_Node]):
    """One use of ``node``: by ``user``, which knows it as its child ``name``.

    ``perm``: what the user does. ``shared``: what it lets the node's other users do.
    """

    __slots__ = ("name", "node", "perm", "shared", "user")

    def __init__(self, user: User, name: str, node: _Node) -> None:
        self.user = user
        self.name = name
        self.node = node
        self.perm = 0
        self.shared = ALL

    def set(self, perm: int, shared: int) -> None:
        """Do and share this from now on; what lies below the node is asked too.

        Raises:
            QmpError: another user does what is no longer shared, or the reverse; or the node is
            read-only. Nothing has changed then.
        """
        changed: list[_Before] = []
        try:
            _set(self, perm, shared, changed)
        except errors.QmpError:
            for edge, old_perm, old_shared in reversed(changed):
                edge.perm, edge.shared = old_perm, old_shared
                with contextlib.suppress(errors.QmpError):  # it had that before
                    edge.node.prepare(*cumulative(edge.node))
            raise

    def describe(self) -> str:
        """Who uses the node as what, for an error's text."""
        return f"{self.user.describe()} (uses node '{self.node.name}' as '{self.name}' child)"


_Before = tuple[Edge[Any], int, int]


def _set(edge: Edge[Any], perm: int, shared: int, changed: list[_Before]) -> None:
    changed.append((edge, edge.perm, edge.shared))
    edge.perm, edge.shared = perm, shared
    check(edge.node)
    for below, its_perm, its_shared in edge.node.permissions_below():
        _set(below, its_perm, its_shared, changed)


def check(node: Used) -> None:
    """Refuse users that do not go together, and writers to what is read-only.

    Raises:
        QmpError: there are such; of several pairs it names the one that QEMU does.
    """
    for owner in reversed(node.users):  # the newest comes first in QEMU's list
        for other in reversed(node.users):
            refused = other.perm & ~owner.shared
            if other is not owner and refused:
                raise errors.permission_conflict(
                    node.name, spoken(refused), other.describe(), owner.describe()
                )
    perm, shared = cumulative(node)
    if node.read_only and perm & (WRITE | WRITE_UNCHANGED):
        raise errors.node_read_only()
    node.prepare(perm, shared)


def cumulative(node: Used) -> tuple[int, int]:
    """What all users of a node do, and what all of them share."""
    perm, shared = 0, ALL
    for edge in node.users:
        perm |= edge.perm
        shared &= edge.shared
    return perm, shared


def names(mask: int) -> list[str]:
    """The permissions of a mask as QAPI spells them, in the order of QEMU's lists."""
    return [name for bit, name in reversed(NAMES.items()) if mask & bit]


def spoken(mask: int) -> str:
    """The same for an error's text."""
    return ", ".join(_words(mask))


def _words(mask: int) -> Iterator[str]:
    return (name.replace("-", " ") for bit, name in NAMES.items() if mask & bit)
