"""Types that only the served schema has; their objects in a daemon: test_new_object_type."""

from __future__ import annotations

from collections.abc import Callable

from qmp_iothreadd.machine.described_objects import described_types, object_branches
from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.testing import make_machine

REPLACE = {
    "'enum': 'ObjectType',\n  'data': [": "'enum': 'ObjectType',\n  'data': [ 'poll-budget',",
    "'iothread': 'IothreadProperties',": (
        "'iothread': 'IothreadProperties', 'poll-budget': 'PollBudgetProperties',"
    ),
}
TYPES = "{ 'struct': 'PollBudgetProperties', 'data': { 'limit': 'uint32' } }"


def test_the_shipped_schema_describes_all_of_its_types() -> None:
    shipped = load_schema()
    assert "iothread" in object_branches(shipped)
    assert list(described_types(shipped)) == []


def test_a_schema_without_object_add_has_no_branches(extended_schema: Callable[..., str]) -> None:
    schema = load_schema(extended_schema())
    schema.types = {}
    assert object_branches(schema) == {}


def test_a_type_of_the_served_schema_alone_has_a_class(extended_schema: Callable[..., str]) -> None:
    served = load_schema(extended_schema(TYPES, replace=REPLACE))
    ((made, struct),) = described_types(served)
    assert made.qom_name == "poll-budget"
    assert struct is served.types["PollBudgetProperties"]


def test_a_machine_holds_objects_of_such_a_type(extended_schema: Callable[..., str]) -> None:
    machine = make_machine(extended_schema(TYPES, replace=REPLACE))
    budget = machine.add_object("poll-budget", "b0", {"limit": 5})
    assert budget.get_property("limit") == 5
    machine.delete_object("b0")
    assert machine.find_object("b0") is None
