"""Block nodes, and what acts on a guest's disks."""

from __future__ import annotations

from typing import Any, cast

from qmp_iothreadd import errors
from qmp_iothreadd.commands import block_devices, block_nodes, jobs
from qmp_iothreadd.hmp.commands import info  # noqa: F401 -- here are sub-commands of it
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.hmp.sizes import size_text
from qmp_iothreadd.machine.block_drivers import BlockNode
from qmp_iothreadd.machine.block_nodes import BlockNodes
from qmp_iothreadd.qmp.registry import Context


@hmp_command(
    "info block",
    "nodes:-n,verbose:-v,device:B?",
    params="[-n] [-v] [device]",
    help="show info of one block device or all block devices "
    "(-n: show named nodes; -v: show details)",
)
def show(ctx: Context, nodes: bool, verbose: bool, device: str | None) -> str:
    """The disks, or the nodes; a name may be of either."""
    found = ctx.machine.part(BlockNodes)
    if not nodes:
        shown = [
            _show_disk(name, node, verbose)
            for name, node in found.disks.items()
            if device in (None, name)
        ]
        if shown or device is None:
            return "\n".join(shown)
    shown = [
        _show_node(node.name, node, verbose)
        for node in found.latest_first()
        if device in (None, node.name)
    ]
    return "".join([f"\n{text}" for text in shown]) if device else "\n".join(shown)


_PLACE = "    Removable device: not locked, tray closed\n"


def _show_disk(name: str, node: BlockNode | None, verbose: bool) -> str:
    if node is None:
        return f"{name}: [not inserted]\n{_PLACE}"
    return _show_node(f"{name} ({node.name})", node, verbose, _PLACE)


def _show_node(title: str, node: BlockNode, verbose: bool, place: str = "") -> str:
    read_only = ", read-only" if node.read_only else ""
    cache = node.cache
    mode = "writeback"
    mode += ", direct" if cache["direct"] else ""
    mode += ", ignore flushes" if cache["no-flush"] else ""
    text = f"{title}: {node.filename} ({node.driver}{read_only})\n{place}"
    text += f"    Cache mode:       {mode}\n"
    if node.detect_zeroes != "off":
        text += f"    Detect zeroes:    {node.detect_zeroes}\n"
    return text + (_show_image(node) if verbose else "")


def _show_image(node: BlockNode) -> str:
    size = node.virtual_size()
    return (
        "\nImages:\n"
        f"image: {node.filename}\n"
        f"file format: {node.driver}\n"
        f"virtual size: {size_text(size)} ({size} bytes)\n"
        f"disk size: {size_text(node.actual_size())}\n"
    )


@hmp_command("info block-jobs", help="show progress of ongoing block device operations")
def block_jobs(ctx: Context) -> str:
    """That there are none."""
    return "" if jobs.query_block_jobs(ctx) else "No active jobs\n"


@hmp_command("info blockstats", help="show block device statistics")
def blockstats(ctx: Context) -> str:
    """The counters of each disk."""
    lines = []
    for each in block_nodes.query_blockstats(ctx):
        counters = " ".join([f"{name}={each['stats'][name]}" for name in _COUNTERS])
        lines.append(f"{each['device']}: {counters} idle_time_ns=0\n")
    return "".join(lines)


_COUNTERS = (
    "rd_bytes",
    "wr_bytes",
    "rd_operations",
    "wr_operations",
    "flush_operations",
    "wr_total_time_ns",
    "rd_total_time_ns",
    "flush_total_time_ns",
    "rd_merged",
    "wr_merged",
)


# -- Disks ----------------------------------------------------------------------------------------


@hmp_command(
    "eject",
    "force:-f,device:B",
    params="[-f] device",
    help="eject a removable medium (use -f to force it)",
)
def eject(ctx: Context, force: bool, device: str) -> None:
    """Refuse: there is no such drive."""
    block_devices.eject(ctx, device=device)


@hmp_command(
    "change",
    "device:B,force:-f,target:F,arg:s?,read_only_mode:s?",
    params="device [-f] filename [format [read-only-mode]]",
    help="change a removable medium, optional format, use -f to force the operation",
)
def change(
    ctx: Context,
    device: str,
    force: bool,
    target: str,
    arg: str | None,
    read_only_mode: str | None,
) -> None:
    """Refuse: there is no such drive."""
    raise errors.device_not_found(device)


@hmp_command(
    "block_resize",
    "device:B,size:o",
    params="device size",
    help="resize a block image",
    preconfig=True,
)
def block_resize(ctx: Context, device: str, size: int) -> None:
    """Refuse: there is no such disk."""
    block_nodes.block_resize(ctx, size, device=device)


@hmp_command(
    "block_set_io_throttle",
    "device:B,bps:l,bps_rd:l,bps_wr:l,iops:l,iops_rd:l,iops_wr:l",
    params="device bps bps_rd bps_wr iops iops_rd iops_wr",
    help="change I/O throttle limits for a block drive",
    preconfig=True,
)
def set_io_throttle(
    ctx: Context,
    device: str,
    bps: int,
    bps_rd: int,
    bps_wr: int,
    iops: int,
    iops_rd: int,
    iops_wr: int,
) -> None:
    """Refuse: there is no such disk."""
    block_devices.set_io_throttle(ctx, {"device": device})


