"""Monitors as objects, on devices that nobody is connected to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from qmp_iothreadd.chardev.chardev import Chardev
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.json import writer
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.machine.monitors import Monitor, MonitorHMP, MonitorQMP, Unserved
from qmp_iothreadd.testing import make_machine


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A machine with the devices ``c`` and ``d``, as if somebody had opened them."""
    machine = make_machine()
    for label in ("c", "d"):
        add_device(machine, label)
    yield machine
    machine.close()


def add_device(machine: Machine, label: str) -> None:
    made = machine.chardevs.make(label, {"type": "null", "data": {}})
    machine.tree.chardevs.add_child(label, made)


def add(machine: Machine, type_name: str = "monitor-qmp", **options: object) -> Monitor:
    made = machine.create_object({"qom-type": type_name, "id": "m", "chardev": "c", **options})
    assert isinstance(made, Monitor)
    return made


def device(machine: Machine, label: str = "c") -> Chardev:
    return machine.chardevs.find(label)


def properties(monitor: Monitor) -> dict[str, object]:
    return {each.name: monitor.get_property(each.name) for each in monitor.properties()}


def test_a_qmp_monitor_is_read_and_set(machine: Machine) -> None:
    monitor = add(machine, pretty=True)
    assert isinstance(monitor, MonitorQMP)
    own = {"type": "monitor-qmp", "chardev": "c", "pretty": True, "close-action": "none"}
    assert properties(monitor) == own
    assert [each.name for each in monitor.properties()] == list(own)
    assert monitor.encode is writer.pretty_message
    monitor.set_property("pretty", False)
    assert monitor.encode is writer.message


def test_a_human_monitor_is_read_and_kept(machine: Machine) -> None:
    monitor = add(machine, "monitor-hmp")
    assert properties(monitor) == {"type": "monitor-hmp", "chardev": "c", "readline": True}
    with pytest.raises(QmpError, match=r"^Deleting HMP monitors is not supported$"):
        machine.delete_object("m")
    assert device(machine).busy


def test_it_has_its_device_for_itself_until_it_is_deleted(machine: Machine) -> None:
    add(machine)
    assert device(machine).frontend_open
    with pytest.raises(QmpError, match=r"^chardev 'c' is already in use$"):
        add(machine, id="second")
    assert machine.find_object("second") is None
    machine.delete_object("m")
    assert not device(machine).busy
    add(machine)


def test_another_name_of_a_device_changes_nothing_but_what_is_read(machine: Machine) -> None:
    monitor = add(machine)
    monitor.set_property("chardev", "d")
    assert monitor.get_property("chardev") == "d"
    assert (device(machine).busy, device(machine, "d").busy) == (True, False)
    machine.delete_object("m")
    assert not device(machine).busy


def test_a_device_that_is_not_there_is_named(machine: Machine) -> None:
    with pytest.raises(QmpError, match=r'^chardev "nope" not found$'):
        add(machine, chardev="nope")
    assert machine.find_object("m") is None


def test_the_monitor_that_asks_is_not_deleted(machine: Machine) -> None:
    monitor = add(machine)
    with pytest.raises(QmpError, match=r"^Cannot delete the current QMP monitor$"):
        machine.delete_object("m", monitor)
    assert device(machine).busy


def test_it_goes_with_its_client_if_it_is_told_to(machine: Machine) -> None:
    monitor = add(machine)
    monitor.peer_left()
    assert machine.find_object("m") is monitor
    monitor.set_property("close-action", "delete")
    monitor.peer_left()
    assert machine.find_object("m") is None
    assert machine.chardevs.get("c") is None
    monitor.peer_left()  # it was on its way already


def test_a_deleted_monitor_does_not_take_its_device_along(machine: Machine) -> None:
    monitor = add(machine, **{"close-action": "delete"})
    machine.delete_object("m")
    monitor.peer_left()
    assert not device(machine).busy


def test_human_monitors_stay_when_their_client_leaves(machine: Machine) -> None:
    monitor = add(machine, "monitor-hmp")
    assert isinstance(monitor, MonitorHMP)
    monitor.peer_left()
    assert machine.find_object("m") is monitor


def test_types_are_listed_as_qemus(machine: Machine) -> None:
    found = machine.types["monitor-qmp"]
    assert found.parent is machine.types["monitor"]
    assert found.parent.abstract
    assert found.implements("user-creatable")


def test_there_are_monitors_where_the_served_schema_describes_none(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    schema = tmp_path_factory.mktemp("schema") / "schema.json"
    schema.write_text("{ 'command': 'guest-ping' }")
    machine = make_machine(str(schema))
    add_device(machine, "c")
    try:
        assert add(machine, pretty=True).get_property("pretty") is True
    finally:
        machine.close()


def test_making_one_loads_no_validator() -> None:
    """The greeting of ``-qmp`` waits for what this loads."""
    code = """
import sys
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.qapi.cache import load_schema_cached
from qmp_iothreadd.qapi.models import Models
models = Models(load_schema_cached())
machine = Machine(models.schema, models)
device = machine.chardevs.make("c", {"type": "null", "data": {}})
machine.tree.chardevs.add_child("c", device)
options = {"qom-type": "monitor-qmp", "id": "m", "chardev": "c", "pretty": False}
assert machine.create_object(options).get_property("chardev") == "c"
print({"pydantic", "pydantic_core"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_without_a_server_nobody_is_heard(machine: Machine) -> None:
    frontend = Unserved(add(machine))
    assert frontend.is_open
    assert frontend.connect().eof_received() is None
