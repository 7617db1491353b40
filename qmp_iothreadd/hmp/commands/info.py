"""``info``: what QMP's query commands tell, as text."""

from __future__ import annotations

from collections.abc import Sequence

from qmp_iothreadd.commands import chardev as chardev_commands, iothread, runstate, target
from qmp_iothreadd.hmp import messages
from qmp_iothreadd.hmp.commands.monitor import describe
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.qmp.registry import Context
from qmp_iothreadd.qom.object import Object

# Members of an IOThreadInfo that have another name here.
_IOTHREAD_NAMES = {"thread-id": "thread_id"}


@hmp_command(
    "info",
    "item:s?",
    params="[subcommand]",
    help="show various information about the system state",
    preconfig=True,
)
def info(ctx: Context, item: str | None) -> str:
    """What there is to ask for. Whatever names such an item is that item's command."""
    return describe(["info"], preconfig=ctx.machine.preconfig)


@hmp_command("info chardev", help="show the character devices", preconfig=True)
def chardev(ctx: Context) -> str:
    """The character devices with their addresses."""
    return "".join(
        [
            f"{one['label']}: filename={one['filename']}\n"
            for one in chardev_commands.query_chardev(ctx)
        ]
    )


@hmp_command("info history", help="show the command line history", preconfig=True)
def history(ctx: Context) -> str:
    """The lines that were typed; none where the monitor is QMP's."""
    lines: Sequence[str] = getattr(ctx, "history", ())
    return "".join([f"{index}: '{line}'\n" for index, line in enumerate(lines)])


@hmp_command("info iothreads", help="show iothreads", preconfig=True)
def iothreads(ctx: Context) -> str:
    """The iothreads with the parameters in force."""
    pieces = []
    for each in iothread.iothread_infos(ctx):
        pieces.append(f"{each['id']}:\n")
        pieces += [
            f"  {_IOTHREAD_NAMES.get(key, key)}={value}\n"
            for key, value in each.items()
            if key != "id"
        ]
    return "".join(pieces)


@hmp_command("info kvm", help="show KVM information")
def kvm(ctx: Context) -> str:
    """Whether KVM is in use."""
    found = target.query_kvm(ctx)
    state = "enabled" if found["enabled"] else "disabled"
    return f"kvm support: {state if found['present'] else 'not compiled'}\n"


@hmp_command("info name", help="show the current VM name", preconfig=True)
def name(ctx: Context) -> str:
    """The guest's name, if it has one."""
    found = runstate.query_name(ctx).get("name")
    return "" if found is None else f"{found}\n"


@hmp_command(
    "info qom-tree",
    "path:s?",
    params="[path]",
    help="show QOM composition tree",
    completes=("path",),
    preconfig=True,
)
def qom_tree(ctx: Context, path: str | None) -> str:
    """The objects below a path, or below the machine."""
    path = "/machine" if path is None else path
    start, _ = ctx.machine.tree.resolve(path)
    if start is None:
        return messages.path_unresolved(path) + "\n"
    lines: list[str] = []
    _add_branch(start, "", lines)
    return "".join(lines)


def _add_branch(current: Object, indent: str, lines: list[str]) -> None:
    lines.append(f"{indent}/{current.name} ({current.type.name})\n")
    for child in sorted((current.children or {}).values(), key=lambda child: child.name):
        _add_branch(child, indent + "  ", lines)


@hmp_command("info status", help="show the current VM status (running|paused)", preconfig=True)
def status(ctx: Context) -> str:
    """Whether the machine runs, and if not, why."""
    found = runstate.query_status(ctx)
    state = "running" if found["running"] else "paused"
    reason = "" if found["running"] or found["status"] == "paused" else f" ({found['status']})"
    return f"VM status: {state}{reason}\n"


@hmp_command("info uuid", help="show the current VM UUID", preconfig=True)
def uuid(ctx: Context) -> str:
    """The guest's UUID."""
    return f"{runstate.query_uuid(ctx)['UUID']}\n"


@hmp_command("info version", help="show the version of QEMU", preconfig=True)
def version(ctx: Context) -> str:
    """The version, and who really answers."""
    found = ctx.machine.version_info()
    numbers = found["qemu"]
    return f"{numbers['major']}.{numbers['minor']}.{numbers['micro']}{found['package']}\n"
