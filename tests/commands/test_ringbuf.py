"""Ring buffers, written and read by commands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import MemoryClient


@pytest.fixture
async def client() -> AsyncIterator[MemoryClient]:
    """With the buffer ``r`` of eight bytes."""
    with MemoryClient() as client:
        client.negotiate()
        backend = {"type": "ringbuf", "data": {"size": 8}}
        client.execute("chardev-add", {"id": "r", "backend": backend})
        yield client


def write(client: MemoryClient, data: str, **more: Any) -> None:
    client.execute("ringbuf-write", {"device": "r", "data": data, **more})


def read(client: MemoryClient, size: int = 100, **more: Any) -> Any:
    return client.execute("ringbuf-read", {"device": "r", "size": size, **more})


async def test_what_was_written_is_read_once(client: MemoryClient) -> None:
    write(client, "abc")
    write(client, "def", format="utf8")
    assert read(client, 4) == "abcd"
    assert read(client) == "ef"
    assert read(client) == ""


async def test_the_oldest_bytes_go_first(client: MemoryClient) -> None:
    write(client, "0123456789")
    assert read(client, format="base64") == "MjM0NTY3ODk="


async def test_characters_may_be_torn(client: MemoryClient) -> None:
    write(client, "héllo")
    assert read(client, 2) == "h\ufffd"
    assert read(client) == "\ufffdllo"


async def test_a_nul_is_two_bytes_that_a_text_holds_and_one_that_ends_it(
    client: MemoryClient,
) -> None:
    write(client, "a\0b")
    assert read(client, format="base64") == "YcCAYg=="
    write(client, "YQBi", format="base64")
    assert read(client) == "a"


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("ringbuf-read", {"device": "no", "size": 0}, "Device 'no' not found"),
        (
            "ringbuf-read",
            {"device": "compat_monitor0", "size": 0},
            "compat_monitor0 is not a ringbuf device",
        ),
        ("ringbuf-read", {"device": "r", "size": 0}, "size must be greater than zero"),
        ("ringbuf-write", {"device": "no", "data": ""}, "Device 'no' not found"),
        (
            "ringbuf-write",
            {"device": "r", "data": "?", "format": "base64"},
            "Base64 data contains invalid characters",
        ),
    ],
)
async def test_refusals(
    client: MemoryClient, command: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(QmpError) as caught:
        client.execute(command, arguments)
    assert (caught.value.error_class, caught.value.desc) == ("GenericError", message)


async def test_the_human_monitor_writes_control_characters_out(client: MemoryClient) -> None:
    def hmp(line: str) -> Any:
        return client.execute("human-monitor-command", {"command-line": line})

    assert hmp(r'ringbuf_write r "a\\\n"') == ""
    write(client, "\t\x01\x7fé")
    assert hmp("ringbuf_read r 100") == "a\\\\\r\n\t\\u0001\\u007Fé\r\n"
    assert hmp("ringbuf_read r 0") == "Error: size must be greater than zero\r\n"
