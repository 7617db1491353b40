"""The request for a WebSocket: what is accepted, and what each mistake is answered with."""

from __future__ import annotations

import re

import pytest

from qmp_iothreadd.chardev import websocket_handshake as handshake
from tests.chardev.websocket_client import ACCEPT, request


def answer(request: bytes) -> str:
    """What a client is told, without the date."""
    try:
        size = handshake.request_size(request)
        assert size == len(request)
        told = handshake.accept(request)
    except handshake.HandshakeError as refused:
        told = refused.answer
    return re.sub("Date: [^\r]*", "Date: …", told.decode())


def test_the_answer_proves_that_the_key_was_understood() -> None:
    assert answer(request()) == (
        "HTTP/1.1 101 Switching Protocols\r\nServer: QEMU VNC\r\nDate: …\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
    )


def test_a_client_that_asks_for_protocols_gets_binary() -> None:
    told = answer(request(Sec_WebSocket_Protocol="base64, binary"))
    assert told.endswith("\r\nSec-WebSocket-Protocol: binary\r\n\r\n")


def test_the_first_of_two_headers_counts() -> None:
    again = request().replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Version: 12\r\n\r\n")
    assert "101" in answer(again)


@pytest.mark.parametrize(
    "bad",
    [
        request("POST / HTTP/1.1"),
        request("GET / HTTP/1.0"),
        request("GET /"),
        request(Host=None),
        request(Upgrade=None),
        request(Upgrade="h2c"),
        request(Connection=None),
        request(Connection="close"),
        request(Sec_WebSocket_Key=None),
        request(Sec_WebSocket_Key="short"),
        request(Sec_WebSocket_Version=None),
        request(Sec_WebSocket_Version="8"),
        request(Sec_WebSocket_Protocol="base64"),
        request().replace(b"Host:", b"Host"),
        b"GET / HTTP/1.1\r\n\r\n",
        request(**{f"X{number}": "" for number in range(40)}),
    ],
)
def test_what_asks_for_something_else_is_a_bad_request(bad: bytes) -> None:
    assert answer(bad) == (
        "HTTP/1.1 400 Bad Request\r\nServer: QEMU VNC\r\nDate: …\r\n"
        "Connection: close\r\nSec-WebSocket-Version: 13\r\n"
    )


def test_there_is_one_path() -> None:
    assert answer(request("GET /x HTTP/1.1")) == (
        "HTTP/1.1 404 Not Found\r\nServer: QEMU VNC\r\nDate: …\r\nConnection: close\r\n\r\n"
    )


def test_a_line_without_a_space_is_not_answered() -> None:
    assert answer(request("GET")) == ""


def test_more_is_needed_up_to_a_limit() -> None:
    assert handshake.request_size(request()[:-1]) == 0
    assert handshake.request_size(b"A" * (handshake.LIMIT - 1)) == 0
    with pytest.raises(handshake.HandshakeError) as caught:
        handshake.request_size(b"A" * handshake.LIMIT)
    assert caught.value.answer.startswith(b"HTTP/1.1 403 Request Entity Too Large\r\n")


def test_nothing_is_seen_behind_a_nul() -> None:
    assert handshake.request_size(b"\0" + request()) == 0
