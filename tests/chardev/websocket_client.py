"""What a WebSocket's client sends, for tests."""

from __future__ import annotations

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455's example, and what a server makes of it
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

HEADERS = {
    "Host": "example.com",
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}


def request(line: str = "GET / HTTP/1.1", **changes: str | None) -> bytes:
    """A request with other headers, or without some; ``_`` stands for ``-`` in their names."""
    headers: dict[str, str | None] = dict(HEADERS)
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([line, *lines, "", ""]).encode()


def frame(
    data: bytes,
    opcode: int = BINARY,
    *,
    final: bool = True,
    mask: bytes | None = b"\x01\x02\x03\x04",
) -> bytes:
    """A frame as a client sends it."""
    first = (0x80 if final else 0) | opcode
    masked = 0x80 if mask is not None else 0
    size = len(data)
    if size < 126:
        head = bytes([first, masked | size])
    elif size < 1 << 16:
        head = bytes([first, masked | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([first, masked | 127]) + size.to_bytes(8, "big")
    if mask is None:
        return head + data
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


def unframed(wire: bytes) -> list[tuple[int, bytes]]:
    """The frames of a server, each final and unmasked: opcode and data."""
    found = []
    while wire:
        assert wire[0] & 0x80
        size, start = wire[1], 2
        if size == 126:
            size, start = int.from_bytes(wire[2:4], "big"), 4
        assert size < 1 << 16
        found.append((wire[0] & 0x0F, wire[start : start + size]))
        wire = wire[start + size :]
    return found
