"""A multiplexer's keys, and the times that it puts before lines."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.chardev.mux_keys import MuxKeys, Timestamps


def read(keys: MuxKeys, data: bytes) -> list[bytes | str]:
    """What is typed and the commands among it, in order."""
    found: list[bytes | str] = []
    while data:
        plain, command, data = keys.split(data)
        found += [part for part in (plain, command) if part]
    return found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (b"abc", [b"abc"]),
        (b"a\x01cb", [b"a", "c", b"b"]),
        (b"\x01h\x01?\x01x", ["h", "h", "x"]),
        (b"\x01\x01a", [b"\x01", b"a"]),
        (b"a\x01qb", [b"a", b"b"]),
        (b"a\x01", [b"a"]),
        (b"h?\x01\x80", [b"h?"]),
    ],
)
def test_commands_begin_with_the_escape_key(typed: bytes, found: list[bytes | str]) -> None:
    assert read(MuxKeys(), typed) == found


def test_another_escape_key() -> None:
    keys = MuxKeys(0x14)
    assert read(keys, b"\x01c\x14c\x14\x14") == [b"\x01c", "c", b"\x14"]
    assert b"\n\rC-t h    " in keys.help()
    assert keys.help().endswith(b"C-t C-t  send C-t\n\r")


def test_help_says_which_key_it_is_where_it_has_no_name() -> None:
    assert (
        MuxKeys(ord("x"))
        .help()
        .startswith(b"\n\rEscape-Char set to Ascii: 0x78\n\r\n\rEscape-Char h    ")
    )


@given(st.lists(st.sampled_from([b"\x01", b"c", b"x", b"h", b"?", b"z", b"\xff"])).map(b"".join))
def test_it_does_not_matter_how_keys_are_cut(typed: bytes) -> None:
    one_by_one, whole = MuxKeys(), MuxKeys()
    pieces = [part for i in range(len(typed)) for part in read(one_by_one, typed[i : i + 1])]

    def joined(found: list[bytes | str]) -> list[bytes | str]:
        texts: list[bytes | str] = []
        for part in found:
            if isinstance(part, bytes):
                texts += [bytes([byte]) for byte in part]
            else:
                texts.append(part)
        return texts

    assert joined(pieces) == joined(read(whole, typed))


def test_times_stand_before_lines() -> None:
    now = [100.0]
    times = Timestamps(lambda: now[0])
    assert times.mark(b"a\nb") == b"a\nb"
    times.toggle()
    assert times.mark(b"c\nd\n") == b"c\n[00:00:00.000] d\n"
    now[0] += 3723.004
    assert times.mark(b"e") + times.mark(b"f\n") == b"[01:02:03.004] ef\n"
    times.toggle()
    assert times.mark(b"g\n") == b"g\n"
