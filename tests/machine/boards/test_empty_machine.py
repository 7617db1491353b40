"""The machine as an object: what it was started with, and what it can be set to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd import cli
from qmp_iothreadd.testing import DaemonProcess, MemoryClient, make_machine


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate()
        yield client


def get(client: Any, name: str, path: str = "/machine") -> Any:
    return client.execute("qom-get", {"path": path, "property": name})


def put(client: MemoryClient, name: str, value: Any) -> str | None:
    """What is said where the value is refused."""
    target = {"path": "/machine", "property": name, "value": value}
    reply = client.request("qom-set", target)
    return str(reply["error"]["desc"]) if "error" in reply else None


@pytest.mark.parametrize(
    ("name", "value", "then"),
    [
        ("usb", True, True),
        ("kernel", "foo", "foo"),
        ("phandle-start", 5, 5),
        ("mem-merge", False, False),
        ("memory", {"size": 5}, {"size": 8192}),
        ("boot", {"order": "c"}, {"order": "c"}),
        ("confidential-guest-support", "", ""),
    ],
)
def test_a_property_keeps_what_it_is_set_to(
    client: MemoryClient, name: str, value: Any, then: Any
) -> None:
    assert put(client, name, value) is None
    assert get(client, name) == then


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("usb", "x", "Invalid parameter type for 'usb', expected: boolean"),
        ("kernel", 1, "Invalid parameter type for 'kernel', expected: string"),
        ("boot", {"menu": 1}, "Invalid parameter type for 'boot.menu', expected: boolean"),
        ("boot", {"x": 1}, "Parameter 'boot.x' is unexpected"),
        ("smp", {"cpus": 2}, "Invalid SMP CPUs 2. The max CPUs supported by machine 'none' is 1"),
        ("memory-backend", "x", "Device 'x' not found"),
        ("memory-encryption", "x", "No such memory encryption object 'x'"),
        ("smp-cache", {}, "Property 'none-machine.smp-cache' is not writable"),
        ("type", "x", "Property 'none-machine.type' is not writable"),
    ],
)
def test_what_the_machine_cannot_have_is_refused(
    client: MemoryClient, name: str, value: Any, said: str
) -> None:
    before = get(client, name)
    assert put(client, name, value) == said
    assert get(client, name) == before


def test_links_lead_to_objects(client: MemoryClient) -> None:
    client.execute("object-add", {"qom-type": "memory-backend-ram", "id": "m", "size": 4096})
    client.execute("object-add", {"qom-type": "tdx-guest", "id": "t"})
    assert put(client, "memory-backend", "m") is put(client, "memory-encryption", "t") is None
    assert get(client, "memory-backend") == "/objects/m"
    assert get(client, "confidential-guest-support") == "/objects/t"
    said = "Invalid parameter type for 'memory-backend', expected: memory-backend"
    assert put(client, "memory-backend", "t") == said


def test_address_spaces_have_sizes(client: MemoryClient) -> None:
    assert get(client, "size", "/machine/unattached/system[0]") == 2**64 - 1
    assert get(client, "size", "/machine/unattached/io[0]") == 65536
    shown = client.execute("qom-list", {"path": "/machine/unattached/io[0]"})
    assert [each["name"] for each in shown] == ["type", "container", "addr", "size", "priority"]


def test_the_command_line_sets_properties() -> None:
    options = "-machine none,usb=on,dump_guest_core=off,phandle-start=7 -m 64M -boot c,menu=on"
    config, _ = cli.parse(["prog", "-qmp", "null", *options.split()])
    assert config.machine == {
        "usb": True,
        "dump-guest-core": False,
        "phandle-start": 7,
        "memory": {"size": 64 << 20},
        "boot": {"order": "c", "menu": True},
    }


def test_memory_takes_over_what_the_machine_says_of_it() -> None:
    machine = make_machine(properties={"dump-guest-core": False, "memory": {"size": 1}})
    machine.create_default_memory()
    [backend] = machine.memory_backends()
    assert backend.memdev() | {"id": "ram", "size": 8192, "dump": False} == backend.memdev()
    machine.close()


def test_a_machine_with_memory_has_an_object_of_it() -> None:
    with DaemonProcess("-m", "64M") as daemon, daemon.client() as client:
        assert get(client, "memory-backend") == "/objects/ram"
        assert [each["id"] for each in client.execute("query-memdev")] == ["ram"]


def test_the_memory_is_kept_in_a_file_and_taken_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ram"
    options = ("-m", "1M", "-mem-path", str(path), "-mem-prealloc")
    more = ("-object", "memory-backend-ram,id=a,size=8K,prealloc=off")
    with DaemonProcess(*options, *more) as daemon, daemon.client() as client:
        found = {each["id"]: each["prealloc"] for each in client.execute("query-memdev")}
        assert found == {"ram": True, "a": False}
        added = {"qom-type": "memory-backend-ram", "id": "b", "size": 8192}
        client.execute("object-add", added)
        assert client.execute("qom-get", {"path": "/objects/b", "property": "prealloc"}) is True
        assert get(client, "memory-backend") == "/objects/ram"
        file = {"path": "/objects/ram", "property": "mem-path"}
        assert client.execute("qom-get", file) == str(path)
    assert path.stat().st_size == 1 << 20


def test_migration_globals_say_whether_all_must_be_migratable() -> None:
    for options, said in [((), "off"), (("-only-migratable",), "on")]:
        with DaemonProcess(*options) as daemon, daemon.client() as client:
            text = client.execute("human-monitor-command", {"command-line": "info migrate -a"})
            assert f"  only-migratable: {said}\r\n" in text
