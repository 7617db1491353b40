"""What the program says of itself: the help and the version."""

from __future__ import annotations

from qmp_iothreadd.cli.option import Option
from qmp_iothreadd.cli.options import GROUPS, OWN, group_options
from qmp_iothreadd.machine.version import Version, dotted

SUMMARY = "A QMP server with iothreads. Options are QEMU's."

DEVICE_TEXT = """\
DEV is unix:PATH[,server=on][,wait=off], tcp:HOST:PORT[,...], stdio, null or chardev:ID. Without
server=on the monitor connects to DEV. A TYPE may be 'help'."""

NO_EFFECT = "no effect"
"""How options are marked that are checked, and that is all."""

NO_EFFECT_TEXT = f"""\
Options marked '{NO_EFFECT}' are read, and refused where QEMU refuses them, and that is all: they
are about what a guest executes, sees or shows, and the emulated one does what it is asked to."""

EXAMPLES = {
    "": "two iothreads, and a socket that it tells you",
    "-qmp unix:/tmp/qmp.sock,server=on,wait=off -object iothread,id=io0,poll-weight=4": "",
    "-nodefaults -qmp tcp:127.0.0.1:4444,server=on,wait=off -monitor stdio": "",
    "-chardev socket,id=c0,fd=3,server=on,wait=off -object monitor-qmp,id=m0,chardev=c0": "",
}
"""Command lines, and what they do where that is not said by their options."""

_HELP_COLUMN = 24


def dashed(group: str, option: Option) -> str:
    """The option's names and argument: ``-M, -machine TYPE``. Own ones have two dashes."""
    dashes = "--" if group == OWN else "-"
    names = ", ".join(dashes + name for name in option.names.split())
    return f"{names} {option.argument}".rstrip()


def described(option: Option) -> str:
    """What is said of an option, with its mark."""
    return f"{option.help} ({NO_EFFECT})" if option.no_effect else option.help


def help_text(program: str) -> str:
    """What ``-h`` prints."""
    lines = [f"usage: {program} [options] [disk_image]", "", SUMMARY]
    for group, title in GROUPS.items():
        lines += ["", f"{title}:"]
        for option in group_options(group):
            head = f"  {dashed(group, option)}"
            if len(head) >= _HELP_COLUMN:
                lines.append(head)
                head = ""
            lines.append(f"{head:<{_HELP_COLUMN}}{described(option)}")
    lines += ["", DEVICE_TEXT, "", NO_EFFECT_TEXT, "", "Examples:"]
    for arguments, effect in EXAMPLES.items():
        lines.append(f"  {program} {arguments}".rstrip())
        if effect:
            lines.append(f"        {effect}")
    return "\n".join([*lines, ""])


def version_text(version: Version) -> str:
    """What ``-version`` prints of a version of QEMU: the first line as tools know it from QEMU."""
    from importlib import metadata  # slow, and only for this

    try:
        own = metadata.version("qmp-iothreadd")
    except metadata.PackageNotFoundError:
        own = "not installed"
    return (
        f"QEMU emulator version {dotted(version)} (qmp-iothreadd {own})\n"
        "This is not QEMU: it serves QEMU's monitor, with iothreads, and runs no code of a guest."
    )
