"""The commands of the human monitor, one file per group. Importing this package registers them."""

from qmp_iothreadd.hmp.commands import (
    block,
    chardev,
    descriptors,
    devices,
    empty_machine,
    guest_memory,
    info,
    machine,
    memory,
    migration,
    monitor,
    objects,
    printing,
    screens,
    tracing,
)
from qmp_iothreadd.hmp.registry import COMMANDS

__all__ = [
    "COMMANDS",
    "block",
    "chardev",
    "descriptors",
    "devices",
    "empty_machine",
    "guest_memory",
    "info",
    "machine",
    "memory",
    "migration",
    "monitor",
    "objects",
    "printing",
    "screens",
    "tracing",
]
