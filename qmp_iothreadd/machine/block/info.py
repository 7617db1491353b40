"""What clients see of block nodes."""

from __future__ import annotations

from typing import Any, Final

from qmp_iothreadd.machine.block.drivers import BlockNode

_LIMITS: Final = ("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr")
_OPERATIONS: Final = ("rd", "wr", "zone_append", "flush", "unmap")


def node_info(node: BlockNode) -> dict[str, Any]:
    """A BlockDeviceInfo."""
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
        **dict.fromkeys(_LIMITS, 0),
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
    }
    if node.has_info:
        found["dirty-flag"] = False
    if node.is_file:
        found["format-specific"] = {"type": "file", "data": {}}
    return found


def node_stats(node: BlockNode) -> dict[str, Any]:
    """A BlockStats: nothing reads or writes here, so all counters are at 0."""
    found: dict[str, Any] = {"node-name": node.name, "stats": _counters()}
    if node.driver in ("file", "host_device"):
        found["driver-specific"] = {
            "driver": node.driver,
            "discard-nb-ok": 0,
            "discard-nb-failed": 0,
            "discard-bytes-ok": 0,
        }
    if "file" in node.children:
        found["parent"] = node_stats(node.children["file"])
    return found


def disk_stats(name: str, node: BlockNode | None) -> dict[str, Any]:
    """A BlockStats of a disk, and of what is in it."""
    inside = {} if node is None else node_stats(node)
    return {**inside, "device": name, "stats": _counters()}


def graph(nodes: list[BlockNode]) -> dict[str, Any]:
    """An XDbgBlockGraph of ``nodes``, the oldest first."""
    numbers = {node.name: number for number, node in enumerate(nodes, 1)}
    shared = ["resize", "write-unchanged", "write", "consistent-read"]
    edges = [
        {
            "parent": numbers[node.name],
            "child": numbers[child.name],
            "name": name,
            "perm": [],
            "shared-perm": shared if not _is_piece(node) else shared[1:],
        }
        for node in reversed(nodes)
        for name, child in node.children.items()
    ]
    return {
        "nodes": [
            {"id": numbers[node.name], "type": "block-driver", "name": node.name}
            for node in reversed(nodes)
        ],
        "edges": edges,
    }


def _is_piece(node: BlockNode) -> bool:
    return "offset" in node.options or "size" in node.options


def _counters() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _OPERATIONS:
        found |= {f"{name}_operations": 0, f"{name}_total_time_ns": 0}
        found |= {f"failed_{name}_operations": 0, f"invalid_{name}_operations": 0}
        if name != "flush":
            found |= {f"{name}_bytes": 0, f"{name}_merged": 0}
    return found | {
        "wr_highest_offset": 0,
        "account_invalid": False,
        "account_failed": False,
        "timed_stats": [],
    }
