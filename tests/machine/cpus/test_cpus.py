"""The CPUs of a machine: made with it, plugged in later, each with its thread."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.cpus import cpus as cpus_module
from qmp_iothreadd.machine.cpus.cpus import Cpus
from qmp_iothreadd.machine.cpus.options import parse_cpu
from qmp_iothreadd.machine.devices import x86_cpu
from qmp_iothreadd.machine.guest import Guest
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing import MemoryClient, make_machine

FOUR = {"cpus": 2, "maxcpus": 4, "sockets": 2, "cores": 2}
MODEL = "qemu64-x86_64-cpu"


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    """One of a pc with two CPUs, and room for two more."""
    machine = make_machine(machine_type="pc", properties={"smp": FOUR})
    with MemoryClient(machine) as client:
        client.negotiate()
        yield client
    machine.close()


def cpus_of(machine: Machine, option: str) -> Cpus:
    """The CPUs of a machine that is as ``-cpu`` says."""
    cpus = machine.part(Cpus)
    cpus.close()
    machine.resolve("/machine/unattached/device[0]").unparent()
    cpus.option = parse_cpu(option)
    cpus.create()
    return cpus


def test_each_has_an_apic_id_of_its_place(client: MemoryClient) -> None:
    assert client.machine.part(Cpus).apic_ids() == [0, 1]


def error(client: MemoryClient, command: str, arguments: dict[str, Any]) -> Any:
    return client.request(command, arguments)["error"]["desc"]


def test_each_has_a_thread_of_its_own(client: MemoryClient) -> None:
    found = client.execute("query-cpus-fast")
    for index, each in enumerate(found):
        folder = Path(f"/proc/self/task/{each['thread-id']}")
        assert (folder / "comm").read_text() == f"CPU {index}/TCG\n"
        os.sched_setaffinity(each.pop("thread-id"), {min(os.sched_getaffinity(0))})
    paths = [each.pop("qom-path") for each in found]
    assert len({*paths}) == 2
    assert found == [
        {
            "cpu-index": index,
            "props": {"socket-id": 0, "core-id": index, "thread-id": 0},
            "target": "x86_64",
            "qom-type": MODEL,
        }
        for index in (0, 1)
    ]
    for path in paths:
        assert client.execute("qom-get", {"path": path, "property": "type"}) == MODEL


def test_places_are_listed_from_the_last_to_the_first(client: MemoryClient) -> None:
    found = client.execute("query-hotpluggable-cpus")
    places = [(each["props"]["socket-id"], each["props"]["core-id"]) for each in found]
    assert places == [(1, 1), (1, 0), (0, 1), (0, 0)]
    assert ["qom-path" in each for each in found] == [False, False, True, True]


def test_one_can_be_plugged_in_and_unplugged(client: MemoryClient) -> None:
    place = {"socket-id": 1, "core-id": 0, "thread-id": 0}
    client.execute("device_add", {"driver": MODEL, "id": "c2", **place})
    *_, last = client.execute("query-cpus-fast")
    assert (last["cpu-index"], last["qom-path"]) == (2, "/machine/peripheral/c2")
    thread = Path(f"/proc/self/task/{last['thread-id']}")
    assert thread.exists()
    apic_id = client.execute("qom-get", {"path": last["qom-path"], "property": "apic-id"})
    assert apic_id == 2
    text = error(client, "device_add", {"driver": MODEL, "id": "c3", **place})
    assert text == "CPU[2] with APIC ID 2 exists"
    client.execute("device_add", {"driver": MODEL, "id": "c3", "apic-id": 3})
    assert client.execute("query-cpus-fast")[-1]["props"] == place | {"core-id": 1}
    reply, event = client.send({"execute": "device_del", "arguments": {"id": "c2"}})
    assert (reply, event["event"]) == ({"return": {}}, "DEVICE_DELETED")
    assert event["data"] == {"device": "c2", "path": "/machine/peripheral/c2"}
    assert not thread.exists()
    assert [each["cpu-index"] for each in client.execute("query-cpus-fast")] == [0, 1, 3]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "CPU socket-id is not set"),
        ({"socket-id": 9}, "Invalid CPU socket-id: 9 must be in range 0:1"),
        (
            {"apic-id": 9},
            "Invalid CPU [socket: 4, die: 0, module: 0, core: 1, thread: 0] with APIC ID 9,"
            " valid index range 0:3",
        ),
        (
            {"apic-id": 3, "socket-id": 0},
            "property socket-id: 0 doesn't match set apic-id: 0x3 (socket-id: 1)",
        ),
        ({"apic-id": 3, "node-id": 1}, "invalid node-id, must be 0"),
        ({"apic-id": 3, "foo": 1}, f"Property '{MODEL}.foo' not found"),
        ({"apic-id": 3, "mmx": "x"}, "Invalid parameter type for 'mmx', expected: boolean"),
        ({"driver": "max-x86_64-cpu"}, f"Invalid CPU type, expected cpu type: '{MODEL}'"),
        ({"driver": "x86_64-cpu"}, "Parameter 'driver' expects a non-abstract device type"),
    ],
)
def test_what_has_no_place_is_refused(
    client: MemoryClient, values: dict[str, Any], text: str
) -> None:
    assert error(client, "device_add", {"driver": MODEL, "id": "c", **values}) == text
    assert len(client.execute("query-cpus-fast")) == 2
    client.execute("device_add", {"driver": MODEL, "id": "c", "apic-id": 3})


def test_some_stay(client: MemoryClient) -> None:
    first, second = [each["qom-path"] for each in client.execute("query-cpus-fast")]
    assert error(client, "device_del", {"id": first}) == "Boot CPU is unpluggable"
    client.machine.part(Guest).behaviour = "absent"
    text = f"acpi: device unplug request for not supported device type: {MODEL}"
    assert error(client, "device_del", {"id": second}) == text
    client.machine.board.values["acpi"] = "off"
    assert (
        error(client, "device_del", {"id": second}) == "CPU hot unplug not supported without ACPI"
    )


def test_a_microvm_has_those_that_it_has() -> None:
    smp = {"cpus": 1, "maxcpus": 2, "sockets": 2}
    machine = make_machine(machine_type="microvm", properties={"smp": smp})
    with MemoryClient(machine) as client:
        client.negotiate()
        text = "machine does not support hot-plugging CPUs"
        assert error(client, "query-hotpluggable-cpus", {}) == text
        text = f"virt: device plug request for unsupported device type: {MODEL}"
        assert error(client, "device_add", {"driver": MODEL, "apic-id": 1}) == text
        (only,) = client.execute("query-cpus-fast")
        text = "unplug not supported by microvm"
        assert error(client, "device_del", {"id": only["qom-path"]}) == text
    machine.close()


def test_where_no_thread_can_be_had_there_is_no_cpu(
    client: MemoryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(x86_cpu, "SleepingThread", refuse)
    text = "Failed to create a thread for the CPU: Resource temporarily unavailable"
    assert error(client, "device_add", {"driver": MODEL, "id": "c", "apic-id": 3}) == text
    assert client.execute("qom-list", {"path": "/machine/peripheral"}) == [
        {"name": "type", "type": "string"}
    ]


# -- Models and properties ------------------------------------------------------------------------


def test_an_option_is_said_of_all() -> None:
    machine = make_machine(machine_type="q35")
    cpus = cpus_of(machine, "max,level=0xd,vendor=AuthenticAMD,+sse4_1,-mmx,+hv_relaxed")
    assert cpus.type_name == "max-x86_64-cpu"
    cpu = machine.resolve(cpus.by_index[0].path)
    wanted = {"level": 13, "vendor": "AuthenticAMD", "sse4_1": True, "mmx": False}
    assert {name: cpu.get_property(name) for name in wanted} == wanted
    assert cpu.get_property("hv-relaxed")
    with pytest.raises(QmpError) as caught:
        cpu.set_property("mmx", True)
    assert caught.value.desc == (
        "Attempt to set property 'mmx' on anonymous device (type 'max-x86_64-cpu')"
        " after it was realized"
    )
    machine.close()


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("host", "CPU model 'host' requires KVM or HVF"),
        (
            "max,foo",
            "can't apply global max-x86_64-cpu.foo=on: Property 'max-x86_64-cpu.foo' not found",
        ),
        (
            "max,mmx=x",
            "can't apply global max-x86_64-cpu.mmx=x: Parameter 'mmx' expects 'on' or 'off'",
        ),
        ("max,+foo", "Property 'max-x86_64-cpu.foo' not found"),
        (
            "max,family=999",
            "can't apply global max-x86_64-cpu.family=999:"
            " Property .family doesn't take value 999 (minimum: 0, maximum: 270)",
        ),
        (
            "max,vendor=x",
            "can't apply global max-x86_64-cpu.vendor=x: Property '.vendor' doesn't take value 'x'",
        ),
        ("max,phys-bits=200", "phys-bits should be between 32 and 52  (but is 200)"),
        ("EPYC-Genoa,enforce", "TCG doesn't support requested features"),
    ],
)
def test_an_option_that_no_cpu_can_follow(option: str, text: str) -> None:
    machine = make_machine(machine_type="pc")
    with pytest.raises(QmpError) as caught:
        cpus_of(machine, option)
    assert caught.value.desc == text
    machine.close()


@pytest.mark.parametrize(("model", "lacks"), [("qemu64-v1", False), ("YongFeng-v1", True)])
def test_a_model_says_what_the_translator_lacks(model: str, lacks: bool) -> None:
    machine = make_machine(machine_type="q35")
    cpu = machine.resolve(cpus_of(machine, model).by_index[0].path)
    assert ("xstore" in cpu.get_property("unavailable-features")) == lacks
    fresh = cpu.type.instantiate()
    with pytest.raises(QmpError, match="unavailable-features' is not writable"):
        fresh.set_property("unavailable-features", [])
    listed = [each.name for each in machine.types["max-x86_64-cpu"].listed_properties()]
    assert {"unavailable-features", "migratable"} < {*listed}
    machine.close()


def test_an_empty_machine_has_no_place() -> None:
    with MemoryClient() as client:
        client.negotiate()
        assert client.machine.part(cpus_module.Cpus).type_name == ""
        text = f"Device '{MODEL}' can not be hotplugged on this machine"
        assert error(client, "device_add", {"driver": MODEL, "id": "c"}) == text
