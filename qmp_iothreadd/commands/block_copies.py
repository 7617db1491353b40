"""Snapshots, copies and exports of what nodes hold: refused, as nothing here makes one."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.qmp.registry import Context, command
from qmp_iothreadd.qom.identifiers import is_identifier

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
    """Refuse to copy from one node to another.

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
