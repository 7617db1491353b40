"""What clients see of block nodes."""

from __future__ import annotations

from typing import Any, Final

from qmp_iothreadd.machine.block import permissions, throttling
from qmp_iothreadd.machine.block.backend import BlockBackend
from qmp_iothreadd.machine.block.node import BlockNode
from qmp_iothreadd.machine.objects.throttle import LimitGroup

_UNLIMITED: Final = dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
_PAGE: Final = 4096
_IOV_MAX: Final = 1024


def disk_info(backend: BlockBackend) -> dict[str, Any]:
    """A BlockInfo."""
    found: dict[str, Any] = {
        "device": backend.name,
        "type": "unknown",
        "removable": backend.removable,
        "locked": False,
    }
    if backend.device is not None:
        found["qdev"] = backend.qdev
    if backend.tray_open is not None:
        found["tray_open"] = backend.tray_open
    if backend.reports_status:
        found["io-status"] = backend.io_status
    if backend.node is not None:
        inserted = found["inserted"] = node_info(backend.node, backend.group)
        inserted["cache"]["writeback"] = backend.write_cache
    return found


def node_info(node: BlockNode, group: LimitGroup | None = None) -> dict[str, Any]:
    """A BlockDeviceInfo; ``group``: the limits of who holds the node, where they are meant."""
    found: dict[str, Any] = {
        "file": node.filename,
        "node-name": node.name,
        "ro": node.read_only,
        "drv": node.driver,
        "backing_file_depth": 0,
        "children": [
            {"child": name, "node-name": child.name} for name, child in node.children.items()
        ],
        "active": node.options.get("active", True),
        "encrypted": False,
        "detect_zeroes": node.detect_zeroes,
        **(_UNLIMITED if group is None else throttling.shown(group)),
        "image": image_info(node),
        "cache": node.cache,
        "write_threshold": node.write_threshold,
    }
    if node.bitmaps:
        found["dirty-bitmaps"] = [
            {
                "name": name,
                "count": 0,
                "granularity": bitmap.granularity,
                "recording": bitmap.recording,
                "busy": False,
                "persistent": False,
            }
            for name, bitmap in reversed(node.bitmaps.items())
        ]
    return found


def image_info(node: BlockNode) -> dict[str, Any]:
    """An ImageInfo."""
    found: dict[str, Any] = {
        "filename": node.filename,
        "format": node.driver,
        "actual-size": node.actual_size(),
        "virtual-size": node.virtual_size(),
        "limits": _request_limits(node),
    }
    if node.has_info:
        found["dirty-flag"] = False
    if node.is_file:
        found["format-specific"] = {"type": "file", "data": {}}
    return found


def _request_limits(node: BlockNode) -> dict[str, int]:
    """A BlockLimitsInfo."""
    request, memory = node.alignment()
    return {
        "request-alignment": request,
        "max-iov": _IOV_MAX,
        "min-mem-alignment": memory,
        "opt-mem-alignment": _PAGE,
    }


def graph(nodes: list[BlockNode], backends: list[BlockBackend]) -> dict[str, Any]:
    """An XDbgBlockGraph of all ``nodes`` and ``backends``, the oldest first.

    QEMU numbers them as it comes by, from above, and puts each before those that it had.
    """
    everything: list[BlockBackend | BlockNode] = [*backends, *nodes]
    edges = [edge for each in backends for edge in each.edges]
    edges += [edge for node in nodes for edge in node.edges.values()]
    numbers: dict[int, int] = {}
    for each in everything:
        below = each.edges if isinstance(each, BlockBackend) else each.edges.values()
        for found in (each, *(edge.node for edge in below)):
            numbers.setdefault(id(found), len(numbers) + 1)
    return {
        "nodes": [_graph_node(each, numbers[id(each)]) for each in reversed(everything)],
        "edges": [
            {
                "parent": numbers[id(edge.user)],
                "child": numbers[id(edge.node)],
                "name": edge.name,
                "perm": permissions.names(edge.perm),
                "shared-perm": permissions.names(edge.shared),
            }
            for edge in reversed(edges)
        ],
    }


def _graph_node(found: BlockBackend | BlockNode, number: int) -> dict[str, Any]:
    if isinstance(found, BlockNode):
        return {"id": number, "type": "block-driver", "name": found.name}
    return {"id": number, "type": "block-backend", "name": found.name or found.qdev or ""}
