"""The machine: events, objects."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.qapi.compat_policy import CompatPolicy
from qmp_iothreadd.testing import make_machine


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in events]


def test_the_name_of_the_machines_own_memory_is_reserved(machine: Machine) -> None:
    machine.board.values["memory"] = {"size": 4096}
    machine.add_object("memory-backend-ram", "ram", {"size": 4096})
    with pytest.raises(QmpError, match="object name 'ram' is reserved for the default RAM"):
        machine.create_default_memory()
    machine.delete_object("ram")
    machine.create_default_memory()
    assert [each.path for each in machine.memory_backends()] == ["/objects/ram"]


def test_events_have_the_time_in_microseconds(
    machine: Machine, heard: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_123_456_789)
    machine.emit("POWERDOWN")
    assert heard == [
        {"event": "POWERDOWN", "timestamp": {"seconds": 1_700_000_000, "microseconds": 123_456}}
    ]


def test_an_event_that_the_served_schema_lacks_is_not_sent(
    machine: Machine, heard: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = {name: each for name, each in machine.schema.events.items() if name != "POWERDOWN"}
    monkeypatch.setattr(machine.schema, "events", lacking)  # the schema is shared
    machine.emit("POWERDOWN")
    machine.stop()
    assert names(heard) == ["STOP"]


@pytest.mark.parametrize("output", ["hide", "accept"])
def test_an_unstable_event_is_not_sent_where_that_is_asked_for(
    machine: Machine, heard: list[dict[str, Any]], output: str
) -> None:
    machine.policy = CompatPolicy({"unstable-output": output})
    machine.emit("SCLP_CPI_INFO_AVAILABLE")
    machine.stop()
    assert names(heard) == (["STOP"] if output == "hide" else ["SCLP_CPI_INFO_AVAILABLE", "STOP"])


def test_a_listener_may_leave_while_it_listens(machine: Machine) -> None:
    heard: list[str] = []

    def once(event: dict[str, Any]) -> None:
        heard.append(event["event"])
        machine.listeners.remove(once)

    machine.listeners += [once, lambda event: heard.append("other")]
    machine.stop()
    assert heard == ["STOP", "other"]


# -- Objects --------------------------------------------------------------------------------------


def test_an_object_is_in_the_tree_and_then_not(machine: Machine) -> None:
    made = machine.add_object("iothread", "io0", {"poll-weight": 5})
    assert machine.resolve("/objects/io0") is made
    assert machine.resolve_unambiguous("io0") is made
    assert machine.iothreads() == [made]
    machine.delete_object("io0")
    assert machine.iothreads() == []
    with pytest.raises(QmpError, match="Device 'io0' not found"):
        machine.resolve("io0")


@pytest.mark.parametrize(
    ("type_name", "name", "properties", "expected"),
    [
        ("nope", "a", {}, "invalid object type: nope"),
        ("object", "a", {}, "invalid object type: object"),
        ("event-loop-base", "a", {}, "invalid object type: event-loop-base"),
        ("iothread", "a", {"poll-weight": 64}, "poll-weight value must be in range [0, 63]"),
        ("iothread", "taken", {}, "attempt to add duplicate property 'taken' to object"),
        ("iothread", "a", {"thread-pool-max": 0}, "bad thread-pool-min/thread-pool-max values"),
        ("iothread", "a", {"nope": 0}, "Property 'iothread.nope' not found"),
    ],
)
def test_a_refused_object_leaves_nothing_behind(
    machine: Machine, type_name: str, name: str, properties: dict[str, Any], expected: str
) -> None:
    machine.add_object("iothread", "taken", {})
    with pytest.raises(QmpError) as caught:
        machine.add_object(type_name, name, properties)
    assert caught.value.desc.startswith(expected)
    assert list(machine.tree.objects.children or {}) == ["taken"]


def test_workloads_are_found_among_the_objects(machine: Machine) -> None:
    machine.add_object("iothread", "io0", {})
    made = machine.add_object("x-workload", "w0", {"iothread": "io0", "depth": 1})
    assert machine.workloads() == [made]
    machine.delete_object("w0")
    assert machine.workloads() == []


def test_properties_are_set_in_the_order_given(machine: Machine) -> None:
    bad = {"poll-weight": -1, "poll-grow": -1}
    for properties in (bad, dict(reversed(bad.items()))):
        with pytest.raises(QmpError, match=f"^{next(iter(properties))} value must be in range"):
            machine.add_object("iothread", "a", properties)


def test_deleting_what_is_not_there_is_refused(machine: Machine) -> None:
    with pytest.raises(QmpError, match="object 'io0' not found"):
        machine.delete_object("io0")


def test_the_main_loop_is_one_and_stays(machine: Machine) -> None:
    machine.add_object("main-loop", "ml", {"aio-max-batch": 1})
    with pytest.raises(QmpError, match="only one main-loop instance allowed"):
        machine.add_object("main-loop", "other", {})
    with pytest.raises(QmpError, match="Deleting main loop 'ml' is not supported"):
        machine.delete_object("ml")


def test_an_ambiguous_path_is_said_to_be_so_or_not_found(machine: Machine) -> None:
    with pytest.raises(QmpError, match="Path '' is ambiguous"):
        machine.resolve_unambiguous("")
    with pytest.raises(QmpError, match="Device '' not found"):
        machine.resolve("")


def test_closing_joins_every_thread() -> None:
    machine = make_machine()
    for number in range(5):
        machine.add_object("iothread", f"io{number}", {})
    contexts = [iothread.context for iothread in machine.iothreads()]
    assert all(contexts)
    machine.close()
    assert machine.iothreads() == []


def test_machines_of_one_schema_share_what_clients_see_of_it() -> None:
    machines = [make_machine() for _ in range(2)]
    try:
        first, second = (machine.introspection() for machine in machines)
        assert first is second
        assert any(each["name"] == "query-status" for each in first)
    finally:
        for machine in machines:
            machine.close()
