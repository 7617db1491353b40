"""Filters around a protocol, as asyncio drives them."""

from __future__ import annotations

import asyncio
from typing import Any

from qmp_iothreadd.chardev.filters import filtered
from qmp_iothreadd.chardev.frontend import DescriptorProtocol
from qmp_iothreadd.chardev.telnet import TelnetFilter
from qmp_iothreadd.chardev.websocket import WebsocketFilter
from tests.chardev.websocket_client import CLOSE, frame, request, unframed


class Recorder(DescriptorProtocol):
    """Writes down what happens to it."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.seen.append("made")
        transport.write(b"hello")

    def data_received(self, data: bytes) -> None:
        self.seen.append(data)

    def eof_received(self) -> bool:
        self.seen.append("eof")
        return True

    def pause_writing(self) -> None:
        self.seen.append("pause")

    def resume_writing(self) -> None:
        self.seen.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.seen.append("lost")


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()
        self.closed = False
        self.reading = True

    def write(self, data: Any) -> None:
        self.sent += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.close()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.limit = high or 0

    def get_write_buffer_size(self) -> int:
        return self.limit

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def test_telnet_negotiates_before_the_protocol_greets() -> None:
    inner, wire = Recorder(), Wire()
    outer = filtered(inner, [TelnetFilter(on_break=lambda: inner.seen.append("break"))])
    outer.connection_made(wire)
    assert wire.sent.endswith(b"\xff\xfd\x00hello")
    outer.data_received(b"a\xff\xf3b")
    outer.data_received(b"\xff\xfd\x01")
    assert outer.eof_received()
    outer.connection_lost(None)
    assert inner.seen == ["made", "break", b"ab", "eof", "lost"]


def test_a_websocket_begins_with_its_handshake_and_ends_with_its_close() -> None:
    inner, wire = Recorder(), Wire()
    outer = filtered(inner, [WebsocketFilter()])
    outer.connection_made(wire)
    assert not inner.seen
    assert not wire.sent
    outer.data_received(request() + frame(b"abc"))
    assert inner.seen == ["made", b"abc"]
    head, _, rest = bytes(wire.sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert unframed(rest) == [(2, b"hello")]
    wire.sent.clear()
    outer.data_received(frame(b"", CLOSE))
    assert unframed(bytes(wire.sent)) == [(CLOSE, b"\x03\xe8peer requested close")]
    assert wire.closed
    assert inner.transport is not None
    inner.transport.write(b"late")
    assert b"late" not in wire.sent


def test_who_does_not_shake_hands_gets_no_greeting() -> None:
    inner, wire = Recorder(), Wire()
    outer = filtered(inner, [WebsocketFilter()])
    outer.connection_made(wire)
    outer.pause_writing()
    assert not wire.reading
    outer.resume_writing()
    assert wire.reading
    outer.data_received(request("GET /x HTTP/1.1"))
    assert wire.closed
    outer.connection_lost(None)
    assert inner.seen == ["lost"]


def test_the_end_before_the_handshake_closes() -> None:
    inner, wire = Recorder(), Wire()
    outer = filtered(inner, [WebsocketFilter()])
    outer.connection_made(wire)
    assert not outer.eof_received()


def test_filters_may_follow_each_other() -> None:
    inner, wire = Recorder(), Wire()
    telnet = TelnetFilter(on_break=lambda: None)
    outer = filtered(inner, [WebsocketFilter(), telnet])
    outer.connection_made(wire)
    outer.data_received(request() + frame(b"a\xff\xffb"))
    assert inner.seen == ["made", b"a\xffb"]
    frames = unframed(bytes(wire.sent).partition(b"\r\n\r\n")[2])
    assert frames == [(2, bytes.fromhex("fffb01fffb03fffb00fffd00")), (2, b"hello")]
    outer.pause_writing()
    outer.resume_writing()
    assert inner.seen[2:] == ["pause", "resume"]


def test_what_a_filter_does_not_change_passes() -> None:
    inner, wire = Recorder(), Wire()
    outer = filtered(inner, [TelnetFilter(on_break=lambda: None)])
    outer.connection_made(wire)
    outer.descriptors_received([])
    assert inner.transport is not None
    inner.transport.set_write_buffer_limits(high=7)
    assert inner.transport.get_write_buffer_size() == 7
    inner.transport.pause_reading()
    assert not wire.reading
    inner.transport.resume_reading()
    assert wire.reading
    assert inner.transport.get_extra_info("nope") is None
    inner.transport.abort()
    assert inner.transport.is_closing()
