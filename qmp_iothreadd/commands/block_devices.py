"""Disks: what is in them, what they may do, and how long that takes them."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block.backend import BlockBackend
from qmp_iothreadd.machine.block.drives import medium_options
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.qmp.registry import Context, command


def _removable(ctx: Context, device: str | None, id: str | None) -> BlockBackend:
    """A disk whose medium can be changed.

    Raises:
        QmpError: there is none such, or its device keeps its medium.
    """
    found = ctx.machine.part(BlockNodes).find_held(device, id)
    if not found.removable:
        raise errors.drive_fixed(device or id or "")
    return found


@command("eject")
def eject(
    ctx: Context, device: str | None = None, id: str | None = None, force: bool | None = None
) -> None:
    """Open the tray, if any, and take out what is in it."""
    found = _removable(ctx, device, id)
    found.move_tray(opened=True)
    found.remove()


@command("blockdev-open-tray")
def open_tray(
    ctx: Context, device: str | None = None, id: str | None = None, force: bool | None = None
) -> None:
    """Open the tray; no guest of ours locks it."""
    _removable(ctx, device, id).move_tray(opened=True)


@command("blockdev-close-tray")
def close_tray(ctx: Context, device: str | None = None, id: str | None = None) -> None:
    """Close the tray."""
    _removable(ctx, device, id).move_tray(opened=False)


@command("blockdev-remove-medium")
def remove_medium(ctx: Context, id: str) -> None:
    """Take out what is in an open tray."""
    found = _removable(ctx, None, id)
    if found.tray_open is False:
        raise errors.tray_closed(id)
    found.remove()


@command("blockdev-insert-medium")
def insert_medium(ctx: Context, id: str, node_name: str) -> None:
    """Put a node into an open, empty tray."""
    nodes = ctx.machine.part(BlockNodes)
    found = nodes.find_held(None, id)
    node = nodes.nodes.get(node_name)
    if node is None:
        raise errors.node_absent(node_name)
    if any(isinstance(edge.user, BlockBackend) for edge in node.users):
        raise errors.medium_node_in_use(node_name)
    if not found.removable:
        raise errors.medium_fixed()
    if found.tray_open is False:
        raise errors.tray_closed()
    if found.node is not None:
        raise errors.medium_there()
    found.insert(node)


@command("blockdev-change-medium")
def change_medium(
    ctx: Context,
    filename: str,
    device: str | None = None,
    id: str | None = None,
    format: str | None = None,
    force: bool | None = None,
    read_only_mode: str | None = None,
) -> None:
    """Put another image into a disk; where it cannot be opened, the one in it stays."""
    disk = _removable(ctx, device, id)
    before = disk.node
    read_only = read_only_mode == "read-only" or (
        read_only_mode in (None, "retain") and before is not None and before.read_only
    )
    options = medium_options(filename, format, read_only=read_only)
    was_open = disk.tray_open
    disk.move_tray(opened=True)
    try:
        ctx.machine.part(BlockNodes).open_into(disk, options)
    finally:
        if was_open is False:
            disk.move_tray(opened=False)


@command("block_set_io_throttle")
def set_io_throttle(ctx: Context, arg: dict[str, Any]) -> None:
    """Limit what a disk may do."""
    ctx.machine.part(BlockNodes).find_held(arg.get("device"), arg.get("id")).limit(arg)


@command("block-latency-histogram-set")
def latency_histogram_set(
    ctx: Context,
    id: str,
    boundaries: list[int] | None = None,
    boundaries_read: list[int] | None = None,
    boundaries_write: list[int] | None = None,
    boundaries_zap: list[int] | None = None,
    boundaries_flush: list[int] | None = None,
) -> None:
    """Count how many requests of a disk take how long, or no more."""
    held = ctx.machine.part(BlockNodes).find_held(None, id)
    given = {
        "": boundaries,
        "read": boundaries_read,
        "write": boundaries_write,
        "zap": boundaries_zap,
        "flush": boundaries_flush,
    }
    held.histograms.set(id, given, held.queues)
