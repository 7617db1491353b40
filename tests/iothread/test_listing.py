"""What is kept of a machine's iothreads: their order and their description."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qmp_iothreadd.iothread.event_loop import IOThread
from qmp_iothreadd.json.encoded_once import EncodedText
from qmp_iothreadd.machine.machine import Machine


@pytest.fixture
def machine(machine: Machine) -> Machine:
    """One in the middle of a turn."""
    machine.together.in_turn = True
    return machine


def described(machine: Machine) -> Any:
    info: Any = machine.schema.types["IOThreadInfo"]
    text = machine.iothread_list.text(info.members)
    assert isinstance(text, EncodedText)
    assert machine.iothread_list.text(info.members) is text
    assert json.loads(text.encoded) == text.make() == machine.iothread_list.infos(info.members)
    return text


def ids(machine: Machine) -> list[str]:
    return [each["id"] for each in described(machine).make()]


def test_there_is_none_at_first(machine: Machine) -> None:
    assert ids(machine) == []


def test_what_changes_one_of_them_changes_the_description(machine: Machine) -> None:
    made = machine.add_object("iothread", "io0", {})
    first = described(machine)
    made.set_property("poll-grow", 9)
    assert described(machine).make()[0]["poll-grow"] == 9
    assert first.make()[0]["poll-grow"] == 2
    machine.together.settle()
    assert described(machine).make()[0]["poll-grow"] == 9
    made.set_property("aio-max-batch", 5)
    assert described(machine).make()[0]["aio-max-batch"] == 5


def test_those_that_come_and_go_are_seen(machine: Machine) -> None:
    machine.add_object("iothread", "io0", {})
    assert ids(machine) == ["io0"]
    machine.add_object("iothread", "io1", {})
    assert sorted(ids(machine)) == ["io0", "io1"]
    machine.delete_object("io0")
    assert ids(machine) == ["io1"]
    machine.add_object("iothread", "io0", {"poll-max-ns": 3})
    assert {each["id"]: each["poll-max-ns"] for each in described(machine).make()}["io0"] == 3


def test_other_objects_change_the_order(machine: Machine) -> None:
    """They are in the same table, which grows; the description goes by its order."""
    for number in range(4):
        machine.add_object("iothread", f"io{number}", {})
    orders = {tuple(ids(machine))}
    for number in range(40):
        machine.add_object("secret", f"s{number}", {"data": "x"})
        objects = machine.tree.objects.children_in_order()
        assert ids(machine) == [each.name for each in objects if isinstance(each, IOThread)]
        orders.add(tuple(ids(machine)))
    assert len(orders) > 1


def test_the_list_is_the_callers(machine: Machine) -> None:
    machine.add_object("iothread", "io0", {})
    machine.iothreads().clear()
    assert len(machine.iothreads()) == 1
