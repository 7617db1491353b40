"""The commands that have a function behind them, one file per group.

Importing this package registers them, those of ``LATER`` when the first of them is called;
``hmp`` registers human-monitor-command.
"""

from qmp_iothreadd.commands import chardev, control, iothread, no_guest, qom, runstate, trace
from qmp_iothreadd.qmp.registry import COMMANDS

__all__ = ["chardev", "control", "iothread", "no_guest", "qom", "runstate", "trace"]

LATER = (
    "block_bitmaps",
    "block_devices",
    "block_nodes",
    "chardev_changes",
    "descriptors",
    "devices",
    "displays",
    "empty_machine",
    "guest_memory",
    "jobs",
    "machine_lists",
    "memory",
    "migration",
    "ringbuf",
    "snapshots",
    "xen",
)

COMMANDS.later += [f"{__name__}.{module}" for module in LATER]
