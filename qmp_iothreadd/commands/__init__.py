"""The commands that have a function behind them, one file per group.

Importing this package registers what every client calls first. The modules of ``SOON`` follow once
the daemon serves, those of ``LATER`` when a command is not found in those before: they stand in the
order in which clients ask. ``hmp`` registers human-monitor-command.
"""

from qmp_iothreadd.commands import control
from qmp_iothreadd.qmp.registry import COMMANDS

__all__ = ["control"]

SOON = ("runstate", "qom", "iothread", "target", "cpus", "chardev", "trace")
LATER = (
    # What libvirt asks of a program that it does not know,
    "empty_machine",
    "machine_lists",
    # and of a machine that begins to run.
    "migration",
    "block_devices",
    "devices",
    "jobs",
    "descriptors",
    "guest",
    "device_lists",
    "block_nodes",
    "block_bitmaps",
    "block_copies",
    "chardev_changes",
    "displays",
    "guest_memory",
    "machine",
    "memory",
    "ringbuf",
    "scripting",
    "snapshots",
    "transactions",
    "xen",
    "faults",
)

COMMANDS.soon += [f"{__name__}.{module}" for module in SOON]
COMMANDS.later += [f"{__name__}.{module}" for module in LATER]
