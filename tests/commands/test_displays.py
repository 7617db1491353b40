"""Displays, their passwords and input, none of which are there."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest

from qmp_iothreadd.machine.remote_displays import RemoteDisplays
from qmp_iothreadd.testing import MemoryClient

KEY = {"type": "key", "data": {"key": {"type": "qcode", "data": "a"}, "down": True}}
SPICE = "SPICE is not in use"


def test_passwords_are_taken_for_displays_that_ask_for_them(client: MemoryClient) -> None:
    displays = client.machine.part(RemoteDisplays)
    displays.vnc |= {"default": True, "open": False}
    displays.has_spice = True
    for protocol in ("vnc", "spice"):
        said: dict[str, Any] = {"protocol": protocol}
        assert client.execute("set_password", said | {"password": "x"}) == {}
        assert client.execute("expire_password", said | {"time": "never"}) == {}
    assert client.execute("change-vnc-password", {"password": "x"}) == {}
    said = {"protocol": "vnc", "display": "open"}
    assert client.execute("expire_password", said | {"time": "+60"}) == {}
    refused = client.request("set_password", said | {"password": "x"})
    assert refused["error"]["desc"] == "Could not set password"


@pytest.mark.parametrize(
    ("command", "arguments", "error"),
    [
        ("set_password", {"protocol": "vnc", "password": "x"}, "Could not set password"),
        (
            "set_password",
            {"protocol": "vnc", "password": "x", "connected": "fail"},
            "Invalid parameter 'connected'",
        ),
        ("set_password", {"protocol": "spice", "password": "x", "connected": "fail"}, SPICE),
        (
            "expire_password",
            {"protocol": "vnc", "time": "now"},
            "Could not set password expire time",
        ),
        (
            "expire_password",
            {"protocol": "vnc", "time": "+60"},
            "Could not set password expire time",
        ),
        ("expire_password", {"protocol": "spice", "time": "never"}, SPICE),
        (
            "expire_password",
            {"protocol": "spice", "time": "soon"},
            "Parameter 'time' doesn't take value 'soon'",
        ),
        (
            "expire_password",
            {"protocol": "vnc", "time": "99999999999999999999"},
            "Parameter 'time' doesn't take value '99999999999999999999'",
        ),
        ("change-vnc-password", {"password": "x"}, "Could not set password"),
        ("client_migrate_info", {"protocol": "spice", "hostname": "h"}, SPICE),
        (
            "client_migrate_info",
            {"protocol": "vnc", "hostname": "h"},
            "Parameter 'protocol' expects 'spice'",
        ),
        ("display-reload", {"type": "vnc", "tls-certs": True}, "Can not find vnc display"),
        ("display-update", {"type": "vnc", "addresses": []}, "Can not find vnc display"),
        ("screendump", {"filename": "/x"}, "There is no console to take a screendump from"),
        ("screendump", {"filename": "/x", "device": "d", "head": 1}, "Device 'd' not found"),
        (
            "screendump",
            {"filename": "/x", "head": 1},
            "'head' must be specified together with 'device'",
        ),
        ("input-send-event", {"events": [KEY]}, "Input handler not found for event type key"),
        ("input-send-event", {"events": [KEY], "device": "d"}, "Device 'd' not found"),
        (
            "add_client",
            {"protocol": "vnc", "fdname": "x"},
            "File descriptor named 'x' has not been found",
        ),
    ],
)
def test_what_is_not_there_is_refused(
    client: MemoryClient, command: str, arguments: dict[str, Any], error: str
) -> None:
    reply = client.request(command, arguments)
    assert reply["error"]["desc"] == error
    assert (reply["error"]["class"] == "DeviceNotActive") == (error == SPICE)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("display-reload", {"type": "vnc"}),
        ("display-reload", {"type": "vnc", "tls-certs": False}),
        ("input-send-event", {"events": []}),
        ("send-key", {"keys": [{"type": "qcode", "data": "ctrl"}], "hold-time": 1}),
    ],
)
def test_what_asks_for_nothing_succeeds(
    client: MemoryClient, command: str, arguments: dict[str, Any]
) -> None:
    assert client.request(command, arguments) == {"return": {}}


@pytest.mark.parametrize(
    ("protocol", "error"),
    [
        ("vnc", None),
        ("spice", SPICE),
        ("@dbus-display", "D-Bus display is not in use"),
        ("nope", "protocol 'nope' is invalid"),
    ],
)
def test_a_connection_for_a_server_that_is_not_there_is_closed(
    client: MemoryClient, protocol: str, error: str | None
) -> None:
    here, there = socket.socketpair()
    with here:
        client.session.named_descriptors["c"] = there.detach()
        reply = client.request("add_client", {"protocol": protocol, "fdname": "c"})
        assert reply.get("error", {}).get("desc") == error
        assert here.recv(1) == b""


def test_a_connection_is_a_socket(client: MemoryClient) -> None:
    client.session.named_descriptors["c"] = os.open("/dev/null", os.O_RDONLY)
    reply = client.request("add_client", {"protocol": "vnc", "fdname": "c"})
    assert reply["error"]["desc"] == "parameter @fdname must name a socket"
    assert client.session.named_descriptors == {}
