"""The two hash orders of QEMU that clients can see.

QEMU keeps a JSON object in a table of 512 chains (qobject/qdict), and its visitors check members
against a string table of GLib's. The first decides the order of members on the wire, the second
which of several unknown members an error names. Keys are given as ``str``; what is hashed is QEMU's
form of them, UTF-8 with NUL as ``C0 80``.
"""

from __future__ import annotations

from collections.abc import Iterable

_MASK = 0xFFFFFFFF
_BUCKETS = 512

# Byte i is shifted by i * 5 % 24, which repeats every 24 bytes: (first byte, shift) of each lane.
_LANES = tuple((start, start * 5 % 24) for start in range(24))

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


def g_str_hash(key: bytes) -> int:
    """GLib's hash of a C string: its bytes are signed."""
    value = 5381
    for byte in key:
        value = (33 * value + (byte if byte < 128 else byte - 256)) & _MASK
    return value


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
    table = _StringTable()
    for key in present:
        table.insert(key)
    for key in visited:
        table.remove(key)
    return table.first()


class _StringTable:
    """GHashTable of strings, as far as the order of its slots needs it.

    Open addressing with a growing step; removed keys leave tombstones until the next resize.
    """

    def __init__(self) -> None:
        self._set_shift(_MIN_SHIFT)
        self._hashes = [_UNUSED] * self._size
        self._keys: list[str | None] = [None] * self._size
        self._live = 0
        self._occupied = 0  # live ones and tombstones

    def insert(self, key: str) -> None:
        """Add a key that is not in the table; keys are added before any is removed."""
        hashed = _real_hash(key)
        slot = self._probe(hashed, key)
        self._hashes[slot] = hashed
        self._keys[slot] = key
        self._live += 1
        self._occupied += 1
        self._maybe_resize()

    def remove(self, key: str) -> None:
        """Remove a key, if it is there."""
        slot = self._probe(_real_hash(key), key)
        if self._hashes[slot] == _UNUSED:
            return
        self._hashes[slot] = _TOMBSTONE
        self._keys[slot] = None
        self._live -= 1
        self._maybe_resize()

    def first(self) -> str | None:
        """The key in the lowest slot."""
        return next((key for key in self._keys if key is not None), None)

    def _set_shift(self, shift: int) -> None:
        self._size = 1 << shift
        self._mod = _PRIMES[shift]

    def _index(self, hashed: int) -> int:
        return (hashed * 11 & _MASK) % self._mod

    def _probe(self, hashed: int, key: str) -> int:
        """The slot of ``key``, or the unused slot at which the search for it ends."""
        slot = self._index(hashed)
        step = 0
        while self._hashes[slot] != _UNUSED:
            if self._hashes[slot] == hashed and self._keys[slot] == key:
                break
            step += 1
            slot = (slot + step) & (self._size - 1)
        return slot

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


def _real_hash(key: str) -> int:
    """0 and 1 mark empty slots, so no key hashes to them."""
    return max(g_str_hash(encode_key(key)), 2)
