"""What a machine without memory and devices sends when it migrates: QEMU's migration stream.

The format is described in QEMU's docs/devel/migration; what is in it was seen in a stream of
``-M none``. QEMU loads it.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Final

_MAGIC: Final = b"QEVM"
_VERSION: Final = 3

_EOF, _START, _END, _FULL, _VMDESCRIPTION, _CONFIGURATION, _FOOTER = 0, 1, 3, 4, 6, 7, 0x7E
_RAM_SIZE, _RAM_EOS = 4, 16
_PAGE_SIZE: Final = 4096

# The sections: name, number, version.
_RAM = ("ram", 2, 4)
_TIMER = ("timer", 0, 2)
_GLOBAL_STATE = ("globalstate", 4, 1)
_STATUS_SIZE: Final = 100

_DEVICES: Final[list[dict[str, Any]]] = [
    {
        "name": "timer",
        "instance_id": 0,
        "vmsd_name": "timer",
        "version": 2,
        "fields": [
            {"name": "cpu_ticks_offset", "type": "int64", "size": 8},
            {"name": "unused", "type": "unused_buffer", "size": 8},
            {"name": "cpu_clock_offset", "type": "int64", "size": 8},
        ],
    },
    {
        "name": "globalstate",
        "instance_id": 0,
        "vmsd_name": "globalstate",
        "version": 1,
        "fields": [
            {"name": "size", "type": "uint32", "size": 4},
            {"name": "runstate", "type": "buffer", "size": _STATUS_SIZE},
        ],
    },
]


def empty_machine_stream(machine: str, status: str) -> bytes:
    """The whole stream of a machine of type ``machine`` that was in ``status`` before it began."""
    name, text = machine.encode(), status.encode()
    description = json.dumps({"page_size": _PAGE_SIZE, "devices": _DEVICES}).encode()
    state = struct.pack(f">I{_STATUS_SIZE}s", len(text) + 1, text)
    return b"".join(
        (
            _MAGIC,
            struct.pack(">IBI", _VERSION, _CONFIGURATION, len(name)),
            name,
            _section(_START, _RAM, struct.pack(">QQ", _RAM_SIZE, _RAM_EOS)),
            struct.pack(">BIQ", _END, _RAM[1], _RAM_EOS),
            _footer(_RAM),
            _section(_FULL, _TIMER, struct.pack(">qqq", 0, 0, 0)),
            _section(_FULL, _GLOBAL_STATE, state),
            struct.pack(">BBI", _EOF, _VMDESCRIPTION, len(description)),
            description,
        )
    )


def _section(kind: int, section: tuple[str, int, int], data: bytes) -> bytes:
    name, number, version = section
    head = struct.pack(">BIB", kind, number, len(name)) + name.encode()
    return head + struct.pack(">II", 0, version) + data + _footer(section)


def _footer(section: tuple[str, int, int]) -> bytes:
    return struct.pack(">BI", _FOOTER, section[1])
