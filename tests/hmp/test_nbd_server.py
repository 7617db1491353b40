"""Exports of block nodes: what QEMU says while nobody serves them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from qmp_iothreadd.testing import MemoryClient

Say = Callable[[str], str]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nbd_server_start nope", "error parsing address 'nope'"),
        ("nbd_server_start -w nope", "-w only valid together with -a"),
        ("nbd_server_start -a -w nope", "error parsing address 'nope'"),
        # A build of QEMU without this server has no such command at all.
        ("nbd_server_start localhost:0", "NBD server support is not compiled in"),
        ("nbd_server_add nope", "Cannot find device='nope' nor node-name='nope'"),
        ("nbd_server_add n", "NBD server not running"),
        ("nbd_server_remove x", "Export 'x' is not found"),
        ("nbd_server_stop", "NBD server not running"),
    ],
)
def test_nothing_is_served(client: MemoryClient, say: Say, line: str, said: str) -> None:
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n"})
    assert say(line) == f"Error: {said}\n"
    assert client.execute("query-block-exports") == []
