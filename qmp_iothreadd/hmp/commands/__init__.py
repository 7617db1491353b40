"""The commands of the human monitor, one file per group. Importing this package registers them."""

from qmp_iothreadd.hmp.commands import (
    block,
    chardev,
    descriptors,
    devices,
    info,
    machine,
    memory,
    migration,
    monitor,
    objects,
    printing,
)
from qmp_iothreadd.hmp.registry import COMMANDS

__all__ = [
    "COMMANDS",
    "block",
    "chardev",
    "descriptors",
    "devices",
    "info",
    "machine",
    "memory",
    "migration",
    "monitor",
    "objects",
    "printing",
]
