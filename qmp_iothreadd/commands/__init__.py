"""The commands that have a function behind them, one file per group.

Importing this package registers them all, except human-monitor-command: ``hmp`` registers it.
"""

from qmp_iothreadd.commands import chardev, control, iothread, no_guest, qom, runstate, trace

__all__ = ["chardev", "control", "iothread", "no_guest", "qom", "runstate", "trace"]
