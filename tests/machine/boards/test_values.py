"""What the properties of a machine may be set to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.boards.machine_types import machine_type
from qmp_iothreadd.machine.boards.values import check_boot, check_value, round_memory


def test_sizes_are_rounded_and_the_rest_is_kept() -> None:
    assert round_memory({}) == {"size": 0}
    given = {"size": 1, "max-size": 1 << 20, "slots": 2}
    assert round_memory(given) == {"size": 8192, "max-size": 1 << 20, "slots": 2}
    assert check_boot({"order": "cn", "menu": True}) == {"order": "cn", "menu": True}
    assert set(check_value(machine_type("none"), "smp", {"cpus": 1}).values()) == {1}
    assert check_value(machine_type("pc"), "smp", {"cpus": 4, "dies": 2})["cores"] == 2


@pytest.mark.parametrize(
    ("check", "values", "said"),
    [
        (round_memory, {"slots": 1}, "slots"),
        (round_memory, {"size": 16384, "max-size": 8192}, "max"),
        (round_memory, {"size": 8192, "max-size": 8192, "slots": 1}, "slots"),
        (check_boot, {"order": "z"}, "z"),
        (check_boot, {"once": "aa"}, "a"),
    ],
)
def test_what_makes_no_sense_is_refused(
    check: Callable[[dict[str, Any]], object], values: dict[str, Any], said: str
) -> None:
    with pytest.raises(QmpError, match=said):
        check(values)


@pytest.mark.parametrize(
    ("machine", "name", "value", "said"),
    [
        ("none", "smp", {"cpus": 0}, "must be greater than zero"),
        ("none", "smp", {"maxcpus": 4}, "Invalid SMP CPUs 4.*'none' is 1"),
        ("pc", "smp", {"cpus": 256}, "Invalid SMP CPUs 256.*'pc-i440fx-.*' is 255"),
        ("microvm", "smp", {"cpus": 2, "dies": 2}, "dies > 1 not supported"),
        ("pc", "max-ram-below-4g", 5 << 30, "'max-ram-below-4g=5368709120' expects size"),
        ("pc", "max-fw-size", 100 << 20, "firmware size 104857600 is greater than 16MiB"),
        ("q35", "smbios-entry-point-type", "x", "'smbios-entry-point-type' does not accept"),
        ("pc", "nvdimm-persistence", "x", "-machine nvdimm-persistence=x: unsupported option"),
        ("microvm", "x-oem-id", "1234567", "x-oem-id value is bigger than 6 bytes"),
        ("microvm", "x-oem-table-id", "123456789", "x-oem-table-id value is bigger than 8 bytes"),
    ],
)
def test_a_machine_refuses_what_its_type_cannot_have(
    machine: str, name: str, value: Any, said: str
) -> None:
    with pytest.raises(QmpError, match=said):
        check_value(machine_type(machine), name, value)


def test_what_a_machine_can_have_is_kept() -> None:
    pc = machine_type("pc")
    for name, value in [("max-ram-below-4g", 1 << 30), ("max-fw-size", 1), ("x-oem-id", "A")]:
        assert check_value(pc, name, value) == value
