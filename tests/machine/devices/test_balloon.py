"""The balloon: how much memory a guest has, and who changes that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from qmp_iothreadd.machine.guest import Guest
from qmp_iothreadd.testing import MemoryClient, make_machine

MIB = 1 << 20
PATH = "/machine/peripheral/b0"


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    """One of a machine with 64 MiB and a balloon."""
    memory = {"size": 64 * MIB, "max-size": 64 * MIB, "slots": 0}
    machine = make_machine(machine_type="pc", properties={"memory": memory})
    with MemoryClient(machine) as client:
        client.negotiate()
        client.execute("device_add", {"driver": "virtio-balloon-pci", "id": "b0"})
        yield client
    machine.close()


def balloon(client: MemoryClient, value: int) -> list[Any]:
    """What comes after the reply to ``balloon``."""
    reply, *events = client.send({"execute": "balloon", "arguments": {"value": value}})
    assert reply == {"return": {}}
    return [(each["event"], each["data"]) for each in events]


def test_a_guest_gives_back_and_takes_what_it_is_asked_to(client: MemoryClient) -> None:
    assert client.execute("query-balloon") == {"actual": 64 * MIB}
    assert balloon(client, 32 * MIB) == [("BALLOON_CHANGE", {"actual": 32 * MIB})]
    assert client.execute("query-balloon") == {"actual": 32 * MIB}
    assert balloon(client, 32 * MIB) == []
    assert balloon(client, 33 * MIB + 1) == [("BALLOON_CHANGE", {"actual": 33 * MIB + 4096})]
    assert balloon(client, 2**40) == [("BALLOON_CHANGE", {"actual": 64 * MIB})]


@pytest.mark.parametrize("behaviour", ["absent", "stubborn"])
def test_others_keep_what_they_have(client: MemoryClient, behaviour: str) -> None:
    client.machine.part(Guest).behaviour = behaviour
    assert balloon(client, MIB) == []
    assert client.execute("query-balloon") == {"actual": 64 * MIB}


def test_one_that_is_paused_follows_the_latest_when_it_runs(client: MemoryClient) -> None:
    client.execute("stop")
    assert balloon(client, 32 * MIB) == []
    assert balloon(client, 16 * MIB) == []
    _, _, event = client.send({"execute": "cont"})
    assert event["data"] == {"actual": 16 * MIB}


def test_one_that_is_unplugged_meanwhile_is_forgotten(client: MemoryClient) -> None:
    client.execute("stop")
    client.execute("device_del", {"id": "b0"})
    client.execute("system_reset")
    assert client.request("query-balloon")["error"]["class"] == "DeviceNotActive"


@pytest.mark.parametrize("value", [0, -5])
def test_a_guest_needs_some_memory(client: MemoryClient, value: int) -> None:
    error = client.request("balloon", {"value": value})["error"]
    assert error["desc"] == "Parameter 'target' expects a size"


def test_there_is_one(client: MemoryClient) -> None:
    error = client.request("device_add", {"driver": "virtio-balloon-pci", "id": "b1"})["error"]
    assert error["desc"] == "Only one balloon device is supported"


def test_the_guest_says_nothing_of_its_memory(client: MemoryClient) -> None:
    found = client.execute("qom-get", {"path": PATH, "property": "guest-stats"})
    assert found["last-update"] == 0
    assert len(found["stats"]) == 16
    assert {*found["stats"].values()} == {2**64 - 1}
    where = {"path": PATH, "property": "guest-stats-polling-interval"}
    assert client.execute("qom-get", where) == 0
    client.execute("qom-set", {**where, "value": 5})
    assert client.execute("qom-get", where) == 5


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("guest-stats-polling-interval", -1, "timer value must be greater than zero"),
        ("guest-stats-polling-interval", 2**32, "timer value is too big"),
        ("guest-stats", 1, "Property 'virtio-balloon-device.guest-stats' is not writable"),
    ],
)
def test_what_cannot_be_set(client: MemoryClient, name: str, value: int, text: str) -> None:
    arguments = {"path": PATH, "property": name, "value": value}
    assert client.request("qom-set", arguments)["error"]["desc"] == text
