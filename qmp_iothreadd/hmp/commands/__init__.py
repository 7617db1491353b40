"""The commands of the human monitor, one file per group; importing a file registers them."""

from __future__ import annotations

from qmp_iothreadd import errors

# Those that are not imported yet. They import one another where they need to.
_left = [
    "audio",
    "block",
    "block_jobs",
    "chardev",
    "cpus",
    "descriptors",
    "device_lists",
    "devices",
    "empty_machine",
    "guest_memory",
    "info",
    "machine",
    "memory",
    "migration",
    "monitor",
    "nbd_server",
    "objects",
    "ports",
    "printing",
    "profile",
    "screens",
    "tracing",
]


def load_next() -> bool:
    """Import one more of the files; whether there was one.

    Together they take as long as ten turns of other clients.
    """
    if not _left:
        return False
    errors.import_late(f"{__name__}.{_left[0]}")
    del _left[0]
    return True
