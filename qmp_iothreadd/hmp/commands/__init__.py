"""The commands of the human monitor, one file per group. Importing this package registers them."""

from qmp_iothreadd.hmp.commands import (
    chardev,
    descriptors,
    info,
    machine,
    memory,
    monitor,
    objects,
    printing,
)
from qmp_iothreadd.hmp.registry import COMMANDS

__all__ = [
    "COMMANDS",
    "chardev",
    "descriptors",
    "info",
    "machine",
    "memory",
    "monitor",
    "objects",
    "printing",
]
