"""What depends on the machine's type."""

from __future__ import annotations

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing.memory import MemoryClient, make_machine

DIMM = {"slot-type": "DIMM", "source": 0, "status": 0}
NO_ACPI = "command is not supported, missing ACPI device"


@pytest.mark.parametrize(
    ("machine_type", "properties", "wakes", "slots", "sgx"),
    [
        ("none", {}, False, None, "only supported on PC machines"),
        ("microvm", {}, False, 0, "only supported on PC machines"),
        ("microvm", {"acpi": "off"}, False, None, "only supported on PC machines"),
        ("pc", {}, True, 0, "No EPC regions"),
        ("pc", {"acpi": "off"}, False, None, "No EPC regions"),
        ("q35", {"acpi": "off"}, True, 0, "No EPC regions"),
        ("pc", {"memory": {"size": 1 << 20, "slots": 2, "max-size": 1 << 30}}, True, 2, "No EPC"),
        ("isapc", {}, False, None, "No EPC regions"),
    ],
)
def test_a_machine_says_what_its_type_can(
    machine_type: str, properties: dict[str, object], wakes: bool, slots: int | None, sgx: str
) -> None:
    machine = make_machine(machine_type=machine_type, properties=properties)
    with MemoryClient(machine) as client:
        client.negotiate()
        current = client.execute("query-current-machine")
        assert current == {"wakeup-suspend-support": wakes}
        if slots is None:
            with pytest.raises(QmpError, match=NO_ACPI):
                client.execute("query-acpi-ospm-status")
        else:
            listed = client.execute("query-acpi-ospm-status")
            assert listed == [{"slot": str(number), **DIMM} for number in range(slots)]
        with pytest.raises(QmpError, match=sgx):
            client.execute("query-sgx")
    machine.close()


@pytest.mark.parametrize(
    ("machine_type", "properties", "size"),
    [
        ("none", {}, 0),
        ("none", {"memory": {"size": 64 << 20}}, 64 << 20),
        ("pc", {}, 128 << 20),
        ("microvm", {"memory": {"size": 1 << 20}}, 1 << 20),
    ],
)
def test_memory_is_what_was_asked_for_or_what_the_type_has(
    machine_type: str, properties: dict[str, object], size: int
) -> None:
    machine = make_machine(machine_type=machine_type, properties=properties)
    with MemoryClient(machine) as client:
        client.negotiate()
        summary = client.execute("query-memory-size-summary")
        assert summary == {"base-memory": size, "plugged-memory": 0}
    machine.close()


def test_memory_that_is_given_decides_unless_another_size_was_said() -> None:
    machine = make_machine()
    made = machine.create_object({"qom-type": "memory-backend-ram", "id": "m", "size": 1 << 20})
    machine.board.configure({"memory-backend": made.path})
    machine.create_default_memory()
    assert machine.board.memory == {"size": 1 << 20}
    machine.board.configure({"memory": {"size": 2 << 20}})
    with pytest.raises(QmpError, match="Machine memory size does not match"):
        machine.create_default_memory()
    machine.close()
