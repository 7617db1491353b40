"""The server's side of a WebSocket, without IO: the handshake, then frames in and out.

It takes and refuses what QEMU's io/channel-websock.c does: binary frames only, masked, fragmented
or not; a ping is answered, and so is a close, which ends the connection as an error does.
"""

from __future__ import annotations

from typing import Final

from qmp_iothreadd.chardev import websocket_handshake as handshake

FRAME_LIMIT: Final = 8192
"""The most bytes of output in one frame."""

_CONTINUATION, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x2, 0x8, 0x9, 0xA
_CONTROL = 0x8  # the bit that these have
_FINAL = _MASKED = 0x80
_LENGTH_16, _LENGTH_64 = 126, 127
_MASK_SIZE = 4
_SHORTEST_HEADER = 2 + _MASK_SIZE

_NORMAL, _PROTOCOL_ERROR, _INVALID_DATA, _POLICY = 1000, 1002, 1003, 1008


class WebsocketFilter:
    """One connection: ``ready`` after the handshake, ``ended`` after a close or an error.

    Once it has ended, what is left to send is to be sent, and the connection closed. What is kept
    of the input is an incomplete request, header or control frame: a few kilobytes at most.
    """

    def __init__(self) -> None:
        self.ready = False
        self.ended = False
        self._input = bytearray()
        self._output = bytearray()
        self._opcode = _CONTINUATION
        self._in_payload = False
        self._remaining = 0  # bytes of the frame's payload that have not come yet
        self._mask = b""

    def receive_data(self, data: bytes) -> bytes:
        """The payload of what came in."""
        if self.ended:
            return b""
        self._input += data
        if not self.ready:
            self._shake_hands()
        payload = bytearray()
        while self.ready and not self.ended:
            if not self._in_payload and not self._read_header():
                break
            if not self.ended and not self._read_payload(payload):
                break
        if self.ended:
            self._input.clear()
        return bytes(payload)

    def data_to_send(self) -> bytes:
        """All that is to be said besides the payload; it is the caller's now."""
        output = bytes(self._output)
        self._output.clear()
        return output

    def encode(self, data: bytes) -> bytes:
        """Output in frames."""
        starts = range(0, len(data), FRAME_LIMIT)
        return b"".join([_frame(_BINARY, data[start : start + FRAME_LIMIT]) for start in starts])

    def _shake_hands(self) -> None:
        try:
            size = handshake.request_size(bytes(self._input[: handshake.LIMIT]))
            if size:
                self._output += handshake.accept(bytes(self._input[:size]))
                self.ready = True
                del self._input[:size]
        except handshake.HandshakeError as refused:
            self._output += refused.answer
            self.ended = True

    # -- Frames -----------------------------------------------------------------------------------

    def _read_header(self) -> bool:
        """Take the next frame's header, or end the connection; False where more is needed."""
        data = self._input
        if len(data) < _SHORTEST_HEADER:
            return False
        # As in QEMU a continuation goes on with the last frame's opcode, a control frame's too.
        self._opcode = data[0] & 0x0F or self._opcode
        length = data[1] & 0x7F
        if not self._may_be(data[0] & _FINAL, data[1] & _MASKED, length):
            return True
        size = {_LENGTH_16: 4, _LENGTH_64: 10}.get(length, 2)
        if len(data) < size + _MASK_SIZE:
            return False
        self._remaining = int.from_bytes(data[2:size], "big") if size > 2 else length
        self._mask = bytes(data[size : size + _MASK_SIZE])
        self._in_payload = True
        del data[: size + _MASK_SIZE]
        return True

    def _may_be(self, final: int, masked: int, length: int) -> bool:
        """Whether such a frame may be; else the connection ends."""
        opcode = self._opcode
        if opcode == _CLOSE:
            self._close(_NORMAL, b"peer requested close")
        elif not final and opcode != _BINARY:
            self._close(_POLICY, b"only binary frames may be fragmented")
        elif opcode not in (_BINARY, _PING, _PONG):
            self._close(_INVALID_DATA, b"only binary, close, ping, and pong frames are supported")
        elif not masked:
            self._close(_PROTOCOL_ERROR, b"client frames must be masked")
        elif opcode & _CONTROL and length >= _LENGTH_16:
            self._close(_PROTOCOL_ERROR, b"control frame is too large")
        return not self.ended

    def _read_payload(self, payload: bytearray) -> bool:
        """Take what is there of the frame's payload; False where more is needed."""
        if self._opcode & _CONTROL and len(self._input) < self._remaining:
            return False
        piece = bytes(self._input[: self._remaining])
        del self._input[: len(piece)]
        self._remaining -= len(piece)
        self._in_payload = self._remaining > 0
        piece = _unmasked(piece, self._mask)
        turn = len(piece) % _MASK_SIZE
        self._mask = self._mask[turn:] + self._mask[:turn]
        if self._opcode == _BINARY:
            payload += piece
        elif self._opcode == _PING:
            self._output += _frame(_PONG, piece)
        return not self._in_payload

    def _close(self, code: int, reason: bytes) -> None:
        self._output += _frame(_CLOSE, code.to_bytes(2, "big") + reason)
        self.ended = True


def _frame(opcode: int, data: bytes) -> bytes:
    size = len(data)
    if size < _LENGTH_16:
        return bytes([_FINAL | opcode, size]) + data
    return bytes([_FINAL | opcode, _LENGTH_16]) + size.to_bytes(2, "big") + data


def _unmasked(data: bytes, mask: bytes) -> bytes:
    """``data`` exclusive-or the mask, which repeats."""
    size = len(data)
    key = (mask * (size // _MASK_SIZE + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
