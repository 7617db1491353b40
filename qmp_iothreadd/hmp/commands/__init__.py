"""The commands of the human monitor, one file per group. Importing this package registers them."""

from qmp_iothreadd.hmp.commands import descriptors, info, machine, monitor, objects, printing
from qmp_iothreadd.hmp.registry import COMMANDS

__all__ = ["COMMANDS", "descriptors", "info", "machine", "monitor", "objects", "printing"]
