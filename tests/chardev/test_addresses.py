"""Socket addresses as text, and as the schema has them."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.chardev.addresses import format_address, format_connected, local_address


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ({"type": "unix", "path": "/tmp/s"}, "unix:/tmp/s"),
        ({"type": "unix", "path": "s", "abstract": True}, "unix:s,abstract=on"),
        (
            {"type": "unix", "path": "s", "abstract": True, "tight": True},
            "unix:s,abstract=on,tight=on",
        ),
        ({"type": "fd", "str": "7"}, "fd:7"),
        ({"type": "inet", "host": "::1", "port": "1234"}, "tcp:::1:1234"),
        ({"type": "vsock", "cid": "3", "port": "9"}, "vsock:3:9"),
    ],
)
def test_an_address_as_text(address: dict[str, Any], text: str) -> None:
    assert format_address(address) == text


def test_a_protocol_stands_before_hosts() -> None:
    address = {"type": "inet", "host": "h", "port": "1"}
    assert format_address(address, "telnet") == "telnet:h:1"


def test_what_a_socket_is_bound_to(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path)
        assert local_address(made) == {"type": "unix", "path": path}
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("\0qmp-iothreadd-test")
        assert local_address(made)["path"] == "qmp-iothreadd-test"
        assert local_address(made)["abstract"] is True
        assert local_address(made)["tight"] is True
    with socket.create_server(("127.0.0.1", 0)) as made:
        port = str(made.getsockname()[1])
        expected = {"type": "inet", "host": "127.0.0.1", "port": port, "ipv4": True}
        assert local_address(made) == expected


def test_both_ends_of_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            server, (_, other) = listener.accept()
            with server:
                assert format_connected(server, server=True, protocol="telnet") == (
                    f"telnet:127.0.0.1:{port},server=on <-> 127.0.0.1:{other}"
                )
                text = f"tcp:127.0.0.1:{other} <-> 127.0.0.1:{port}"
                assert format_connected(client, server=False) == text
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert format_connected(ours, server=False) == "unix:"


class OfVirtualMachines:
    """In place of a socket between virtual machines, which not every host has."""

    family = socket.AF_VSOCK

    def getsockname(self) -> tuple[int, int]:
        return (3, 1234)

    def getpeername(self) -> tuple[int, int]:
        return (2, 9)


def test_sockets_between_virtual_machines() -> None:
    made: Any = OfVirtualMachines()
    assert local_address(made) == {"type": "vsock", "cid": "3", "port": "1234"}
    assert format_connected(made, server=True) == "unknown"
