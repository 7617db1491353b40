"""What people type about disks, devices, networks and migration, and what QEMU says to it."""

from __future__ import annotations

import pytest

from qmp_iothreadd.hmp.sizes import size_text
from qmp_iothreadd.testing import MemoryClient


def hmp(client: MemoryClient, line: str) -> str:
    said = client.execute("human-monitor-command", {"command-line": line})
    assert isinstance(said, str)
    return said.replace("\r\n", "\n")


@pytest.fixture
def client() -> MemoryClient:
    made = MemoryClient()
    made.negotiate()
    return made


@pytest.fixture(autouse=True)
def _closed(client: MemoryClient) -> object:
    yield
    client.close()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("info block", ""),
        ("info snapshots", "Error: no block device can store vmstate for snapshot\n"),
        ("savevm x", "Error: no block device can store vmstate for snapshot\n"),
        ("delvm x", ""),
        ("loadvm", 'loadvm: string expected\nTry "help loadvm" for more information\n'),
        ("eject x", "Error: Device 'x' not found\n"),
        ("block_resize x 1", "Error: Cannot find device='x' nor node-name=''\n"),
        ("block_resize x", 'invalid size\nTry "help block_resize" for more information\n'),
        ("block_job_cancel x", "Error: Block job 'x' not found\n"),
        ("commit all", ""),
        ("commit x", "Error: Device 'x' not found\n"),
        ("device_add", "Error: Parameter 'driver' is missing\n"),
        ("device_add nope,id=x", "Error: 'nope' is not a valid device model name\n"),
        ("device_del x", "Error: Device 'x' not found\n"),
        (
            "set_link x maybe",
            "Expected 'on' or 'off'\nTry \"help set_link\" for more information\n",
        ),
        ("set_link x on", "Error: Device 'x' not found\n"),
        ("netdev_add user", "Error: Parameter 'id' is missing\n"),
        ("netdev_add nope,id=x", "Error: Parameter 'type' does not accept value 'nope'\n"),
        ("info migrate", ""),
        ("migrate", 'migrate: string expected\nTry "help migrate" for more information\n'),
        ("migrate_cancel", ""),
        ("migrate_continue nope", "Error: invalid parameter value: nope\n"),
        ("migrate_set_capability nope on", "Error: invalid parameter value: nope\n"),
        ("migrate_set_parameter nope 1", "Error: invalid parameter value: nope\n"),
        (
            "migrate_set_parameter block-bitmap-mapping x",
            "Error: The block-bitmap-mapping parameter can only be set through QMP\n",
        ),
        ("nbd_server_stop", "Error: NBD server not running\n"),
        ("info qtree", "bus: main-system-bus\n  type System\n"),
    ],
)
def test_an_empty_machine_says(client: MemoryClient, line: str, said: str) -> None:
    assert hmp(client, line) == said


def test_the_only_node_is_shown_in_detail(client: MemoryClient) -> None:
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n", "read-only": True})
    assert hmp(client, "info block -v n") == (
        "n: null-co:// (null-co, read-only)\n    Cache mode:       writeback\n"
        "\nImages:\nimage: null-co://\nfile format: null-co\n"
        "virtual size: 1 GiB (1073741824 bytes)\ndisk size: 0 B\n"
    )


def test_parameters_are_set_as_text(client: MemoryClient) -> None:
    for parameter, value in {
        "max-bandwidth": "2",
        "downtime-limit": "1k",
        "tls-creds": "c",
        "multifd-compression": "zlib",
        "cpu-throttle-tailslow": "on",
    }.items():
        assert hmp(client, f"migrate_set_parameter {parameter} {value}") == ""
    found = client.execute("query-migrate-parameters")
    assert (found["max-bandwidth"], found["downtime-limit"]) == (2 << 20, 1024)
    shown = hmp(client, "info migrate_parameters")
    for line in (
        "max-bandwidth: 2097152 bytes/second",
        "tls-creds: 'c'",
        "multifd-compression: zlib",
        "cpu-throttle-tailslow: on",
        "cpr-exec-command:",
    ):
        assert f"{line}\n" in shown


def test_capabilities_are_set_and_shown(client: MemoryClient) -> None:
    assert hmp(client, "migrate_set_capability events on") == ""
    assert "events: on\n" in hmp(client, "info migrate_capabilities")


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "0.977 KiB"), (1 << 20, "1 MiB"), (1536, "1.5 KiB")],
)
def test_sizes_have_three_digits(size: int, text: str) -> None:
    assert size_text(size) == text
