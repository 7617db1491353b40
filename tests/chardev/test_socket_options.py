"""The options of a socket: what goes together, and what they add."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from qmp_iothreadd.chardev import socket_options
from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.errors import QmpError
from tests.chardev.echoes import Echoes

INET = {"type": "inet", "host": "127.0.0.1", "port": "0"}
UNIX = {"type": "unix", "path": "/x"}
FD = {"type": "fd", "str": "3"}


@pytest.mark.parametrize(
    ("data", "address", "server", "said"),
    [
        ({"reconnect-ms": 1}, FD, False, "'reconnect-ms' option is incompatible with 'fd' address"),
        (
            {"tls-creds": "t"},
            FD,
            False,
            "'tls_creds' option is incompatible with 'fd' address type as client",
        ),
        ({"tls-creds": "t"}, UNIX, True, "'tls_creds' option is incompatible with 'unix' address"),
        ({"tls-authz": "a"}, INET, True, "'tls_authz' option requires 'tls_creds' option"),
        (
            {"reconnect-ms": 1},
            INET,
            True,
            "'reconnect-ms' option is incompatible with socket in server listen mode",
        ),
        ({"websocket": True}, INET, False, "Websocket client is not implemented"),
        (
            {"wait": False},
            INET,
            False,
            "'wait' option is incompatible with socket in client connect mode",
        ),
    ],
)
def test_what_does_not_go_together(
    data: dict[str, Any], address: dict[str, Any], server: bool, said: str
) -> None:
    with pytest.raises(QmpError, match=said):
        socket_options.check(data, address, server=server)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({}, "tcp"),
        ({"telnet": True, "websocket": True}, "telnet"),
        ({"websocket": True}, "websocket"),
        ({"tn3270": True}, "tcp"),
    ],
)
def test_what_stands_before_a_host(data: dict[str, Any], name: str) -> None:
    assert socket_options.protocol(data) == name


@pytest.mark.parametrize(("option", "said"), [("telnet", 12), ("tn3270", 21)])
async def test_a_server_negotiates_first(chardevs: Chardevs, option: str, said: int) -> None:
    address = {"type": "inet", "data": {"host": "127.0.0.1", "port": "0"}}
    made: Any = chardevs.add("c", {"type": "socket", "data": {"addr": address, option: True}})
    made.attach(Echoes(b"hi\n"))
    reader, writer = await asyncio.open_connection("127.0.0.1", int(made.address["port"]))
    async with asyncio.timeout(10):
        assert (await reader.readexactly(said + 3))[said:] == b"hi\n"
        writer.write(b"a\xff\xf3b")
        assert await reader.readexactly(2) == b"ab"
    writer.close()
    await writer.wait_closed()
