"""The lists of machine types and CPU models, as help shows them."""

from __future__ import annotations

from qmp_iothreadd.machine.boards.machine_types import find_machine, list_machines
from qmp_iothreadd.machine.cpus.models import cpu_definitions, cpu_models, is_cpu_model
from qmp_iothreadd.machine.recorded_lists import recorded_list


def test_a_type_is_found_by_its_name_and_its_alias() -> None:
    found = find_machine("pc")
    assert found is not None
    assert found["name"].startswith("pc-i440fx-")
    assert find_machine(found["name"]) is found
    assert find_machine("virt") is None


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
