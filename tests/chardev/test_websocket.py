"""The WebSocket filter: frames in, frames out, and what ends a connection."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.chardev.websocket import FRAME_LIMIT, WebsocketFilter
from tests.chardev.websocket_client import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    frame,
    request,
    unframed,
)


def opened() -> WebsocketFilter:
    """A connection past the handshake."""
    websocket = WebsocketFilter()
    assert websocket.receive_data(request()) == b""
    assert websocket.ready
    assert not websocket.ended
    websocket.data_to_send()
    return websocket


def test_it_is_ready_after_the_handshake() -> None:
    websocket = WebsocketFilter()
    whole = request()
    assert websocket.receive_data(whole[:20]) == b""
    assert not websocket.ready
    assert websocket.data_to_send() == b""
    assert websocket.receive_data(whole[20:] + frame(b"abc")) == b"abc"
    assert websocket.ready
    assert websocket.data_to_send().startswith(b"HTTP/1.1 101 ")


def test_a_refused_handshake_ends_it() -> None:
    websocket = WebsocketFilter()
    websocket.receive_data(request("GET /x HTTP/1.1") + frame(b"abc"))
    assert websocket.ended
    assert not websocket.ready
    assert websocket.data_to_send().startswith(b"HTTP/1.1 404 ")
    assert websocket.receive_data(request()) == b""


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
def test_frames_of_any_size_come_in(size: int) -> None:
    data = bytes(i % 251 for i in range(size))
    assert opened().receive_data(frame(data)) == data


def test_a_frame_is_handed_on_as_it_comes() -> None:
    websocket, wire = opened(), frame(b"x" * 1000)
    pieces = [websocket.receive_data(wire[i : i + 100]) for i in range(0, len(wire), 100)]
    assert len(pieces[0]) == 92
    assert b"".join(pieces) == b"x" * 1000


def test_binary_frames_may_be_fragmented() -> None:
    websocket = opened()
    wire = frame(b"ab", final=False) + frame(b"cd", CONTINUATION, final=False)
    assert websocket.receive_data(wire + frame(b"e", CONTINUATION)) == b"abcde"
    assert not websocket.ended


def test_a_ping_is_answered_with_its_data() -> None:
    websocket = opened()
    assert websocket.receive_data(frame(b"hi", PING) + frame(b"x") + frame(b"", PING)) == b"x"
    assert unframed(websocket.data_to_send()) == [(PONG, b"hi"), (PONG, b"")]


def test_a_pong_is_ignored() -> None:
    websocket = opened()
    assert websocket.receive_data(frame(b"hi", PONG) + frame(b"x")) == b"x"
    assert websocket.data_to_send() == b""


@pytest.mark.parametrize(
    ("wire", "code", "reason"),
    [
        (frame(b"", CLOSE), 1000, "peer requested close"),
        (frame(b"\x03\xe8", CLOSE), 1000, "peer requested close"),
        (frame(b"x", TEXT), 1003, "only binary, close, ping, and pong frames are supported"),
        (frame(b"x", 0xB), 1003, "only binary, close, ping, and pong frames are supported"),
        (frame(b"x", TEXT, final=False), 1008, "only binary frames may be fragmented"),
        (frame(b"x", PING, final=False), 1008, "only binary frames may be fragmented"),
        (frame(b"abcdef", mask=None), 1002, "client frames must be masked"),
        (frame(b"x" * 126, PING), 1002, "control frame is too large"),
    ],
)
def test_a_frame_that_may_not_be_closes(wire: bytes, code: int, reason: str) -> None:
    websocket = opened()
    assert websocket.receive_data(frame(b"before") + wire + frame(b"after")) == b"before"
    assert websocket.ended
    assert unframed(websocket.data_to_send()) == [
        (CLOSE, code.to_bytes(2, "big") + reason.encode())
    ]
    assert websocket.receive_data(frame(b"x")) == b""


@given(st.binary(max_size=3 * FRAME_LIMIT))
def test_output_is_framed(data: bytes) -> None:
    frames = unframed(WebsocketFilter().encode(data))
    assert b"".join(part for _, part in frames) == data
    assert all(opcode == BINARY and len(part) <= FRAME_LIMIT for opcode, part in frames)


FRAMES = st.builds(
    frame,
    st.binary(max_size=200),
    st.sampled_from([CONTINUATION, TEXT, BINARY, BINARY, BINARY, CLOSE, PING, PONG]),
    final=st.booleans(),
    mask=st.sampled_from([None, b"\0\0\0\0", b"\x80\x81\xff\x01"]),
)


@given(st.lists(FRAMES | st.binary(max_size=20)).map(b"".join), st.data())
def test_it_does_not_matter_how_input_is_cut(wire: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=5)))
    whole, cut = opened(), opened()
    expected = whole.receive_data(wire)
    ends = zip([0, *cuts], [*cuts, len(wire)], strict=True)
    assert b"".join([cut.receive_data(wire[a:b]) for a, b in ends]) == expected
    assert cut.data_to_send() == whole.data_to_send()
    assert cut.ended == whole.ended


@pytest.mark.parametrize("wire", [frame(b"x" * 1000), frame(b"hello", PING)])
def test_what_is_not_complete_is_waited_for(wire: bytes) -> None:
    whole, cut = opened(), opened()
    expected = whole.receive_data(wire)
    assert b"".join([cut.receive_data(wire[i : i + 1]) for i in range(len(wire))]) == expected
    assert cut.data_to_send() == whole.data_to_send()


def test_large_output_has_a_longer_header() -> None:
    assert opened().encode(b"x" * 126)[:4] == b"\x82\x7e\x00\x7e"
