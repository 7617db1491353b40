"""What goes on with a guest's disks at length: jobs, copies and snapshots."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.commands import block_copies, jobs
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.qmp.registry import Context


@hmp_command(
    "block_stream",
    "device:B,speed:o?,base:s?",
    params="device [speed [base]]",
    help="copy data from a backing file into a block device",
    preconfig=True,
)
def block_stream(ctx: Context, device: str, speed: int | None, base: str | None) -> None:
    """Refuse: nothing lies below a node that could be pulled up."""
    block_copies.block_stream(ctx, device, job_id=device)


@hmp_command(
    "block_job_cancel",
    "force:-f,device:B",
    params="[-f] device",
    help="stop an active background block operation (use -f"
    "\n\t\t\t if you want to abort the operation immediately"
    "\n\t\t\t instead of keep running until data is in sync)",
    preconfig=True,
)
def block_job_cancel(ctx: Context, force: bool, device: str) -> None:
    """Refuse: there is no such job."""
    jobs.act_on_device(ctx, device)


hmp_command(
    "block_job_complete",
    "device:B",
    params="device",
    help="stop an active background block operation",
    preconfig=True,
)(jobs.act_on_device)
hmp_command(
    "block_job_pause",
    "device:B",
    params="device",
    help="pause an active background block operation",
    preconfig=True,
)(jobs.act_on_device)
hmp_command(
    "block_job_resume",
    "device:B",
    params="device",
    help="resume a paused background block operation",
    preconfig=True,
)(jobs.act_on_device)
hmp_command(
    "block_job_set_speed",
    "device:B,speed:o",
    params="device speed",
    help="set maximum speed for a background block operation",
    preconfig=True,
)(jobs.block_job_set_speed)


def _copy(ctx: Context, command: str, arguments: dict[str, Any]) -> None:
    block_copies.check_copy(ctx, command, arguments)


@hmp_command(
    "drive_mirror",
    "reuse:-n,full:-f,device:B,target:s,format:s?",
    params="[-n] [-f] device target [format]",
    help="initiates live storage migration for a device",
)
def drive_mirror(
    ctx: Context, reuse: bool, full: bool, device: str, target: str, format: str | None
) -> None:
    """Refuse, as drive-mirror does."""
    _copy(ctx, "drive-mirror", {"device": device})


@hmp_command(
    "drive_backup",
    "reuse:-n,full:-f,compress:-c,device:B,target:s,format:s?",
    params="[-n] [-f] [-c] device target [format]",
    help="initiates a point-in-time copy for a device",
)
def drive_backup(
    ctx: Context,
    reuse: bool,
    full: bool,
    compress: bool,
    device: str,
    target: str,
    format: str | None,
) -> None:
    """Refuse, as drive-backup does."""
    _copy(ctx, "drive-backup", {"device": device})


# -- Snapshots of disks ---------------------------------------------------------------------------


@hmp_command(
    "snapshot_blkdev",
    "reuse:-n,device:B,snapshot_file:s?,format:s?",
    params="[-n] device [new-image-file] [format]",
    help="initiates a live snapshot of device",
)
def snapshot_blkdev(
    ctx: Context, reuse: bool, device: str, snapshot_file: str | None, format: str | None
) -> None:
    """Refuse, as blockdev-snapshot-sync does."""
    if snapshot_file is None:
        raise errors.missing_parameter("snapshot-file")
    block_copies.check_snapshot_sync(ctx, {"device": device})


hmp_command(
    "snapshot_blkdev_internal",
    "device:B,name:s",
    params="device name",
    help="take an internal snapshot of device",
)(block_copies.snapshot_internal)


@hmp_command(
    "snapshot_delete_blkdev_internal",
    "device:B,name:s,id:s?",
    params="device name [id]",
    help="delete an internal snapshot of device",
)
def snapshot_delete_blkdev_internal(ctx: Context, device: str, name: str, id: str | None) -> None:
    """Refuse, as blockdev-snapshot-delete-internal-sync does."""
    block_copies.snapshot_delete_internal(ctx, device, id, name)
