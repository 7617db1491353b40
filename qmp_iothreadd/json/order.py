"""The two hash orders of QEMU that clients can see.

QEMU keeps a JSON object in a table of 512 chains (qobject/qdict), and its visitors check members
against a string table of GLib's (``string_table``). The first decides the order of members on the
wire, the second which of several unknown members an error names.
"""

from __future__ import annotations

from collections.abc import Iterable

from qmp_iothreadd.json.string_table import StringTable, encode_key

_MASK = 0xFFFFFFFF
_BUCKETS = 512

# Byte i is shifted by i * 5 % 24, which repeats every 24 bytes: (first byte, shift) of each lane.
_LANES = tuple((start, start * 5 % 24) for start in range(24))


def tdb_hash(key: bytes) -> int:
    """The 32-bit hash by which QEMU's dictionaries pick a chain."""
    size = len(key)
    value = 0x238F13AF * size
    if size <= 24:
        for byte, (_, shift) in zip(key, _LANES, strict=False):
            value += byte << shift
    else:
        for start, shift in _LANES:
            value += sum(key[start::24]) << shift
    return (1103515243 * value + 12345) & _MASK


def qdict_order(keys: Iterable[str]) -> list[str]:
    """Distinct ``keys``, given in order of insertion, as QEMU iterates over them.

    Chains ascending; within one, the newest first.
    """
    newest_first = list(keys)[::-1]
    newest_first.sort(key=_bucket)  # a stable sort keeps the newest first within a chain
    return newest_first


def _bucket(key: str) -> int:
    return tdb_hash(encode_key(key)) % _BUCKETS


def first_unexpected(keys: Iterable[str], known: Iterable[str]) -> str | None:
    """Which of ``keys`` QEMU calls unexpected, or None when all are known.

    ``keys``: the object's distinct members as its dictionary iterates over them (``qdict_order``).
    ``known``: the members that were visited, in that order; some may be missing from the object.
    """
    present = list(keys)
    visited = list(known)
    unknown = set(present).difference(visited)
    if len(unknown) < 2:
        return next(iter(unknown), None)
    table = StringTable()
    for key in present:
        table.insert(key)
    for key in visited:
        table.remove(key)
    return table.in_order()[0]
