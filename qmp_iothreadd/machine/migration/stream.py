"""What a machine without memory and devices sends when it migrates, and takes: QEMU's stream.

The format is described in QEMU's docs/devel/migration; what is in it was seen in a stream of
``-M none``. QEMU loads what we send, and we what it sends.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Final

from qmp_iothreadd import errors

_MAGIC: Final = b"QEVM"
_VERSION: Final = 3

_EOF, _START, _PART, _END, _FULL = 0, 1, 2, 3, 4
_VMDESCRIPTION, _CONFIGURATION, _COMMAND, _FOOTER = 6, 7, 8, 0x7E
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


class _Reader:
    """Takes a stream apart; what is missing at its end is an error of its own."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, count: int) -> bytes:
        piece = self._data[self._position : self._position + count]
        if len(piece) < count:
            raise errors.stream_ends_early()
        self._position += count
        return piece

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def name(self, length_size: int) -> str:
        return self.take(self.number(length_size)).decode("latin-1")

    def has(self, kind: int) -> bool:
        """Whether this byte comes next, which is taken then."""
        found = self._data[self._position : self._position + 1] == bytes((kind,))
        self._position += found
        return found


def read_stream(data: bytes, machine: str) -> str:
    """Load a whole stream into a machine of type ``machine`` that has nothing.

    Returns: the status that the machine had where it comes from.

    Raises:
        QmpError: it is no such stream, or of a machine that has more.
    """
    reader = _Reader(data)
    if reader.take(4) != _MAGIC or reader.number(4) != _VERSION:
        raise errors.not_a_migration_stream()
    if reader.has(_CONFIGURATION) and (name := reader.name(4)) != machine:
        raise errors.stream_of_other_machine(name, machine)
    numbers = {_RAM[1]: _RAM[0]}
    status = "running"
    while not reader.has(_EOF):
        kind = reader.number(1)
        if kind == _COMMAND:
            reader.take(2)
            reader.take(reader.number(2))
            continue
        number = reader.number(4)
        if kind in (_START, _FULL):
            numbers[number] = reader.name(1)
            reader.take(8)  # instance and version
        elif kind not in (_PART, _END):
            raise errors.not_a_migration_stream()
        match numbers.get(number):
            case "ram":
                _read_ram(reader)
            case "timer":
                reader.take(24)
            case "globalstate":
                reader.take(4)
                status = reader.take(_STATUS_SIZE).partition(b"\0")[0].decode("latin-1")
            case unknown:
                raise errors.stream_section_unknown(unknown or "")
        if reader.has(_FOOTER):
            reader.take(4)
    return status


def _read_ram(reader: _Reader) -> None:
    while not (head := reader.number(8)) & _RAM_EOS:
        if head != _RAM_SIZE:
            raise errors.stream_has_memory()
