"""The graph of block nodes: who is there, what lies below whom, what may change."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.iothread.event_loop import IOThread
from qmp_iothreadd.machine.block import permissions
from qmp_iothreadd.machine.block.backend import BlockBackend
from qmp_iothreadd.machine.block.drivers import make_node
from qmp_iothreadd.machine.block.holds import Holds
from qmp_iothreadd.machine.block.node import BlockNode
from qmp_iothreadd.machine.block.permissions import Edge, User
from qmp_iothreadd.qom.identifiers import is_identifier

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

NODES_MAX: Final = 16384
"""So many nodes there may be; QEMU has no limit."""

LENGTH_MAX: Final = (1 << 63) - (1 << 30)
"""The most bytes of a disk (QEMU's BDRV_MAX_LENGTH)."""

DEPTH_MAX: Final = 64
"""So many may lie below each other; QEMU has no limit."""

_NAME_MAX: Final = 31  # bytes

# Options that blockdev-reopen may change.
_REOPENABLE: Final = frozenset(
    ("node-name", "read-only", "auto-read-only", "cache", "discard", "detect-zeroes", "active")
)


class BlockNodes(Holds):
    """All nodes of the machine by name, the oldest first, and who holds them."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._generated = 0

    # -- Finding ----------------------------------------------------------------------------------

    def latest_first(self) -> list[BlockNode]:
        """The nodes in the order of QEMU's lists."""
        return list(self.nodes.values())[::-1]

    def find(self, name: str) -> BlockNode:
        """The node of this name.

        Raises:
            QmpError: there is none.
        """
        found = self.nodes.get(name)
        if found is None:
            raise errors.node_not_found(name)
        return found

    def lookup(self, device: str | None, node_name: str | None) -> BlockNode:
        """What is called so, as bdrv_lookup_bs finds it: the node in a disk, or a node.

        Raises:
            QmpError: there is none.
        """
        if device in self.disks:
            inside = self.disks[device].node
            if inside is None:
                raise errors.disk_empty(device)
            return inside
        found = self.nodes.get(node_name or "")
        if found is None:
            raise errors.block_device_not_found(device or "", node_name or "")
        return found

    # -- Making and removing ----------------------------------------------------------------------

    def add(self, options: Mapping[str, Any]) -> BlockNode:
        """Open the node that ``options``, a BlockdevOptions, describe, and those below it.

        Raises:
            QmpError: it has no name, or it cannot be opened; nothing is left behind.
        """
        if "node-name" not in options:
            raise errors.node_name_missing()
        return self._open(options)

    def _open(self, options: Mapping[str, Any], above: int = 0) -> BlockNode:
        if above > DEPTH_MAX:
            raise errors.too_many_nodes_below(DEPTH_MAX)
        name = options.get("node-name")
        if name is not None:
            self._check_name(name)
        if len(self.nodes) >= NODES_MAX:
            raise errors.too_many_nodes(NODES_MAX)
        _check_options(options)
        opened: list[Edge[BlockNode]] = []

        def open_child(user: User, name: str, reference: Any) -> Edge[BlockNode]:
            edge = Edge(user, name, self._child(reference, above + 1))
            opened.append(edge)
            edge.node.users.append(edge)
            if edge.node.depth >= DEPTH_MAX:
                raise errors.too_many_nodes_below(DEPTH_MAX)
            return edge

        try:
            made = make_node(name or "", options, self.machine.descriptors, open_child)
            for edge, perm, shared in made.permissions_below():
                edge.set(perm, shared)
        except BaseException:
            for edge in opened:
                self.release(edge)
            raise
        if name is None:
            made.name = f"#block{self._generated}{random.randrange(100):02}"
            self._generated += 1
        self.nodes[made.name] = made
        return made

    def open_into(self, disk: BlockBackend, options: Mapping[str, Any]) -> None:
        """Open a node, which may lack a name, and put it into a disk instead of what is there.

        Raises:
            QmpError: it cannot be opened; what was in the disk stays.
        """
        made = self._open(options)
        made.owned_by_monitor = False
        disk.remove()
        try:
            disk.insert(made)
        except BaseException:
            self._close(made)
            raise

    def _child(self, reference: Any, above: int) -> BlockNode:
        if isinstance(reference, str):
            return self.lookup(reference, reference)
        made = self._open(reference, above)
        made.owned_by_monitor = False
        return made

    def _check_name(self, name: str) -> None:
        if not is_identifier(name):
            raise errors.invalid_node_name(name)
        if name in self.disks:
            raise errors.node_conflicts(name)
        if name in self.nodes:
            raise errors.duplicate_node(name)
        if len(name.encode()) > _NAME_MAX:
            raise errors.node_name_too_long()

    def delete(self, name: str) -> None:
        """Close a node that nobody uses, and what was made with it.

        Raises:
            QmpError: there is none, or it is used, or it was made with another one.
        """
        node = self.find(name)
        if any(isinstance(edge.user, BlockBackend) for edge in node.users):
            raise errors.node_held(name)
        if not node.owned_by_monitor:
            raise errors.node_not_monitors(name)
        if node.users:
            raise errors.node_in_use(name)
        self._close(node)

    def _close(self, node: BlockNode) -> None:
        del self.nodes[node.name]
        node.close()
        for edge in node.edges.values():
            self.release(edge)

    def release(self, edge: Edge[BlockNode]) -> None:
        """Use a node no more; it goes with its last use, unless it was made for itself."""
        node = edge.node
        node.users.remove(edge)
        if not node.users and not node.owned_by_monitor and node.name in self.nodes:
            self._close(node)

    def close(self) -> None:
        """Close all."""
        self.stop_holding()
        for node in self.nodes.values():
            node.close()
        self.nodes.clear()
        super().close()

    # -- Changing ---------------------------------------------------------------------------------

    def resize(self, node: BlockNode, size: int) -> None:
        """Change how large a node is.

        Raises:
            QmpError: it cannot be so large, or cannot change.
        """
        if size < 0:
            raise errors.size_not_positive()
        if node.read_only:
            raise errors.image_read_only()
        if size > LENGTH_MAX:
            raise errors.size_too_large(size, LENGTH_MAX)
        with self._allowed(node, permissions.RESIZE):
            node.resize(size)
        for backend in self.backends:
            backend.node_changed()

    @contextmanager
    def _allowed(self, node: BlockNode, perm: int) -> Iterator[None]:
        """Do something to a node for a moment, as QEMU's commands do through an unnamed device."""
        edge = Edge(BlockBackend(self), "root", node)
        node.users.append(edge)
        try:
            edge.set(perm, permissions.ALL)
            yield
        finally:
            edge.set(0, permissions.ALL)
            node.users.remove(edge)

    def reopen(self, all_options: Iterable[Mapping[str, Any]]) -> None:
        """Change options of nodes; all of them, or none.

        Raises:
            QmpError: a node is not there, or an option cannot change.
        """
        checked = [(self._check_reopen(options), options) for options in all_options]
        before = [(node, node.options) for node, _ in checked]
        done = 0
        try:
            for node, options in checked:
                node.change(options)
                done += 1
        except BaseException:
            for node, options in before[:done]:
                node.change(options)
            raise
        for backend in self.backends:
            backend.node_changed()

    def _check_reopen(self, options: Mapping[str, Any]) -> BlockNode:
        if "node-name" not in options:
            raise errors.reopen_node_name_missing()
        node = self.find(options["node-name"])
        for key in ("driver", *options, *node.options):
            if key not in _REOPENABLE and options.get(key) != node.options.get(key):
                raise errors.reopen_option_fixed(key)
        _check_options(options)
        written = permissions.cumulative(node)[0] & permissions.WRITE
        if options.get("read-only", False) and not node.read_only and written:
            raise errors.reopen_has_writers(node.name)
        return node

    def move(self, name: str, iothread: str | None, *, force: bool = False) -> None:
        """Let a node run in an iothread, or in the main loop.

        A node does not keep its iothread: that can be deleted, and then the node is as before.

        Raises:
            QmpError: there is no such node, or no such iothread, or a device uses the node.
        """
        node = self.find(name)
        holds = [edge.user for edge in node.users if isinstance(edge.user, BlockBackend)]
        if holds and not force:
            raise errors.node_might_be_used(name)
        if any(each.device for each in holds):
            raise errors.node_used_by_device()
        found = None if iothread is None else self.machine.find_object(iothread)
        if iothread is not None and not isinstance(found, IOThread):
            raise errors.block_iothread_not_found(iothread)
        for each in self._with_those_below(node):
            each.iothread = found if isinstance(found, IOThread) else None

    def _with_those_below(self, node: BlockNode) -> Iterable[BlockNode]:
        yield node
        for child in node.children.values():
            yield from self._with_those_below(child)


def _check_options(options: Mapping[str, Any]) -> None:
    if options.get("detect-zeroes") == "unmap" and options.get("discard") != "unmap":
        raise errors.detect_zeroes_needs_discard()
