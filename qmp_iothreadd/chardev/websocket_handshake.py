"""The request that opens a WebSocket, and QEMU's answers (io/channel-websock.c), without IO."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Final

LIMIT: Final = 4096
"""The most bytes that a request may have, with its headers."""

_HEADERS_LIMIT = 32
_KEY_LENGTH = 24
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_END = b"\r\n\r\n"

_NOT_FOUND = "404 Not Found"
_TOO_LARGE = "403 Request Entity Too Large"
_REFUSED_END = "Connection: close\r\n\r\n"
# QEMU's answer to a bad request has no blank line at its end.
_BAD_REQUEST_END = "Connection: close\r\nSec-WebSocket-Version: 13\r\n"


class HandshakeError(Exception):
    """There is to be no WebSocket; ``answer`` is what the client is told, maybe nothing."""

    def __init__(self, answer: bytes | None = None) -> None:
        super().__init__()
        self.answer = _response("400 Bad Request", _BAD_REQUEST_END) if answer is None else answer


def request_size(data: bytes) -> int:
    """How many bytes the request at the start of ``data`` has; 0 where more are needed.

    Raises:
        HandshakeError: there are too many.
    """
    # As a C string: what comes after a NUL is not seen.
    end = data[:LIMIT].partition(b"\0")[0].find(_END)
    if end >= 0:
        return end + len(_END)
    if len(data) >= LIMIT:
        raise HandshakeError(_response(_TOO_LARGE, _REFUSED_END))
    return 0


def accept(request: bytes) -> bytes:
    """The answer that makes a complete request a WebSocket.

    Raises:
        HandshakeError: the request is malformed, or asks for something else.
    """
    line, separator, rest = request.removesuffix(_END).partition(b"\r\n")
    if not separator:
        raise HandshakeError
    _check_request_line(line)
    headers = _headers(rest)
    key = _checked_key(headers)
    end = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    digest = hashlib.sha1(key + _GUID, usedforsecurity=False).digest()
    end += f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n"
    if b"sec-websocket-protocol" in headers:
        end += "Sec-WebSocket-Protocol: binary\r\n"
    return _response("101 Switching Protocols", end + "\r\n")


def _check_request_line(line: bytes) -> None:
    method, space, rest = line.partition(b" ")
    if not space:
        raise HandshakeError(b"")  # QEMU closes without a word
    path, space, version = rest.partition(b" ")
    if method != b"GET" or not space:
        raise HandshakeError
    if path != b"/":
        raise HandshakeError(_response(_NOT_FOUND, _REFUSED_END))
    if version != b"HTTP/1.1":
        raise HandshakeError


def _headers(text: bytes) -> dict[bytes, bytes]:
    """The headers by name, in small letters; of several of one name the first."""
    lines = text.split(b"\r\n", _HEADERS_LIMIT)
    if len(lines) > _HEADERS_LIMIT:
        raise HandshakeError
    found: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise HandshakeError
        found.setdefault(name.lower(), value.lstrip(b" "))
    return found


def _checked_key(headers: dict[bytes, bytes]) -> bytes:
    protocols = headers.get(b"sec-websocket-protocol", b"binary")
    version = headers.get(b"sec-websocket-version")
    key = headers.get(b"sec-websocket-key", b"")
    connection = headers.get(b"connection", b"").lower().split(b",")
    upgrade = headers.get(b"upgrade", b"").lower()
    if b"host" not in headers or b"binary" not in protocols or version != b"13":
        raise HandshakeError
    if len(key) != _KEY_LENGTH or upgrade != b"websocket":
        raise HandshakeError
    if b"upgrade" not in [part.strip(b" \t\n\v\f\r") for part in connection]:
        raise HandshakeError
    return key


def _response(status: str, end: str) -> bytes:
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    return f"HTTP/1.1 {status}\r\nServer: QEMU VNC\r\nDate: {date}\r\n{end}".encode()
