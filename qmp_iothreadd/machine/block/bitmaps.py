"""Dirty bitmaps of nodes: found, and made."""

from __future__ import annotations

from typing import Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block.node import Bitmap, BlockNode
from qmp_iothreadd.machine.block.nodes import BlockNodes

_NAME_MAX: Final = 1023  # bytes
_CLUSTER: Final = 65536


def find_bitmap(nodes: BlockNodes, node_name: str, name: str) -> tuple[BlockNode, Bitmap]:
    """A node, and its bitmap.

    Raises:
        QmpError: there is no such node, or no such bitmap.
    """
    node = nodes.nodes.get(node_name)
    if node is None:
        raise errors.node_absent(node_name)
    found = node.bitmaps.get(name)
    if found is None:
        raise errors.bitmap_not_found(name)
    return node, found


def add_bitmap(
    nodes: BlockNodes,
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
    node = nodes.lookup(node_name, node_name)
    if granularity is not None and (granularity < 512 or granularity & (granularity - 1)):
        raise errors.bitmap_granularity()
    if persistent:
        raise errors.bitmap_not_persistent(node.name)
    if name in node.bitmaps:
        raise errors.bitmap_exists(name)
    if len(name.encode()) > _NAME_MAX:
        raise errors.bitmap_name_too_long()
    node.bitmaps[name] = Bitmap(granularity or _CLUSTER, recording=not disabled)
