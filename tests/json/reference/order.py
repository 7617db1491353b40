"""The order of members, as its definition has it: what the native one is compared with."""

from __future__ import annotations

from collections.abc import Iterable

from qmp_iothreadd.json.string_table import encode_key


def tdb_hash(key: bytes) -> int:
    """The 32-bit hash by which QEMU's dictionaries pick a chain."""
    value = 0x238F13AF * len(key)
    for index, byte in enumerate(key):
        value += byte << (index * 5 % 24)
    return (1103515243 * value + 12345) % 2**32


def qdict_order(keys: Iterable[str]) -> list[str]:
    """Chains ascending; within one, the newest first."""
    newest_first = list(keys)[::-1]
    newest_first.sort(key=lambda key: tdb_hash(encode_key(key)) % 512)  # stable: keeps that
    return newest_first
