"""The commands of the human monitor, one file per group. Importing this package registers them."""

from qmp_iothreadd.hmp.commands import info, machine, monitor, objects, printing
from qmp_iothreadd.hmp.registry import COMMANDS

__all__ = ["COMMANDS", "info", "machine", "monitor", "objects", "printing"]
