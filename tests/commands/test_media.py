"""Commands on media: what goes into a tray, what stays in a disk; and what is counted of a disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.testing import MemoryClient, make_machine


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    """A PC with an empty drive ``cd0`` and a disk ``hd0``, on the node ``n0``."""
    machine = make_machine(machine_type="pc")
    with MemoryClient(machine) as client:
        client.negotiate()
        client.execute("blockdev-add", {"driver": "null-co", "node-name": "n0"})
        for options in (
            {"driver": "ide-cd", "id": "cd0", "bus": "ide.0", "unit": 0},
            {"driver": "ide-hd", "id": "hd0", "bus": "ide.1", "unit": 0, "drive": "n0"},
        ):
            machine.part(Devices).plug(options, hotplugged=False)
        yield client
    machine.close()


def drive(client: MemoryClient) -> dict[str, Any]:
    """What query-block says of the drive."""
    found = client.execute("query-block")
    return next(each for each in found if each["qdev"] == "cd0")


def test_a_medium_goes_through_an_open_tray(client: MemoryClient) -> None:
    add = {"driver": "null-co", "node-name": "m0", "read-only": True}
    client.execute("blockdev-add", add)
    inserted = {"id": "cd0", "node-name": "m0"}
    refused = client.request("blockdev-insert-medium", inserted)
    assert "Tray of the device is not open" in refused["error"]["desc"]
    client.execute("blockdev-open-tray", {"id": "cd0"})
    client.execute("blockdev-insert-medium", inserted)
    client.execute("blockdev-close-tray", {"id": "cd0"})
    assert (drive(client)["inserted"]["node-name"], drive(client)["tray_open"]) == ("m0", False)
    refused = client.request("blockdev-remove-medium", {"id": "cd0"})
    assert "Tray of device 'cd0' is not open" in refused["error"]["desc"]
    client.execute("blockdev-open-tray", {"id": "cd0"})
    client.execute("blockdev-remove-medium", {"id": "cd0"})
    assert "inserted" not in drive(client)
    client.execute("blockdev-del", {"node-name": "m0"})


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("blockdev-insert-medium", {"id": "cd0", "node-name": "zz"}, "Node 'zz' not found"),
        (
            "blockdev-insert-medium",
            {"id": "cd0", "node-name": "n0"},
            "Node 'n0' is already in use",
        ),
        ("blockdev-insert-medium", {"id": "hd0", "node-name": "m1"}, "Device is not removable"),
        ("blockdev-insert-medium", {"id": "cd0", "node-name": "m1"}, "There already is a medium"),
        ("eject", {"id": "hd0"}, "Device 'hd0' is not removable"),
        ("blockdev-open-tray", {"id": "zz"}, "Device 'zz' not found"),
    ],
)
def test_what_cannot_be_put_in_or_taken_out(
    client: MemoryClient, command: str, arguments: dict[str, Any], message: str
) -> None:
    for name in ("m0", "m1"):
        add = {"driver": "null-co", "node-name": name, "read-only": True}
        client.execute("blockdev-add", add)
    client.execute("blockdev-open-tray", {"id": "cd0"})
    client.execute("blockdev-insert-medium", {"id": "cd0", "node-name": "m0"})
    reply = client.request(command, arguments)
    assert "error" in reply
    assert drive(client)["inserted"]["node-name"] == "m0"
    assert message in reply["error"]["desc"]


def test_another_image_takes_the_place_of_the_first(client: MemoryClient, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(bytes(2048))
    arguments = {"id": "cd0", "format": "raw", "read-only-mode": "read-only"}
    for name in ("a", "b"):
        change = {**arguments, "filename": str(tmp_path / name)}
        client.execute("blockdev-change-medium", change)
        assert drive(client)["inserted"]["image"]["filename"] == str(tmp_path / name)
        assert drive(client)["tray_open"] is False
    refused = client.request("blockdev-change-medium", {**arguments, "filename": "/nonexistent"})
    assert "No such file" in refused["error"]["desc"]
    assert drive(client)["inserted"]["image"]["filename"] == str(tmp_path / "b")
    client.execute("eject", {"id": "cd0"})
    assert "inserted" not in drive(client)


def test_a_disk_is_limited_and_its_requests_are_sorted(client: MemoryClient) -> None:
    none = dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops_rd", "iops_wr"), 0)
    client.execute("block_set_io_throttle", {"id": "hd0", "iops": 7, **none})
    disk = next(each for each in client.execute("query-block") if each["qdev"] == "hd0")
    assert disk["inserted"]["iops"] == 7
    client.execute("block-latency-histogram-set", {"id": "hd0", "boundaries": [10, 20]})
    stats = client.execute("query-blockstats")
    found = next(each["stats"] for each in stats if each.get("qdev") == "hd0")
    assert found["rd_latency_histogram"] == {"boundaries": [10, 20], "bins": [0, 0, 0]}
