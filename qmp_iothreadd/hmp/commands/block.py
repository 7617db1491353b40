"""Block nodes, and what acts on a guest's disks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from qmp_iothreadd import errors
from qmp_iothreadd.commands import block_devices, block_nodes, jobs
from qmp_iothreadd.hmp.commands import info  # noqa: F401 -- here are sub-commands of it
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.hmp.sizes import size_text
from qmp_iothreadd.machine.block.backend import BlockBackend
from qmp_iothreadd.machine.block.node import BlockNode
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.machine.block.throttling import MEMBERS
from qmp_iothreadd.machine.objects.throttle import LimitGroup
from qmp_iothreadd.qmp.registry import Context

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import ObjectType


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
        disks = [(each.name, _show_disk(each, verbose)) for each in found.backends]
        shown = _chosen(disks, device)
        if shown or device is None:
            return shown
    return _chosen(
        [(node.name, _show_node(node.name, node, verbose)) for node in found.latest_first()], device
    )


def _chosen(described: list[tuple[str, str]], name: str | None) -> str:
    """The one of a name, or all; an empty line stands before each but the list's first."""
    return "".join(
        [
            text if position == 0 else f"\n{text}"
            for position, (each, text) in enumerate(described)
            if name in (None, each)
        ]
    )


def _show_disk(disk: BlockBackend, verbose: bool) -> str:
    place = f"    Attached to:      {disk.qdev}\n" if disk.device else ""
    if disk.reports_status and disk.io_status != "ok":
        place += f"    I/O status:       {disk.io_status}\n"
    if disk.removable:
        tray = "open" if disk.tray_open else "closed"
        place += f"    Removable device: not locked, tray {tray}\n"
    if disk.node is None:
        return f"{disk.name or disk.qdev}: [not inserted]\n{place}"
    limits = _show_limits(disk.group) if disk.group else ""
    name = f"{disk.name} ({disk.node.name})" if disk.name else disk.node.name
    return _show_node(name, disk.node, verbose, place, limits, disk.write_cache)


def _show_limits(group: LimitGroup) -> str:
    values = [
        f"{member}={group.limits[name]}"
        for name, member in MEMBERS.items()
        if not name.endswith("-length")
    ]
    return f"    I/O throttling:   {' '.join(values)} group={group.name}\n"


def _show_node(
    title: str,
    node: BlockNode,
    verbose: bool,
    place: str = "",
    limits: str = "",
    write_cache: bool = True,
) -> str:
    state = ", read-only" if node.read_only else ""
    state += "" if node.options.get("active", True) else ", inactive"
    cache = node.cache
    mode = "writeback" if write_cache else "writethrough"
    mode += ", direct" if cache["direct"] else ""
    mode += ", ignore flushes" if cache["no-flush"] else ""
    text = f"{title}: {node.filename} ({node.driver}{state})\n{place}"
    text += f"    Cache mode:       {mode}\n"
    if node.detect_zeroes != "off":
        text += f"    Detect zeroes:    {node.detect_zeroes}\n"
    return text + limits + (_show_image(node) if verbose else "")


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
        idle_ns = each["stats"].get("idle_time_ns", 0)
        lines.append(f"{each['device']}: {counters} idle_time_ns={idle_ns}\n")
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
    """Take out of a disk what is in it."""
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
    """Put another image into a disk."""
    modes: Any = ctx.machine.schema.types["BlockdevChangeReadOnlyMode"]
    known = [each.name for each in modes.members]
    if read_only_mode is not None and read_only_mode not in known:
        raise errors.enum_value_unknown(read_only_mode)
    block_devices.change_medium(
        ctx, target, device=device, format=arg, read_only_mode=read_only_mode
    )


@hmp_command(
    "block_resize",
    "device:B,size:o",
    params="device size",
    help="resize a block image",
    preconfig=True,
)
def block_resize(ctx: Context, device: str, size: int) -> None:
    """Change how large the node in a disk is."""
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
    """Limit what a disk may do; a device is meant where no disk is called so."""
    limits = {"bps": bps, "bps_rd": bps_rd, "bps_wr": bps_wr}
    limits |= {"iops": iops, "iops_rd": iops_rd, "iops_wr": iops_wr}
    key = "device" if device in ctx.machine.part(BlockNodes).disks else "id"
    block_devices.set_io_throttle(ctx, {key: device, **limits})


@hmp_command(
    "commit",
    "device:B",
    params="device|all",
    help="commit changes to the disk images (if -snapshot is used) or backing files",
)
def commit(ctx: Context, device: str) -> None:
    """Refuse: no disk has a backing file that could be written to; of all disks, none does."""
    if device == "all":
        return
    disks = ctx.machine.part(BlockNodes).disks
    if device not in disks:
        raise errors.device_not_found(device)
    if disks[device].node is None:
        raise errors.disk_empty(device)
    raise errors.commit_unsupported(device)


@hmp_command("drive_del", "id:B", params="device", help="remove host block device")
def drive_del(ctx: Context, id: str) -> None:
    """Remove a disk with what is in it, or a node."""
    nodes = ctx.machine.part(BlockNodes)
    if id in nodes.nodes:
        nodes.delete(id)
        return
    if id not in nodes.disks:
        raise errors.device_not_found(id)
    nodes.delete_disk(id)


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
    from qmp_iothreadd.machine.block.drives import BUSES, add_drive
    from qmp_iothreadd.qom import keyval

    nodes = ctx.machine.part(BlockNodes)
    values, _ = keyval.parse(opts)
    if node:
        _add_node(ctx, values)
        return ""
    pairs = [(name, str(value)) for name, value in values.items() if name != "id"]
    bus = dict(pairs).get("if", "ide")
    if bus != "none" and bus in BUSES:
        raise errors.drive_cannot_be_added(BUSES.index(bus))
    add_drive(nodes, cast("str | None", values.get("id")), pairs, warn=lambda text: None)
    return "OK\n"


def _add_node(ctx: Context, values: dict[str, Any]) -> None:
    from qmp_iothreadd.qom.input_visitor import from_keyval

    schema = ctx.machine.schema
    drivers: Any = schema.types["BlockdevDriver"]
    if "node-name" not in values:
        raise errors.drive_node_name_missing()
    if values.get("driver") not in [each.name for each in drivers.members]:
        raise errors.block_driver_unknown(str(values.get("driver")))
    type_ = cast("ObjectType", schema.commands["blockdev-add"].arg_type)
    ctx.machine.part(BlockNodes).add(cast("dict[str, Any]", from_keyval(type_, values)))
