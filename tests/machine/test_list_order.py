"""Lists come in QEMU's order, whatever was added and deleted before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import MemoryClient
from tests.recordings import recording_path

RUNS: list[dict[str, Any]] = json.loads(recording_path("vectors/object-order.json").read_text())


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate()
        yield client


def names(found: list[dict[str, Any]], key: str = "name") -> list[str]:
    return [each[key] for each in found]


@pytest.mark.parametrize("run", RUNS, ids=range(len(RUNS)))
def test_lists_after_additions_and_deletions_are_in_the_recorded_order(
    run: dict[str, Any],
) -> None:
    with MemoryClient() as client:
        client.negotiate()
        for action, id in run["ops"]:
            if action == "add":
                client.execute("object-add", {"qom-type": "iothread", "id": id})
            else:
                client.execute("object-del", {"id": id})
        command = {"command-line": "info iothreads"}
        text = client.execute("human-monitor-command", command).splitlines()
        shown = client.execute("query-iothreads")
        assert names(shown, "id") == run["query-iothreads"]
        assert [line[:-1] for line in text if line.endswith(":")] == run["info"]
        assert names(client.execute("qom-list", {"path": "/objects"})) == run["objects"]
        assert names(client.execute("qom-list", {"path": "/"})) == run["root"]
        if shown:
            path = f"/objects/{shown[0]['id']}"
            assert names(client.execute("qom-list", {"path": path})) == run["iothread"]


def test_an_addition_that_fails_at_its_end_lets_the_table_shrink(client: MemoryClient) -> None:
    """Seen in QEMU 7.2: object-del leaves the table at its size, a failed addition does not."""
    for index in range(40):
        client.execute("object-add", {"qom-type": "iothread", "id": f"io{index}"})
    for index in range(3, 40):
        client.execute("object-del", {"id": f"io{index}"})
    assert names(client.execute("query-iothreads"), "id") == ["io0", "io1", "io2"]
    pool = {"thread-pool-min": 9, "thread-pool-max": 3}
    with pytest.raises(QmpError, match="bad thread-pool"):
        client.execute("object-add", {"qom-type": "iothread", "id": "io3", **pool})
    assert names(client.execute("query-iothreads"), "id") == ["io1", "io0", "io2"]


NONE_MACHINE = [
    *("type", "kernel", "x-change-vmfd-on-reset", "boot", "memory", "initrd"),
    *("confidential-guest-support", "aux-ram-share", "graphics", "usb", "firmware"),
    *("memory-encryption", "dump-guest-core", "smp", "shim", "smp-cache", "dumpdtb"),
    *("phandle-start", "suppress-vmdesc", "memory-backend", "mem-merge", "dtb", "append"),
    *("dt-compatible", "spcr"),
]


def test_the_empty_machine_is_listed_as_recorded(client: MemoryClient) -> None:
    described = client.execute("qom-list-properties", {"typename": "none-machine"})
    assert names(described) == NONE_MACHINE
    assert described[0] == {"name": "type", "type": "string"}
    assert described[3] == {
        "name": "boot",
        "type": "BootConfiguration",
        "description": "Boot configuration",
    }
    listed = client.execute("qom-list", {"path": "/machine"})
    children = ["peripheral-anon", "peripheral", "unattached"]
    assert names(listed) == [*NONE_MACHINE, *children]
    assert listed[-1] == {"name": "unattached", "type": "child<container>"}
    (shown,) = client.execute("qom-list-get", {"paths": ["/machine"]})
    values = {each["name"]: each["value"] for each in shown["properties"]}
    assert values["memory"] == {"size": 0}
    assert values["peripheral"] == "/machine/peripheral"


@pytest.mark.parametrize("typename", ["event-loop-base", "iothread", "monitor-qmp"])
def test_a_type_lists_the_inherited_properties_first(client: MemoryClient, typename: str) -> None:
    inherited = {
        "event-loop-base": ["thread-pool-min", "aio-max-batch", "thread-pool-max"],
        "iothread": ["thread-pool-min", "aio-max-batch", "thread-pool-max"],
        "monitor-qmp": ["chardev"],
    }[typename]
    own = {
        "event-loop-base": [],
        "iothread": ["poll-max-ns", "poll-weight", "poll-grow", "poll-shrink"],
        "monitor-qmp": ["pretty", "close-action"],
    }[typename]
    listed = client.execute("qom-list-properties", {"typename": typename})
    assert names(listed) == ["type", *inherited, *own]


def test_character_devices_are_listed_as_children_are(client: MemoryClient) -> None:
    address = {"type": "unix", "data": {"path": "/run/s"}}
    backend = {"type": "socket", "data": {"addr": address}}
    for name in ("zz", "aa", "mm"):
        chardev = client.machine.chardevs.make(name, backend)
        client.machine.tree.chardevs.add_child(name, chardev)
    expected = ["zz", "mm", "compat_monitor0", "aa"]
    assert names(client.execute("query-chardev"), "label") == expected
    assert names(client.execute("qom-list", {"path": "/chardevs"})) == ["type", *expected]
    by_age = ["compat_monitor0", "zz", "aa", "mm"]
    assert names(client.execute("query-yank"), "id") == by_age
