"""The table of machine types, and the list of CPU models, as help shows them."""

from __future__ import annotations

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.boards.machine_types import find_machine, list_machines, machine_type
from qmp_iothreadd.machine.cpus.models import cpu_definitions, cpu_models, is_cpu_model
from qmp_iothreadd.machine.recorded_lists import recorded_list
from qmp_iothreadd.testing.memory import MemoryClient, make_machine


def test_a_type_is_found_by_its_name_and_its_alias() -> None:
    found = find_machine("pc")
    assert found is not None
    assert found.name.startswith("pc-i440fx-")
    assert find_machine(found.name) is found
    assert find_machine("virt") is None


def test_the_empty_machine_is_as_it_was_recorded_without_reading_the_list() -> None:
    [recorded] = [each for each in recorded_list("machines") if each["name"] == "none"]
    assert machine_type("none").info == recorded


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nope", 'unsupported machine type: "nope"'),
        ("nitro", 'machine type "nitro" is not built in'),
        ("x-remote", "not built in"),
    ],
)
def test_a_machine_that_cannot_be_had_is_refused(name: str, said: str) -> None:
    with pytest.raises(QmpError, match=said):
        make_machine(machine_type=name)


@pytest.mark.parametrize(
    "name", [each["name"] for each in recorded_list("machines") if "default-cpu-type" in each]
)
def test_every_type_with_cpus_is_built(name: str) -> None:
    machine = make_machine(machine_type=name)
    board = machine.board
    assert board.type.name == f"{name}-machine"
    assert board.machine_type is machine_type(name)
    assert not board.is_empty
    assert board.get_property("memory-backend") == f"/objects/{board.machine_type.default_ram_id}"
    assert board.get_property("memory") == {"size": 128 << 20}
    machine.close()


COMMON = (
    "type kernel x-change-vmfd-on-reset boot memory initrd confidential-guest-support "
    "aux-ram-share graphics usb firmware memory-encryption dump-guest-core smp shim smp-cache "
    "dumpdtb phandle-start suppress-vmdesc memory-backend mem-merge dtb append dt-compatible"
)
X86 = "smm acpi pit pic x-oem-table-id bus-lock-ratelimit sgx-epc x-oem-id"
PC = (
    "max-fw-size default-bus-bypass-iommu sata vmport i8042 hpet smbios-entry-point-type "
    "max-ram-below-4g fd-bootchk smbus"
)


@pytest.mark.parametrize(
    ("type_name", "names"),
    [
        ("none-machine", f"{COMMON} spcr"),
        ("x86-machine", f"{COMMON} {X86}"),
        ("generic-pc-machine", f"{COMMON} {X86} {PC}"),
    ],
)
def test_types_list_their_properties_in_the_recorded_order(type_name: str, names: str) -> None:
    with MemoryClient() as client:
        client.negotiate()
        listed = client.execute("qom-list-properties", {"typename": type_name})
        assert [each["name"] for each in listed] == names.split()


def test_types_of_machines_are_listed_with_their_parents() -> None:
    with MemoryClient() as client:
        client.negotiate()
        listed = client.execute("qom-list-types", {"implements": "machine", "abstract": True})
        found = {each["name"]: each for each in listed}
        recorded = {f"{each['name']}-machine" for each in recorded_list("machines")}
        assert recorded - found.keys() == {"nitro-machine", "x-remote-machine"}
        assert found["pc-q35-11.1-machine"]["parent"] == "generic-pc-machine"
        assert found["generic-pc-machine"] == {
            "name": "generic-pc-machine",
            "parent": "x86-machine",
            "abstract": True,
        }
        assert found["microvm-machine"]["parent"] == "x86-machine"


def test_values_are_those_of_the_type_until_they_are_set() -> None:
    with MemoryClient(make_machine(machine_type="q35", properties={"hpet": False})) as client:
        client.negotiate()

        def get(name: str) -> object:
            return client.execute("qom-get", {"path": "/machine", "property": name})

        assert (get("hpet"), get("sata"), get("acpi"), get("cxl")) == (False, True, "auto", False)
        assert (get("boot"), get("max-ram-below-4g")) == ({"order": "cad"}, 4 << 30)
        assert get("smp") == dict.fromkeys(get("smp"), 1)  # type: ignore[call-overload]
        client.execute("qom-set", {"path": "/machine", "property": "acpi", "value": "off"})
        assert get("acpi") == "off"
        refused = {"path": "/machine", "property": "pit", "value": "x"}
        with pytest.raises(QmpError, match="Parameter 'pit' does not accept value 'x'"):
            client.execute("qom-set", refused)
        client.machine.close()


def test_help_lists_each_type_once_and_families_by_their_newest() -> None:
    title, *lines = list_machines().splitlines()
    assert title == "Supported machines are:"
    names = [line.split()[0] for line in lines]
    recorded = recorded_list("machines")
    aliases = {each["alias"] for each in recorded if "alias" in each}
    assert sorted(names) == sorted({each["name"] for each in recorded} | aliases)
    assert "none                 empty machine" in lines
    family = [name for name in names if name.startswith("pc-q35-")]
    assert family == sorted(family, reverse=True)
    assert len(family) > 1


def test_help_lists_models_by_name_and_those_of_the_host_last() -> None:
    listed = dict(cpu_models())
    names = list(listed)
    assert sorted(names) == sorted(each["name"] for each in cpu_definitions())
    assert names[-3:] == ["base", "host", "max"]
    assert names[:-3] == sorted(names[:-3])
    assert listed["qemu64"] == "(alias configured by machine type)"
    assert listed["qemu64-v1"] == ""
    assert is_cpu_model("qemu64")
    assert not is_cpu_model("zz")
