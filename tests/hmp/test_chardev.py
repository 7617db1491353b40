"""The human monitor's commands for character devices."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from qmp_iothreadd.chardev.options import chardev_options
from qmp_iothreadd.testing import MemoryClient


@pytest.fixture
async def client() -> AsyncIterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate()
        yield client


def hmp(client: MemoryClient, line: str) -> list[str]:
    text = client.execute("human-monitor-command", {"command-line": line})
    assert text.count("\n") == text.count("\r\n")
    return str(text).splitlines()


def devices(client: MemoryClient) -> list[str]:
    return sorted(line.partition(":")[0] for line in hmp(client, "info chardev"))


async def test_devices_come_and_go(client: MemoryClient) -> None:
    before = devices(client)
    assert hmp(client, "chardev-add null,id=c") == []
    assert devices(client) == sorted([*before, "c"])
    assert hmp(client, "chardev-send-break c") == []
    assert hmp(client, "chardev-change c null") == []
    assert hmp(client, "chardev-remove c") == []
    assert devices(client) == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("chardev-add null", ["Error: chardev: no id specified"]),
        ("chardev-add id=c", ['Error: chardev: "c" missing backend']),
        ("chardev-add tty,id=c", ["Error: 'tty' is not a valid char driver name"]),
        (
            "chardev-add null,id=1",
            [
                "Parameter 'id' expects an identifier",
                "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.",
                "Error: Parsing chardev args failed",
            ],
        ),
        (
            "chardev-add null,id=c,foo=1",
            ["Invalid parameter 'foo'", "Error: Parsing chardev args failed"],
        ),
        ("chardev-add a b", ["chardev-add: extraneous characters at the end of line"]),
        (
            "chardev-add socket,id=c,fd=3",
            ["Error: File descriptor named '3' has not been found"],
        ),
        ("chardev-add null,help", ["Error: Parsing chardev args failed"]),
        ("chardev-change c null", ["Error: Chardev 'c' does not exist"]),
        ("chardev-change c null,id=c", ["Error: Unexpected 'id' parameter"]),
        ("chardev-change c ,", ["Error: '' is not a valid char driver name"]),
        ("chardev-change c help", ["Error: 'help' is not a valid char driver name"]),
        ("chardev-change c id=", ["Parameter 'id' expects an identifier"]),
        ("chardev-remove c", ["Error: Chardev 'c' not found"]),
        ("chardev-send-break c", ["Error: Chardev 'c' not found"]),
        ("ringbuf_read c 1", ["Error: Device 'c' not found"]),
        ("ringbuf_read compat_monitor0 1", ["Error: compat_monitor0 is not a ringbuf device"]),
        ("ringbuf_write c x", ["Error: Device 'c' not found"]),
    ],
)
async def test_failures_are_said(client: MemoryClient, line: str, said: list[str]) -> None:
    before = devices(client)
    assert hmp(client, line)[: len(said)] == said
    assert devices(client) == before


async def test_a_name_is_taken_while_its_device_is_there(client: MemoryClient) -> None:
    hmp(client, "chardev-add null,id=c")
    taken = "Error: attempt to add duplicate property 'c' to object (type 'container')"
    assert hmp(client, "chardev-add null,id=c") == [taken]
    hmp(client, "chardev-remove c")
    assert hmp(client, "chardev-add null,id=c") == []


def test_a_name_of_the_command_line_stays_taken(client: MemoryClient) -> None:
    client.machine.chardevs.options = given = chardev_options()
    given.create("c", "-chardev null,id=c")
    assert hmp(client, "chardev-add null,id=c") == [
        "Duplicate ID 'c' for chardev",
        "Error: Parsing chardev args failed",
    ]
    assert [options.id for options in given.given] == ["c"]


async def test_short_forms_are_warned_of(client: MemoryClient) -> None:
    assert hmp(client, "chardev-add null,id=c,nodelay") == [
        "warning: short-form boolean option 'nodelay' deprecated",
        "Please use nodelay=on instead",
    ]


def test_backends_are_listed(client: MemoryClient) -> None:
    first, *kinds = hmp(client, "chardev-add help")
    assert first == "Available chardev backend types: "
    assert "  null" in kinds


async def test_what_is_in_a_ring_buffer_is_legible(client: MemoryClient) -> None:
    hmp(client, "chardev-add ringbuf,id=r")
    assert hmp(client, r'ringbuf_write r "a\\b\nc"') == []
    hmp(client, "ringbuf_write r \x07\x7f")
    assert hmp(client, "ringbuf_read r 99") == [r"a\\b", r"c\u0007\u007F"]


async def test_what_was_made_goes_where_the_rest_cannot_be(client: MemoryClient) -> None:
    before = devices(client)
    hmp(client, "chardev-add null,id=c")
    taken = "Error: attempt to add duplicate property 'c' to object (type 'container')"
    assert hmp(client, "chardev-add null,id=c,mux=on") == [taken]
    assert devices(client) == sorted([*before, "c"])
