"""Where a migration goes to, or comes from, as text."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.migration.channels import channel_of, describe, parse_uri


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("exec:a b", {"transport": "exec", "args": ["/bin/sh", "-c", "a b"]}),
        ("tcp:h:1", {"transport": "socket", "type": "inet", "host": "h", "port": "1"}),
        ("tcp:[::1]:1", {"transport": "socket", "type": "inet", "host": "::1", "port": "1"}),
        ("rdma:h:1", {"transport": "rdma", "host": "h", "port": "1"}),
        ("unix:s", {"transport": "socket", "type": "unix", "path": "s"}),
        ("vsock:3:4", {"transport": "socket", "type": "vsock", "cid": "3", "port": "4"}),
        ("fd:x", {"transport": "socket", "type": "fd", "str": "x"}),
        ("file:f", {"transport": "file", "filename": "f", "offset": 0}),
        ("file:f,offset=0x10", {"transport": "file", "filename": "f", "offset": 16}),
        ("file:f,offset=2K", {"transport": "file", "filename": "f", "offset": 2048}),
    ],
)
def test_a_uri_stands_for_an_address(uri: str, address: dict[str, Any]) -> None:
    assert parse_uri(uri) == address


def test_a_channel_as_json() -> None:
    address = {"transport": "socket", "type": "unix", "path": "s"}
    text = '{"channel-type": "main", "addr": {"transport": "socket", "type": "unix", "path": "s"}}'
    assert channel_of(text) == address


@pytest.mark.parametrize("text", ["[]", "{}", '{"addr": 1}', '{"addr": {}}'])
def test_json_that_is_no_channel(text: str) -> None:
    with pytest.raises(QmpError, match="Parameter 'addr' is missing"):
        channel_of(text)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ({"type": "inet", "host": "h", "port": "1"}, "tcp:h:1"),
        ({"type": "unix", "path": "s"}, "unix:s"),
        ({"type": "fd", "str": "7"}, "fd:"),
    ],
)
def test_an_address_as_shown(address: dict[str, Any], text: str) -> None:
    assert describe(address) == text