@hmp_command(
    "commit",
    "device:B",
    params="device|all",
    help="commit changes to the disk images (if -snapshot is used) or backing files",
)
def commit(ctx: Context, device: str) -> None:
    """Nothing is to be written back; one disk would have to be there."""
    if device != "all":
        raise errors.device_not_found(device)


@hmp_command("drive_del", "id:B", params="device", help="remove host block device")
def drive_del(ctx: Context, id: str) -> None:
    """Remove a disk with what is in it."""
    nodes = ctx.machine.part(BlockNodes)
    if id not in nodes.disks:
        raise errors.device_not_found(id)
    nodes.empty(id)
    del nodes.disks[id]


@hmp_command(
    "drive_add",
    "node:-n,pci_addr:s,opts:s",
    params="[-n] [[<domain>:]<bus>:]<slot>\n"
    "[file=file][,if=type][,bus=n]\n"
    "[,unit=m][,media=d][,index=i]\n"
    "[,snapshot=on|off][,cache=on|off]\n"
    "[,readonly=on|off][,copy-on-read=on|off]",
    help="add drive to PCI storage controller",
)
def drive_add(ctx: Context, node: bool, pci_addr: str, opts: str) -> str:
    """Make a disk that no device uses, or with ``-n`` a node."""
    from qmp_iothreadd.machine.drives import BUSES, add_drive
    from qmp_iothreadd.qom import keyval

    nodes = ctx.machine.part(BlockNodes)
    values, _ = keyval.parse(opts)
    pairs = [(name, str(value)) for name, value in values.items() if name != "id"]
    if node:
        nodes.add(dict(pairs))
        return ""
    bus = dict(pairs).get("if", "ide")
    if bus != "none" and bus in BUSES:
        raise errors.drive_cannot_be_added(BUSES.index(bus))
    add_drive(nodes, cast("str | None", values.get("id")), pairs, warn=lambda text: None)
    return "OK\n"


# -- Jobs -----------------------------------------------------------------------------------------


@hmp_command(
    "block_stream",
    "device:B,speed:o?,base:s?",
    params="device [speed [base]]",
    help="copy data from a backing file into a block device",
    preconfig=True,
)
def block_stream(ctx: Context, device: str, speed: int | None, base: str | None) -> None:
    """Refuse: nothing lies below a node that could be pulled up."""
    block_devices.block_stream(ctx, device, job_id=device)


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
    block_devices.check_copy(ctx, command, arguments)


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
    block_devices.check_snapshot_sync(ctx, {"device": device})


hmp_command(
    "snapshot_blkdev_internal",
    "device:B,name:s",
    params="device name",
    help="take an internal snapshot of device",
)(block_devices.snapshot_internal)


@hmp_command(
    "snapshot_delete_blkdev_internal",
    "device:B,name:s,id:s?",
    params="device name [id]",
    help="delete an internal snapshot of device",
)
def snapshot_delete_blkdev_internal(ctx: Context, device: str, name: str, id: str | None) -> None:
    """Refuse, as blockdev-snapshot-delete-internal-sync does."""
    block_devices.snapshot_delete_internal(ctx, device, id, name)


# -- Exports --------------------------------------------------------------------------------------


@hmp_command(
    "nbd_server_start",
    "all:-a,writable:-w,uri:s",
    params="nbd_server_start [-a] [-w] host:port",
    help="serve block devices on the given host and port",
    preconfig=True,
)
def nbd_server_start(ctx: Context, all: bool, writable: bool, uri: str) -> None:
    """Refuse: there is no data to serve."""
    if ":" not in uri:
        raise errors.address_unparsed(uri)
    block_devices.nbd_server_start(ctx)


@hmp_command(
    "nbd_server_add",
    "writable:-w,device:B,name:s?",
    params="nbd_server_add [-w] device [name]",
    help="export a block device via NBD",
    preconfig=True,
)
def nbd_server_add(ctx: Context, writable: bool, device: str, name: str | None) -> None:
    """Refuse: there is no such server."""
    ctx.machine.part(BlockNodes).lookup(device, device)
    block_devices.nbd_server_missing(ctx)


@hmp_command(
    "nbd_server_remove",
    "force:-f,name:s",
    params="nbd_server_remove [-f] name",
    help="remove an export previously exposed via NBD",
    preconfig=True,
)
def nbd_server_remove(ctx: Context, force: bool, name: str) -> None:
    """Refuse: nothing is exported."""
    block_devices.nbd_server_remove(ctx, name)


@hmp_command(
    "nbd_server_stop",
    params="nbd_server_stop",
    help="stop serving block devices using the NBD protocol",
    preconfig=True,
)
def nbd_server_stop(ctx: Context) -> None:
    """Refuse: there is no such server."""
    block_devices.nbd_server_missing(ctx)
