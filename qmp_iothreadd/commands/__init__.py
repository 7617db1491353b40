"""The commands that have a function behind them. Importing this package registers them all."""

from qmp_iothreadd.commands import chardev, control, empty, hmp, iothread, qom, runstate, trace
from qmp_iothreadd.commands.registry import COMMANDS, CommandFunction, Context, command

__all__ = [
    "COMMANDS",
    "CommandFunction",
    "Context",
    "chardev",
    "command",
    "control",
    "empty",
    "hmp",
    "iothread",
    "qom",
    "runstate",
    "trace",
]
