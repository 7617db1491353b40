"""What people ask of hardware that is not there, and do to it.

Where QMP has the question, its function answers. Texts of QEMU's human monitor stand where they are
printed: no other client sees them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from qmp_iothreadd.hmp.arguments import parameters
from qmp_iothreadd.hmp.commands import info  # noqa: F401 -- here are sub-commands of it
from qmp_iothreadd.hmp.qmp import qmp
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.qmp.registry import Context

# Items of ``info`` that print the text of a QMP command.
_TEXTS: Final = {
    "accel": ("x-accel-stats", "show accelerator statistics"),
    "irq": ("x-query-irq", "show the interrupts statistics (if available)"),
    "jit": ("x-query-jit", "show dynamic compiler info"),
    "numa": ("x-query-numa", "show NUMA information"),
    "pic": ("x-query-interrupt-controllers", "show PIC state"),
    "ramblock": ("x-query-ramblock", "Display system ramblock information"),
    "roms": ("x-query-roms", "show roms"),
    "usb": ("x-query-usb", "show guest USB devices"),
}

# Items that QMP's command refuses, or answers with nothing that would be printed.
_REFUSED: Final = {
    "cryptodev": ("query-cryptodev", "show the crypto devices"),
    "tpm": ("query-tpm", "show the TPM device"),
}

# Items that are the same on all machines.
_SAME: Final = {
    "dump": ("Status: none\n", "Display the latest dump status"),
    "mice": ("No mouse devices connected\n", "show which guest mouse is receiving events"),
    "qdm": ("", "show qdev device model list"),
    "replay": ("Record/replay is not active\n", "show record/replay information"),
    "sev": ("SEV is not enabled\n", "show SEV information"),
    "spice": ("Server: disabled\n", "show the spice server status"),
    "usbhost": ("", "show host USB devices"),
    "vcpu_dirty_limit": (
        "Dirty page limit not enabled!\n",
        "show dirty page limit information of all vCPU",
    ),
    "vnc": ("None\n", "show the vnc server status"),
}


def _text_of(name: str) -> Callable[[Context], str]:
    return lambda ctx: str(qmp(ctx, name)["human-readable-text"])


def _nothing_of(name: str) -> Callable[[Context], None]:
    def ask(ctx: Context) -> None:
        qmp(ctx, name)

    return ask


def _always(text: str) -> Callable[[Context], str]:
    return lambda ctx: text


for _item, (_name, _help) in _TEXTS.items():
    hmp_command(f"info {_item}", help=_help)(_text_of(_name))
for _item, (_name, _help) in _REFUSED.items():
    hmp_command(f"info {_item}", help=_help)(_nothing_of(_name))
for _item, (_text, _help) in _SAME.items():
    hmp_command(f"info {_item}", help=_help)(_always(_text))


@hmp_command(
    "info stats",
    "target:s,names:s?,provider:s?",
    params="target [names] [provider]",
    help="show statistics for the given target (vm or vcpu); optionally filter by"
    "name (comma-separated list, or * for all) and provider",
)
def stats(ctx: Context, target: str, names: str | None, provider: str | None) -> str:
    """None are kept."""
    return "" if target in ("vm", "vcpu", "cryptodev") else f"invalid stats target {target}\n"


# -- Acting on what is not there ------------------------------------------------------------------


@hmp_command("info balloon", help="show balloon information")
def balloon_size(ctx: Context) -> str:
    """How much memory the guest has, in MiB."""
    return f"balloon: actual={qmp(ctx, 'query-balloon')['actual'] >> 20}\n"


@hmp_command(
    "balloon",
    "value:l",
    params="target",
    help="request VM to change its memory allocation (in MB)",
)
def balloon(ctx: Context, value: int) -> None:
    """Ask the guest to make do with so much."""
    qmp(ctx, "balloon", value=value << 20)


@hmp_command(
    "boot_set",
    "bootdevice:s",
    params="bootdevice",
    help="define new values for the boot device list",
)
def boot_set(ctx: Context, bootdevice: str) -> str:
    """Refuse: nothing boots."""
    return "no function defined to set boot device list for this architecture\n"


@hmp_command("nmi", help="inject an NMI")
def nmi(ctx: Context) -> None:
    """Refuse: there is no CPU to interrupt."""
    qmp(ctx, "inject-nmi")


@hmp_command(
    "watchdog_action",
    "action:s",
    params="[reset|shutdown|poweroff|pause|debug|none]",
    help="change watchdog action",
)
def watchdog_action(ctx: Context, action: str) -> None:
    """Say what is to follow when a watchdog bites."""
    from qmp_iothreadd import errors

    described: Any = ctx.machine.schema.types["WatchdogAction"]
    if action not in [value.name for value in described.members]:
        raise errors.enum_value_unknown(action)
    qmp(ctx, "watchdog-set-action", action=action)


@hmp_command(
    "announce_self",
    "interfaces:s?,id:s?",
    params="[interfaces] [id]",
    help="Trigger GARP/RARP announcements",
)
def announce_self(ctx: Context, interfaces: str | None, id: str | None) -> None:
    """Nothing: there is no network card."""


@hmp_command(
    "x_colo_lost_heartbeat",
    help="Tell COLO that heartbeat is lost,\n\t\t\ta failover or takeover is needed.",
)
def colo_lost_heartbeat(ctx: Context) -> None:
    """Refuse: nothing is replicated."""
    qmp(ctx, "x-colo-lost-heartbeat")


@hmp_command(
    "qemu-io",
    "qdev:-d,device:B,command:s",
    params='[-d] [device] "[command]"',
    help="run a qemu-io command on a block device"
    "\n\t\t\t-d: [device] is a device ID rather than a drive ID or node name",
)
def qemu_io(ctx: Context, qdev: bool, device: str, command: str) -> None:
    """Refuse: nothing reads or writes nodes."""
    from qmp_iothreadd import errors

    raise errors.block_device_not_found("", device)


# -- Replay ---------------------------------------------------------------------------------------


def _said(ctx: Context, name: str, **arguments: Any) -> str:
    """What a command's failure says; it is printed without a word before it."""
    from qmp_iothreadd.errors import QmpError

    said = ""
    try:
        qmp(ctx, name, **arguments)
    except QmpError as error:
        said = f"{error.desc}\n"
    return said


