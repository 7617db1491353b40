"""The telnet filter: what a socket says first, and what it leaves of the input."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.chardev.telnet import TelnetFilter

BREAK = b"\xff\xf3"


def make(*, tn3270: bool = False) -> tuple[TelnetFilter, list[str]]:
    breaks: list[str] = []
    return TelnetFilter(tn3270=tn3270, on_break=lambda: breaks.append("break")), breaks


def test_it_negotiates_once() -> None:
    telnet, _ = make()
    assert telnet.data_to_send().hex(" ", 3) == "fffb01 fffb03 fffb00 fffd00"
    assert telnet.data_to_send() == b""


def test_tn3270_negotiates_binary_mode_with_records() -> None:
    telnet, _ = make(tn3270=True)
    said = telnet.data_to_send().hex(" ", -3)
    assert said == "fffd19 fffb19 fffd00 fffb00 fffd18 fffa18 01fff0"


@pytest.mark.parametrize(
    ("wire", "payload"),
    [
        (b"abc", b"abc"),
        (b"a\xff\xfd\x01b", b"ab"),
        (b"a\xff\xffb", b"a\xffb"),
        (b"\xff\xf1ab", b"b"),  # NOP takes a byte along, as in QEMU
        (b"\xff\xfd\xffb", b"b"),
        (b"a\xff\xf3b", b"ab"),
    ],
)
def test_commands_are_taken_out(wire: bytes, payload: bytes) -> None:
    telnet, _ = make()
    assert telnet.receive_data(wire) == payload


def test_a_break_is_told() -> None:
    telnet, breaks = make()
    assert telnet.receive_data(b"a" + BREAK + b"b" + BREAK) == b"ab"
    assert breaks == ["break", "break"]


def test_tn3270_keeps_the_bounds_of_records() -> None:
    telnet, _ = make(tn3270=True)
    assert telnet.receive_data(b"a\xff\xefb\xff\xf1c\xff\xf4d") == b"a\xff\xefbcd"


def test_output_is_not_escaped() -> None:
    telnet, _ = make()
    assert telnet.encode(b"\xff\xfe") == b"\xff\xfe"


@given(st.binary(), st.data(), st.booleans())
def test_it_does_not_matter_how_input_is_cut(wire: bytes, data: st.DataObject, kind: bool) -> None:
    at = data.draw(st.integers(0, len(wire)))
    (whole, _), (cut, _) = make(tn3270=kind), make(tn3270=kind)
    assert cut.receive_data(wire[:at]) + cut.receive_data(wire[at:]) == whole.receive_data(wire)


@given(st.binary())
def test_doubled_bytes_come_through(payload: bytes) -> None:
    telnet, breaks = make()
    assert telnet.receive_data(payload.replace(b"\xff", b"\xff\xff")) == payload
    assert breaks == []
