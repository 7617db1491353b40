"""GLib's hash table of strings (``g_str_hash``), as far as the order of its keys needs it.

QEMU keeps an object's properties and children in such tables, and the names that its visitors have
yet to see. Iteration goes from the lowest slot to the highest, so that insertions, removals and
changes of size all show in the order. Keys are given as ``str``; what is hashed is QEMU's form of
them, UTF-8 with NUL as ``C0 80``.
"""

from __future__ import annotations

import functools

_MASK = 0xFFFFFFFF

# GLib reduces a hash by the largest prime below the table's size, which is 1 << (index into this).
_PRIMES: tuple[int, ...] = (
    1,
    2,
    3,
    7,
    13,
    31,
    61,
    127,
    251,
    509,
    1021,
    2039,
    4093,
    8191,
    16381,
    32749,
    65521,
)
_PRIMES += (131071, 262139, 524287, 1048573, 2097143, 4194301)
_MIN_SHIFT = 3

_UNUSED, _TOMBSTONE = 0, 1


def encode_key(key: str) -> bytes:
    """The bytes that QEMU holds for ``key``: it has no NUL inside strings."""
    return key.encode("utf-8", "surrogatepass").replace(b"\0", b"\xc0\x80")


def g_str_hash(key: bytes) -> int:
    """GLib's hash of a C string: its bytes are signed."""
    value = 5381
    for byte in key:
        value = (33 * value + (byte if byte < 128 else byte - 256)) & _MASK
    return value


class StringTable:
    """The keys of a GHashTable, in its order.

    Open addressing with a growing step. A removed key leaves a tombstone, which the next new key
    that passes it takes; what is left of them goes with the next change of size.
    """

    __slots__ = ("_hashes", "_keys", "_live", "_mod", "_occupied", "_size")

    def __init__(self) -> None:
        self._set_shift(_MIN_SHIFT)
        self._hashes = [_UNUSED] * self._size
        self._keys: list[str | None] = [None] * self._size
        self._live = 0
        self._occupied = 0  # live ones and tombstones

    def insert(self, key: str) -> None:
        """Add a key, as ``g_hash_table_insert`` does; one that is there stays where it is."""
        hashed = _real_hash(key)
        slot = self._probe(hashed, key)
        replaced = self._hashes[slot]
        if replaced not in (_UNUSED, _TOMBSTONE):
            return
        self._hashes[slot] = hashed
        self._keys[slot] = key
        self._live += 1
        if replaced == _UNUSED:
            self._occupied += 1
            self._maybe_resize()

    def remove(self, key: str) -> None:
        """Remove a key if it is there, as ``g_hash_table_remove`` does: the table may shrink."""
        if self._bury(key):
            self._maybe_resize()

    def remove_while_iterating(self, key: str) -> None:
        """Remove a key if it is there, as ``g_hash_table_iter_remove`` does.

        The size stays as it is, whatever is left, until a key is added in an unused slot.
        """
        self._bury(key)

    def in_order(self) -> list[str]:
        """The keys in the order of iteration."""
        return [key for key in self._keys if key is not None]

    def _bury(self, key: str) -> bool:
        slot = self._probe(_real_hash(key), key)
        if self._hashes[slot] in (_UNUSED, _TOMBSTONE):
            return False
        self._hashes[slot] = _TOMBSTONE
        self._keys[slot] = None
        self._live -= 1
        return True

    def _set_shift(self, shift: int) -> None:
        self._size = 1 << shift
        self._mod = _PRIMES[shift]

    def _index(self, hashed: int) -> int:
        return (hashed * 11 & _MASK) % self._mod

    def _probe(self, hashed: int, key: str) -> int:
        """The slot of ``key``, or the one where it belongs.

        That is the first tombstone on the way to the unused slot at which the search ends, or the
        unused slot itself.
        """
        slot = self._index(hashed)
        step = 0
        tombstone = None
        while (found := self._hashes[slot]) != _UNUSED:
            if found == hashed and self._keys[slot] == key:
                return slot
            if found == _TOMBSTONE and tombstone is None:
                tombstone = slot
            step += 1
            slot = (slot + step) & (self._size - 1)
        return slot if tombstone is None else tombstone

    def _maybe_resize(self) -> None:
        sparse = self._size > self._live * 4 and self._size > 1 << _MIN_SHIFT
        if sparse or self._size <= self._occupied + self._occupied // 16:
            self._resize()

    def _resize(self) -> None:
        """Rebuild in place as GLib does: a key that lands on one not yet moved evicts it.

        The table is never smaller than both sizes while keys move, so slots beyond the new size are
        emptied before they are cut off.
        """
        old_size = self._size
        self._set_shift(max(int(self._live * 1.333).bit_length(), _MIN_SHIFT))
        grown = max(self._size - old_size, 0)
        self._hashes += [_UNUSED] * grown
        self._keys += [None] * grown
        moved = [False] * len(self._hashes)
        for slot in range(old_size):
            if self._hashes[slot] in (_UNUSED, _TOMBSTONE):
                self._hashes[slot] = _UNUSED
            elif not moved[slot]:
                self._relocate(slot, moved)
        del self._hashes[self._size :], self._keys[self._size :]
        self._occupied = self._live

    def _relocate(self, slot: int, moved: list[bool]) -> None:
        hashed, key = self._hashes[slot], self._keys[slot]
        self._hashes[slot], self._keys[slot] = _UNUSED, None
        while True:
            slot = self._index(hashed)
            step = 0
            while moved[slot]:
                step += 1
                slot = (slot + step) & (self._size - 1)
            moved[slot] = True
            self._hashes[slot], hashed = hashed, self._hashes[slot]
            self._keys[slot], key = key, self._keys[slot]
            if hashed in (_UNUSED, _TOMBSTONE):
                return


def iteration_order(keys: list[str]) -> list[str]:
    """Distinct ``keys``, inserted in this order into a new table, as iteration finds them."""
    table = StringTable()
    for key in keys:
        table.insert(key)
    return table.in_order()


def _real_hash(key: str) -> int:
    """0 and 1 mark empty slots, so no key hashes to them."""
    return _kept_hash(key) if len(key) <= _KEPT_LENGTH else max(g_str_hash(encode_key(key)), 2)


# Who removes a name has added it before, and often adds it again. Names are clients' to choose:
# what is kept of them has a bound.
_KEPT_LENGTH = 64


@functools.lru_cache(maxsize=256)
def _kept_hash(key: str) -> int:
    return max(g_str_hash(encode_key(key)), 2)
