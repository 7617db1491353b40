"""The two hash orders of QEMU that clients can see.

QEMU keeps a JSON object in a table of 512 chains (qobject/qdict), and its visitors check members
against a string table of GLib's (``string_table``). The first decides the order of members on the
wire, the second which of several unknown members an error names.
"""

from __future__ import annotations

from collections.abc import Iterable

from qmp_iothreadd.json.string_table import StringTable
from qmp_iothreadd.json.writer import qdict_order

__all__ = ["first_unexpected", "qdict_order"]


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
