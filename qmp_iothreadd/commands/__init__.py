"""The commands that have a function behind them, one file per group.

Importing this package registers what every client calls first. The modules of ``SOON`` follow once
the daemon serves, those of ``LATER`` when a command is not found in those before: they stand in the
order in which clients ask. ``hmp`` registers human-monitor-command.
"""

from qmp_iothreadd.commands import control
from qmp_iothreadd.qmp.registry import COMMANDS

__all__ = ["control"]

SOON = ("runstate", "qom", "iothread", "no_guest", "cpus", "chardev", "trace")
LATER = (
    "block_devices",
    "descriptors",
    "jobs",
    "migration",
    "devices",
    "guest",
    "device_lists",
    "empty_machine",
    "block_nodes",
    "block_bitmaps",
    "chardev_changes",
    "displays",
    "guest_memory",
    "machine",
    "machine_lists",
    "memory",
    "ringbuf",
    "snapshots",
    "xen",
)

COMMANDS.soon += [f"{__name__}.{module}" for module in SOON]
COMMANDS.later += [f"{__name__}.{module}" for module in LATER]
