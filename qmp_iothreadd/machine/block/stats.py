"""What disks and nodes did, as query-blockstats shows it."""

from __future__ import annotations

from typing import Any, Final

from qmp_iothreadd.machine.block.backend import BlockBackend
from qmp_iothreadd.machine.block.node import BlockNode

_OPERATIONS: Final = ("rd", "wr", "zone_append", "flush", "unmap")


def node_stats(node: BlockNode) -> dict[str, Any]:
    """A BlockStats of a node: QEMU counts there only how far it was written."""
    found: dict[str, Any] = {"node-name": node.name, "stats": _counters(node, accounts=False)}
    if node.driver in ("file", "host_device"):
        found["driver-specific"] = {
            "driver": node.driver,
            "discard-nb-ok": 0,
            "discard-nb-failed": 0,
            "discard-bytes-ok": 0,
        }
    if "file" in node.edges:
        found["parent"] = node_stats(node.edges["file"].node)
    return found


def disk_stats(backend: BlockBackend) -> dict[str, Any]:
    """A BlockStats of a disk, and of what is in it."""
    node = backend.node
    found = {} if node is None else node_stats(node)
    found |= {"device": backend.name, "stats": _counters(node, accounts=True)}
    if backend.device is not None:
        found["qdev"] = backend.qdev
    if backend.requests is not None:
        found["stats"] |= backend.requests.stats()
    found["stats"] |= backend.histograms.stats(backend.queues)
    return found


def _counters(node: BlockNode | None, *, accounts: bool) -> dict[str, Any]:
    """A BlockDeviceStats in which nothing was done; ``accounts``: failures would count."""
    found: dict[str, Any] = {}
    for name in _OPERATIONS:
        found |= {f"{name}_operations": 0, f"{name}_total_time_ns": 0}
        found |= {f"failed_{name}_operations": 0, f"invalid_{name}_operations": 0}
        if name != "flush":
            found |= {f"{name}_bytes": 0, f"{name}_merged": 0}
    return found | {
        "wr_highest_offset": 0 if node is None else node.highest_offset,
        "account_invalid": accounts,
        "account_failed": accounts,
        "timed_stats": [],
    }
