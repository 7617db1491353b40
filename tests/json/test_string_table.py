"""GLib's table of strings: against a plain statement of its rules, and against GLib itself."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.json.string_table import StringTable, encode_key, g_str_hash, iteration_order

# Few enough names to meet again, and enough to make the table grow several times.
NAMES = st.one_of(st.text(max_size=3), st.integers(0, 150).map("io{}".format))
STEPS = st.lists(st.tuples(st.sampled_from(["insert"] * 3 + ["remove", "iter_remove"]), NAMES))
MANY_STEPS = st.builds(
    lambda count, steps, kept, rest: [
        *(("insert", f"io{index}") for index in range(count)),
        *steps,
        *(("iter_remove", f"io{index}") for index in range(kept, count)),
        *rest,
    ],
    st.integers(0, 120),
    STEPS,
    st.integers(0, 20),
    STEPS,
)


class PlainTable:
    """The rules, one by one: None is an unused slot, DEAD a tombstone."""

    DEAD = ""
    PRIMES = (1, 2, 3, 7, 13, 31, 61, 127, 251, 509, 1021)

    def __init__(self) -> None:
        self.slots: list[bytes | str | None] = [None] * 8

    def run(self, action: str, key: bytes) -> None:
        at = next((slot for slot in self.path(key) if self.slots[slot] in (key, None)), None)
        assert at is not None
        if self.slots[at] == key:
            if action != "insert":
                self.slots[at] = self.DEAD
            if action == "remove":
                self.look_at_size()
        elif action == "insert":
            passed = self.path(key)
            free = next(slot for slot in passed if self.slots[slot] in (None, self.DEAD))
            fresh = self.slots[free] is None
            self.slots[free] = key
            if fresh:
                self.look_at_size()

    def path(self, key: bytes) -> Iterator[int]:
        """The slots that are tried for a key: each step is one longer than that before."""
        prime = self.PRIMES[len(self.slots).bit_length() - 1]
        slot = max(g_str_hash(key), 2) * 11 % 2**32 % prime
        for step in range(1, len(self.slots) + 1):
            yield slot
            slot = (slot + step) % len(self.slots)

    def look_at_size(self) -> None:
        size, occupied, live = (
            len(self.slots),
            len(self.slots) - self.slots.count(None),
            self.live(),
        )
        if (size > 8 and size > 4 * len(live)) or size <= occupied + occupied // 16:
            self.rebuild(live)

    def rebuild(self, live: list[bytes]) -> None:
        """Keys go, lowest slot first, where they belong; one in the way is the next to go."""
        old: list[bytes | str | None] = self.slots
        new_size = 8
        while new_size <= int(len(live) * 1.333):
            new_size *= 2
        self.slots = [None] * new_size
        waiting = dict(enumerate(old))
        for start in range(len(old)):
            key = waiting.pop(start, None)
            while isinstance(key, bytes):
                free = next(slot for slot in self.path(key) if self.slots[slot] is None)
                self.slots[free] = key
                key = waiting.pop(free, None)

    def live(self) -> list[bytes]:
        return [slot for slot in self.slots if isinstance(slot, bytes)]


def run(table: StringTable, action: str, key: str) -> None:
    method = {
        "insert": table.insert,
        "remove": table.remove,
        "iter_remove": table.remove_while_iterating,
    }[action]
    method(key)


@pytest.mark.parametrize(("key", "value"), [(b"", 5381), (b"a", 177670), (b"\xff", 177572)])
def test_g_str_hash_takes_bytes_as_signed(key: bytes, value: int) -> None:
    assert g_str_hash(key) == value


def test_nul_is_hashed_in_its_two_byte_form() -> None:
    assert encode_key("a\0b") == b"a\xc0\x80b"


def test_a_key_takes_the_place_of_a_removed_one() -> None:
    table = StringTable()
    for key in ("io0", "io1", "io2"):
        table.insert(key)
    before = table.in_order()
    table.remove_while_iterating("io1")
    table.insert("io1")
    table.insert("io1")
    assert table.in_order() == before


def test_a_removal_shrinks_the_table_and_one_during_iteration_does_not() -> None:
    shrunk, left = StringTable(), StringTable()
    for table in (shrunk, left):
        for index in range(40):
            table.insert(f"io{index}")
    kept = [key for key in left.in_order() if key in ("io0", "io1", "io2")]
    for index in range(3, 40):
        shrunk.remove(f"io{index}")
        left.remove_while_iterating(f"io{index}")
    assert left.in_order() == kept == ["io0", "io1", "io2"]
    assert shrunk.in_order() == ["io1", "io0", "io2"]


@given(st.lists(NAMES, unique=True))
def test_a_new_table_of_some_keys_has_the_order_of_the_rules(keys: list[str]) -> None:
    plain = PlainTable()
    for key in keys:
        plain.run("insert", encode_key(key))
    assert [encode_key(key) for key in iteration_order(keys)] == plain.live()


@given(MANY_STEPS)
def test_the_order_is_that_of_the_rules(steps: list[tuple[str, str]]) -> None:
    table, plain = StringTable(), PlainTable()
    for action, key in steps:
        run(table, action, key)
        plain.run(action, encode_key(key))
        assert [encode_key(key) for key in table.in_order()] == plain.live()


# -- GLib itself ----------------------------------------------------------------------------------


class GLibTable:
    """A real GHashTable of strings."""

    def __init__(self, glib: Any) -> None:
        self._glib = glib
        self._kept: dict[bytes, bytes] = {}  # GLib keeps pointers to the keys
        self._table = glib.g_hash_table_new(glib.g_str_hash, glib.g_str_equal)

    def run(self, action: str, key: bytes) -> None:
        if action == "insert":
            kept = self._kept.setdefault(key, key)
            self._glib.g_hash_table_insert(self._table, kept, None)
        elif action == "remove":
            self._glib.g_hash_table_remove(self._table, key)
        else:
            for iterator, found in self._iterate():
                if found == key:
                    self._glib.g_hash_table_iter_remove(iterator)
                    break

    def in_order(self) -> list[bytes]:
        return [key for _, key in self._iterate()]

    def close(self) -> None:
        self._glib.g_hash_table_destroy(self._table)

    def _iterate(self) -> Iterator[tuple[Any, bytes]]:
        iterator = ctypes.create_string_buffer(64)
        key = ctypes.c_char_p()
        self._glib.g_hash_table_iter_init(iterator, self._table)
        while self._glib.g_hash_table_iter_next(iterator, ctypes.byref(key), None):
            assert key.value is not None
            yield iterator, key.value


@pytest.fixture(scope="module")
def glib() -> Any:
    name = ctypes.util.find_library("glib-2.0")
    if name is None:
        pytest.skip("GLib is not installed")
    library = ctypes.CDLL(name)
    library.g_hash_table_new.restype = ctypes.c_void_p
    for function, arguments in {
        "insert": [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p],
        "remove": [ctypes.c_void_p, ctypes.c_char_p],
        "destroy": [ctypes.c_void_p],
        "iter_init": [ctypes.c_char_p, ctypes.c_void_p],
        "iter_next": [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p],
        "iter_remove": [ctypes.c_char_p],
    }.items():
        getattr(library, f"g_hash_table_{function}").argtypes = arguments
    return library


@given(MANY_STEPS)
def test_the_order_is_glibs(glib: Any, steps: list[tuple[str, str]]) -> None:
    table, real = StringTable(), GLibTable(glib)
    for action, key in steps:
        run(table, action, key)
        real.run(action, encode_key(key))
    expected = real.in_order()
    real.close()
    assert [encode_key(key) for key in table.in_order()] == expected
