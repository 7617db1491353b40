"""What telnet and tn3270 add to a socket: a negotiation at the start, commands among the input.

Bytes in, bytes out, as QEMU's chardev/char-socket.c has it: output is not escaped, and a command
that is not known takes the byte after it along, whichever it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

IAC: Final = 0xFF
_BREAK, _INTERRUPT, _NOP = 0xF3, 0xF4, 0xF1
_END_OF_RECORD, _SUBNEGOTIATION, _SUBNEGOTIATION_END = 0xEF, 0xFA, 0xF0

# WILL ECHO, WILL SUPPRESS-GO-AHEAD, WILL BINARY, DO BINARY: each key at once, shown by us.
_TELNET: Final = bytes.fromhex("fffb01 fffb03 fffb00 fffd00")
# DO and WILL END-OF-RECORD, DO and WILL BINARY, DO TERMINAL-TYPE, and what the type is.
_TN3270: Final = bytes.fromhex("fffd19 fffb19 fffd00 fffb00 fffd18 fffa18 01fff0")

_TEXT, _COMMAND, _OPTION = range(3)


class TelnetFilter:
    """One connection. ``on_break`` is called where the client sends a break."""

    ready = True
    ended = False

    def __init__(self, *, tn3270: bool = False, on_break: Callable[[], None]) -> None:
        self._tn3270 = tn3270
        self._on_break = on_break
        self._state = _TEXT
        self._output = _TN3270 if tn3270 else _TELNET

    def receive_data(self, data: bytes) -> bytes:
        """What is left of the input for who reads it."""
        if self._state == _TEXT and IAC not in data:
            return data
        payload = bytearray()
        for byte in data:
            if self._state == _TEXT:
                if byte == IAC:
                    self._state = _COMMAND
                else:
                    payload.append(byte)
            elif self._state == _COMMAND:
                payload += self._command(byte)
            else:
                self._state = _TEXT
        return bytes(payload)

    def data_to_send(self) -> bytes:
        """The negotiation, once."""
        output, self._output = self._output, b""
        return output

    def encode(self, data: bytes) -> bytes:
        """Output as it goes over the wire: unchanged."""
        return data

    def _command(self, byte: int) -> bytes:
        """What the byte after an IAC leaves in the payload."""
        self._state = _TEXT
        if byte == IAC:
            return b"\xff"
        if byte == _BREAK:
            self._on_break()
        elif self._tn3270 and byte in (_END_OF_RECORD, _SUBNEGOTIATION, _SUBNEGOTIATION_END):
            return bytes([IAC, byte])
        elif not (self._tn3270 and byte in (_INTERRUPT, _NOP)):
            self._state = _OPTION
        return b""