@hmp_command(
    "replay_break",
    "icount:l",
    params="icount",
    help="set breakpoint at the specified instruction count",
)
def replay_break(ctx: Context, icount: int) -> str:
    """Refuse: nothing is replayed."""
    return _said(ctx, "replay-break", icount=icount)


@hmp_command("replay_delete_break", help="remove replay breakpoint")
def replay_delete_break(ctx: Context) -> str:
    """Refuse: nothing is replayed."""
    return _said(ctx, "replay-delete-break")


@hmp_command(
    "replay_seek",
    "icount:l",
    params="icount",
    help="replay execution to the specified instruction count",
)
def replay_seek(ctx: Context, icount: int) -> str:
    """Refuse: nothing is replayed."""
    return _said(ctx, "replay-seek", icount=icount)


# -- Devices of other machines --------------------------------------------------------------------


@hmp_command("info sgx", help="show intel SGX information")
def sgx(ctx: Context) -> str:
    """Refuse: the machine has none."""
    return _said(ctx, "query-sgx")


# Items about a device that there is not: QMP's command, what follows the device's name, the help.
_OF_A_DEVICE: Final = {
    "rocker": ("query-rocker", "name:s", "Show rocker switch"),
    "rocker-ports": ("query-rocker-ports", "name:s", "Show rocker ports"),
    "rocker-of-dpa-flows": (
        "query-rocker-of-dpa-flows",
        "name:s,tbl_id:i?",
        "Show rocker OF-DPA flow tables",
    ),
    "rocker-of-dpa-groups": (
        "query-rocker-of-dpa-groups",
        "name:s,type:i?",
        "Show rocker OF-DPA groups",
    ),
    "virtio-status": (
        "x-query-virtio-status",
        "path:s",
        "Display status of a given virtio device",
    ),
    "virtio-queue-status": (
        "x-query-virtio-queue-status",
        "path:s,queue:i",
        "Display status of a given virtio queue",
    ),
    "virtio-vhost-queue-status": (
        "x-query-virtio-vhost-queue-status",
        "path:s,queue:i",
        "Display status of a given vhost queue",
    ),
    "virtio-queue-element": (
        "x-query-virtio-queue-element",
        "path:s,queue:i,index:i?",
        "Display element of a given virtio queue",
    ),
}


def _refusal_of(name: str) -> Callable[..., None]:
    def ask(ctx: Context, **arguments: Any) -> None:
        qmp(ctx, name, **arguments)

    return ask


for _item, (_name, _args, _help) in _OF_A_DEVICE.items():
    _words = [f"[{each.name}]" if each.optional else each.name for each in parameters(_args)]
    hmp_command(
        f"info {_item}",
        _args,
        params=" ".join(_words),
        help=_help,
        preconfig=_item.startswith("virtio"),
    )(_refusal_of(_name))


@hmp_command(
    "pcie_aer_inject_error",
    "advisory_non_fatal:-a,correctable:-c,id:s,error_status:s,"
    + ",".join(f"{each}{number}:i?" for each in ("header", "prefix") for number in range(4)),
    params="[-a] [-c] id <error_status> [<tlp header> [<tlp header prefix>]]",
    help="inject pcie aer error\n\t\t\t -a for advisory non fatal error"
    "\n\t\t\t -c for correctable error\n\t\t\t<id> = qdev device id"
    "\n\t\t\t<error_status> = error string or 32bit\n\t\t\t<tlp header> = 32bit x 4"
    "\n\t\t\t<tlp header prefix> = 32bit x 4",
)
def pcie_aer_inject_error(ctx: Context, id: str, **arguments: Any) -> str:
    """Refuse: there is no device."""
    return f"Error: device '{id}' not found\n"
