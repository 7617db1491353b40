"""The graph of block nodes: who is there, what lies below whom, what may change."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.iothread.event_loop import IOThread
from qmp_iothreadd.machine.block.drivers import Bitmap, BlockNode, make_node
from qmp_iothreadd.qom.identifiers import is_identifier

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

NODES_MAX: Final = 16384
LENGTH_MAX: Final = (1 << 63) - (1 << 30)
"""The most bytes of a disk (QEMU's BDRV_MAX_LENGTH)."""

"""So many nodes there may be; QEMU has no limit."""

DEPTH_MAX: Final = 64
"""So many may lie below each other; QEMU has no limit."""

_NAME_MAX: Final = 31  # bytes
_BITMAP_NAME_MAX: Final = 1023  # bytes
_BITMAP_CLUSTER: Final = 65536

# Options that blockdev-reopen may change.
_REOPENABLE: Final = frozenset(
    ("node-name", "read-only", "auto-read-only", "cache", "discard", "detect-zeroes", "active")
)


class BlockNodes:
    """All nodes of the machine, the oldest first, and the disks that some of them are in.

    ``disks``: what ``-drive`` made, with the node in it, or None where it is empty. ``places``:
    where they would be in a guest.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.nodes: dict[str, BlockNode] = {}
        self.disks: dict[str, BlockNode | None] = {}
        self.places: set[tuple[str, int, int]] = set()
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
            inside = self.disks[device]
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
        opened: list[BlockNode] = []

        def open_child(reference: Any) -> BlockNode:
            child = self._child(reference, above + 1)
            opened.append(child)
            child.users += 1
            if child.depth >= DEPTH_MAX:
                raise errors.too_many_nodes_below(DEPTH_MAX)
            return child

        try:
            made = make_node(name or "", options, self.machine.descriptors, open_child)
        except BaseException:
            for child in opened:
                self._release(child)
            raise
        if name is None:
            made.name = f"#block{self._generated}{random.randrange(100):02}"
            self._generated += 1
        self.nodes[made.name] = made
        return made

    def open_for_disk(self, options: Mapping[str, Any]) -> BlockNode:
        """Open a node for a disk, with which it goes; ``options`` may lack a name.

        Raises:
            QmpError: it cannot be opened; nothing is left behind.
        """
        made = self._open(options)
        made.owned_by_monitor = False
        made.users = 1
        return made

    def empty(self, disk: str) -> None:
        """Take out of a disk what is in it."""
        node, self.disks[disk] = self.disks[disk], None
        if node is not None:
            self._release(node)

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
        if not node.owned_by_monitor:
            raise errors.node_not_monitors(name)
        if node.users:
            raise errors.node_in_use(name)
        self._close(node)

    def _close(self, node: BlockNode) -> None:
        del self.nodes[node.name]
        node.close()
        for child in node.children.values():
            self._release(child)

    def _release(self, node: BlockNode) -> None:
        node.users -= 1
        if not node.users and not node.owned_by_monitor:
            self._close(node)

    def close(self) -> None:
        """Close all."""
        for node in self.nodes.values():
            node.close()
        self.nodes.clear()
        self.disks.clear()

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
        node.resize(size)

    def reopen(self, all_options: Iterable[Mapping[str, Any]]) -> None:
        """Change options of nodes; all of them, or none.

        Raises:
            QmpError: a node is not there, or an option cannot change.
        """
        checked = [(self._check_reopen(options), options) for options in all_options]
        for node, options in checked:
            node.options = dict(options)
            node.read_only = options.get("read-only", False)
            node.detect_zeroes = options.get("detect-zeroes", "off")

    def _check_reopen(self, options: Mapping[str, Any]) -> BlockNode:
        if "node-name" not in options:
            raise errors.reopen_node_name_missing()
        node = self.find(options["node-name"])
        for key in ("driver", *options, *node.options):
            if key not in _REOPENABLE and options.get(key) != node.options.get(key):
                raise errors.reopen_option_fixed(key)
        _check_options(options)
        if options.get("read-only", False) and not node.read_only and self._is_written(node):
            raise errors.reopen_has_writers(node.name)
        return node

    def _is_written(self, node: BlockNode) -> bool:
        above = [each for each in self.nodes.values() if node in each.children.values()]
        return any(not each.read_only for each in above)

    def move(self, name: str, iothread: str | None) -> None:
        """Let a node run in an iothread, or in the main loop.

        A node does not keep its iothread: that can be deleted, and then the node is as before.

        Raises:
            QmpError: there is no such node, or no such iothread.
        """
        node = self.find(name)
        found = None if iothread is None else self.machine.find_object(iothread)
        if iothread is not None and not isinstance(found, IOThread):
            raise errors.block_iothread_not_found(iothread)
        for each in self._with_those_below(node):
            each.iothread = found if isinstance(found, IOThread) else None

    def _with_those_below(self, node: BlockNode) -> Iterable[BlockNode]:
        yield node
        for child in node.children.values():
            yield from self._with_those_below(child)

    # -- Dirty bitmaps ----------------------------------------------------------------------------

    def bitmap(self, node_name: str, name: str) -> tuple[BlockNode, Bitmap]:
        """A node's bitmap.

        Raises:
            QmpError: there is no such node, or no such bitmap.
        """
        node = self.nodes.get(node_name)
        if node is None:
            raise errors.bitmap_node_not_found(node_name)
        found = node.bitmaps.get(name)
        if found is None:
            raise errors.bitmap_not_found(name)
        return node, found

    def add_bitmap(
        self,
        node_name: str,
        name: str,
        *,
        granularity: int | None,
        persistent: bool,
        disabled: bool,
    ) -> None:
        """Give a node a bitmap.

        Raises:
            QmpError: the name is none, or taken; or it cannot be so.
        """
        if not name:
            raise errors.bitmap_name_empty()
        node = self.lookup(node_name, node_name)
        if granularity is not None and (granularity < 512 or granularity & (granularity - 1)):
            raise errors.bitmap_granularity()
        if persistent:
            raise errors.bitmap_not_persistent(node.name)
        if name in node.bitmaps:
            raise errors.bitmap_exists(name)
        if len(name.encode()) > _BITMAP_NAME_MAX:
            raise errors.bitmap_name_too_long()
        node.bitmaps[name] = Bitmap(granularity or _BITMAP_CLUSTER, recording=not disabled)


def _check_options(options: Mapping[str, Any]) -> None:
    if options.get("detect-zeroes") == "unmap" and options.get("discard") != "unmap":
        raise errors.detect_zeroes_needs_discard()
