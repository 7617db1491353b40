"""The commands that have a function behind them, one file per group.

Importing this package registers them all, but human-monitor-command, which ``hmp`` registers.
"""

from qmp_iothreadd.commands import chardev, control, iothread, no_guest, qom, runstate, trace

__all__ = ["chardev", "control", "iothread", "no_guest", "qom", "runstate", "trace"]
