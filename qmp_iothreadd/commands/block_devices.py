"""What acts on a guest's disks, and on copies of their data: there are none, but nodes may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.commands import block_bitmaps
from qmp_iothreadd.machine.block.backend import BlockBackend
from qmp_iothreadd.machine.block.drives import medium_options
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.qmp.registry import Context, command
from qmp_iothreadd.qom.identifiers import is_identifier


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


# -- Snapshots of disks ---------------------------------------------------------------------------


def check_snapshot_sync(ctx: Context, arg: dict[str, Any]) -> None:
    """Refuse an overlay, of which no format of ours is.

    Raises:
        QmpError: always.
    """
    nodes = ctx.machine.part(BlockNodes)
    nodes.lookup(arg.get("device"), arg.get("node-name"))
    if "snapshot-node-name" not in arg:
        raise errors.overlay_name_missing()
    raise errors.block_driver_unknown(arg.get("format", "qcow2"))


@command("blockdev-snapshot-sync")
def snapshot_sync(
    ctx: Context,
    snapshot_file: str,
    device: str | None = None,
    node_name: str | None = None,
    snapshot_node_name: str | None = None,
    format: str | None = None,
    mode: str | None = None,
) -> None:
    """Refuse: no format of ours can lie above another image."""
    given = {
        "device": device,
        "node-name": node_name,
        "snapshot-node-name": snapshot_node_name,
        "format": format,
    }
    check_snapshot_sync(ctx, {key: value for key, value in given.items() if value is not None})


@command("blockdev-snapshot")
def snapshot(ctx: Context, node: str, overlay: str) -> None:
    """Refuse: no node of ours can lie above another one in that way."""
    nodes = ctx.machine.part(BlockNodes)
    nodes.lookup(node, node)
    nodes.lookup(overlay, overlay)
    raise errors.overlay_without_backing()


@command("blockdev-snapshot-internal-sync")
def snapshot_internal(ctx: Context, device: str, name: str) -> None:
    """Refuse: no format of ours holds snapshots."""
    found = ctx.machine.part(BlockNodes).lookup(device, device)
    raise errors.internal_snapshot_unsupported(found.driver, device)


@command("blockdev-snapshot-delete-internal-sync")
def snapshot_delete_internal(
    ctx: Context, device: str, id: str | None = None, name: str | None = None
) -> None:
    """Refuse: no format of ours holds snapshots."""
    ctx.machine.part(BlockNodes).lookup(device, device)
    if id is None and name is None:
        raise errors.snapshot_name_missing()
    raise errors.snapshot_list_unsupported()


@command("change-backing-file")
def change_backing_file(ctx: Context, device: str, image_node_name: str, backing_file: str) -> None:
    """Refuse: no format of ours has a backing file."""
    nodes = ctx.machine.part(BlockNodes)
    nodes.lookup(device, device)
    nodes.lookup(None, image_node_name)
    raise errors.backing_file_unsupported()


# -- Copies ---------------------------------------------------------------------------------------


@command("block-commit")
def block_commit(ctx: Context, device: str, **options: Any) -> None:
    """Refuse: nothing lies below a node that could be written back to."""
    if device not in ctx.machine.part(BlockNodes).nodes:
        raise errors.device_not_found(device)
    raise errors.commit_into_itself()


@command("block-stream")
def block_stream(ctx: Context, device: str, **options: Any) -> None:
    """Refuse: nothing lies below a node that could be pulled up."""
    ctx.machine.part(BlockNodes).lookup(device, device)
    if not is_identifier(options.get("job_id") or ""):
        raise errors.invalid_job_id(options.get("job_id") or "")
    raise errors.copy_jobs_unsupported("block-stream")


def check_copy(ctx: Context, command: str, arg: dict[str, Any]) -> None:
    """Refuse to copy from one node to another: there is no guest that wrote anything.

    Raises:
        QmpError: always.
    """
    nodes = ctx.machine.part(BlockNodes)
    found = nodes.lookup(arg["device"], arg["device"])
    if command.startswith("blockdev-"):
        nodes.lookup(arg["target"], arg["target"])
    elif found.driver != "raw":
        raise errors.image_creation_unsupported(found.driver)
    raise errors.copy_jobs_unsupported(command)


@command("drive-backup")
def drive_backup(ctx: Context, arg: dict[str, Any]) -> None:
    """Refuse, see check_copy."""
    check_copy(ctx, "drive-backup", arg)


@command("drive-mirror")
def drive_mirror(ctx: Context, arg: dict[str, Any]) -> None:
    """Refuse, see check_copy."""
    check_copy(ctx, "drive-mirror", arg)


@command("blockdev-backup")
def blockdev_backup(ctx: Context, arg: dict[str, Any]) -> None:
    """Refuse, see check_copy."""
    check_copy(ctx, "blockdev-backup", arg)


@command("blockdev-mirror")
def blockdev_mirror(ctx: Context, device: str, target: str, **options: Any) -> None:
    """Refuse, see check_copy."""
    check_copy(ctx, "blockdev-mirror", {"device": device, "target": target})


# -- Exports --------------------------------------------------------------------------------------


@command("nbd-server-start")
def nbd_server_start(ctx: Context, **options: Any) -> None:
    """Refuse: there is no data to serve."""
    raise errors.nbd_server_unsupported()


@command("nbd-server-stop")
@command("nbd-server-add")
def nbd_server_missing(ctx: Context, **options: Any) -> None:
    """Refuse: there is no such server."""
    raise errors.nbd_server_not_running()


@command("nbd-server-remove")
def nbd_server_remove(ctx: Context, name: str, mode: str | None = None) -> None:
    """Refuse: nothing is exported."""
    raise errors.export_not_found(name)


@command("block-export-add")
def block_export_add(ctx: Context, arg: dict[str, Any]) -> None:
    """Refuse: nobody serves it."""
    if not is_identifier(arg["id"]):
        raise errors.invalid_export_id()
    ctx.machine.part(BlockNodes).lookup(None, arg["node-name"])
    if arg["type"] == "nbd":
        raise errors.nbd_server_not_running()
    raise errors.export_unsupported(arg["type"])


@command("block-export-del")
def block_export_del(ctx: Context, id: str, mode: str | None = None) -> None:
    """Refuse: nothing is exported."""
    raise errors.export_not_found(id)


@command("query-block-exports")
def query_block_exports(ctx: Context) -> list[Any]:
    """Nothing is exported."""
    return []


# -- Transactions ---------------------------------------------------------------------------------


@command("transaction")
def transaction(
    ctx: Context, actions: list[dict[str, Any]], properties: dict[str, Any] | None = None
) -> None:
    """Do all of the actions or, where one fails, none: only bitmaps can be changed in one.

    Raises:
        QmpError: what the first action that fails says.
    """
    nodes = ctx.machine.part(BlockNodes)
    before = {
        name: {key: (each, each.recording) for key, each in node.bitmaps.items()}
        for name, node in nodes.nodes.items()
    }
    try:
        for action in actions:
            _act(ctx, action["type"], action["data"])
    except BaseException:
        for name, bitmaps in before.items():
            nodes.nodes[name].bitmaps = {key: each for key, (each, _) in bitmaps.items()}
            for each, recording in bitmaps.values():
                each.recording = recording
        raise


_BITMAP_ACTIONS: Final[dict[str, Callable[[Context, dict[str, Any]], None]]] = {
    "block-dirty-bitmap-add": block_bitmaps.bitmap_add,
    "block-dirty-bitmap-remove": block_bitmaps.bitmap_remove,
    "block-dirty-bitmap-clear": block_bitmaps.bitmap_clear,
    "block-dirty-bitmap-enable": block_bitmaps.bitmap_enable,
    "block-dirty-bitmap-disable": block_bitmaps.bitmap_disable,
    "block-dirty-bitmap-merge": block_bitmaps.bitmap_merge,
}


def _act(ctx: Context, type: str, data: dict[str, Any]) -> None:
    if type in _BITMAP_ACTIONS:
        _BITMAP_ACTIONS[type](ctx, data)
        return
    match type:
        case "abort":
            raise errors.transaction_aborted()
        case "blockdev-snapshot-sync":
            check_snapshot_sync(ctx, data)
        case "blockdev-snapshot":
            snapshot(ctx, **data)
        case "blockdev-snapshot-internal-sync":
            snapshot_internal(ctx, **data)
        case _:
            check_copy(ctx, type, data)
