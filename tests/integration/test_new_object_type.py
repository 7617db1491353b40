"""A type of objects that only the served schema has holds what it is given, and that is all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import Client, DaemonProcess

# A value of ObjectType, a branch of ObjectOptions and its struct: all that a new type takes.
REPLACE = {
    "'enum': 'ObjectType',\n  'data': [": "'enum': 'ObjectType',\n  'data': [ 'poll-budget',",
    "            'iothread': 'IothreadProperties',": (
        "            'iothread': 'IothreadProperties', 'poll-budget': 'PollBudgetProperties',"
    ),
}
TYPES = """
{ 'enum': 'PollBudgetUnit', 'data': ['ns', 'percent'] }
{ 'struct': 'PollBudgetProperties',
  'data': { 'limit': 'uint32', '*unit': 'PollBudgetUnit', '*label': 'str', '*iothreads': ['str'] } }
"""
GIVEN = {"limit": 5, "unit": "percent", "label": "five", "iothreads": ["io0", "io1"]}


@pytest.fixture
def start(extended_schema: Callable[..., str], tmp_path: Path) -> Callable[..., DaemonProcess]:
    """Makes a daemon with that schema and more arguments."""
    schema = extended_schema(TYPES, replace=REPLACE)
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    return lambda *args: DaemonProcess("--schema", schema, *args, env=env)


@pytest.fixture
def client(start: Callable[..., DaemonProcess]) -> Iterator[Client]:
    with start() as daemon, daemon.client() as client:
        yield client


def options(**members: Any) -> dict[str, Any]:
    return {"qom-type": "poll-budget", "id": "b0", **members}


def properties(client: Client, path: str) -> dict[str, Any]:
    """What was set, by name."""
    (found,) = client.execute("qom-list-get", {"paths": [path]})
    return {prop["name"]: prop["value"] for prop in found["properties"] if prop["name"] != "type"}


def test_it_is_created_read_set_and_deleted(client: Client) -> None:
    client.execute("object-add", options(**GIVEN))
    assert properties(client, "/objects/b0") == GIVEN
    for name, value in {"limit": 2**32 - 1, "unit": "ns", "label": "é", "iothreads": []}.items():
        target = {"path": "b0", "property": name}
        client.execute("qom-set", {**target, "value": value})
        assert client.execute("qom-get", target) == value
    client.execute("object-del", {"id": "b0"})
    with pytest.raises(QmpError, match="Device 'b0' not found"):
        client.execute("qom-get", {"path": "b0", "property": "limit"})


def test_what_was_not_set_is_the_least_that_its_type_allows(client: Client) -> None:
    client.execute("object-add", options(limit=0))
    assert properties(client, "b0") == {"limit": 0, "unit": "ns", "label": "", "iothreads": []}


def test_lists_show_the_type_and_its_properties(client: Client) -> None:
    types = client.execute("qom-list-types", {"implements": "user-creatable"})
    assert {"name": "poll-budget", "parent": "object"} in types
    listed = client.execute("qom-list-properties", {"typename": "poll-budget"})
    assert {(prop["name"], prop["type"]) for prop in listed} == {
        ("type", "string"),
        ("limit", "uint32"),
        ("unit", "PollBudgetUnit"),
        ("label", "string"),
        ("iothreads", "strList"),
    }


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "Parameter 'limit' is missing"),
        ({"limit": "5"}, "Parameter 'limit' expects uint64"),
        ({"limit": 2**32}, "Parameter 'limit' expects uint32_t"),
        ({"limit": 5, "unit": "s"}, "Parameter 'unit' does not accept value 's'"),
        ({"limit": 5, "label": 5}, "Invalid parameter type for 'label', expected: string"),
        ({"limit": 5, "nope": 5}, "Parameter 'nope' is unexpected"),
    ],
)
def test_what_does_not_fit_is_refused(
    client: Client, members: dict[str, Any], message: str
) -> None:
    with pytest.raises(QmpError) as caught:
        client.execute("object-add", options(**members))
    assert caught.value.desc == message


def test_a_value_of_the_wrong_type_changes_nothing(client: Client) -> None:
    client.execute("object-add", options(**GIVEN))
    with pytest.raises(QmpError, match="Parameter 'limit' expects uint64"):
        client.execute("qom-set", {"path": "b0", "property": "limit", "value": "9"})
    with pytest.raises(QmpError, match=r"Property 'poll-budget\.nope' not found"):
        client.execute("qom-set", {"path": "b0", "property": "nope", "value": 9})
    assert properties(client, "b0") == GIVEN


def test_the_human_monitor_knows_it(client: Client) -> None:
    def hmp(line: str) -> str:
        text: str = client.execute("human-monitor-command", {"command-line": line})
        return text.replace("\r\n", "\n")

    assert hmp("object_add poll-budget,id=b1,limit=7,unit=percent") == ""
    assert hmp("qom-get b1 limit") == "7\n"
    assert hmp("qom-set b1 unit ns") == ""
    assert properties(client, "b1")["unit"] == "ns"
    assert hmp("object_add poll-budget,id=b2") == "Error: Parameter 'limit' is missing\n"
    assert "limit=<uint32>\n" in hmp("object_add poll-budget,help")
    assert "  poll-budget\n" in hmp("object_add help")
    assert hmp("object_del b1") == ""


def test_the_command_line_knows_it(start: Callable[..., DaemonProcess]) -> None:
    given = "poll-budget,id=b0,limit=5,unit=percent,label=five,iothreads=io0,iothreads=io1"
    with start("-object", given) as daemon, daemon.client() as client:
        assert properties(client, "/objects/b0") == GIVEN


@pytest.mark.parametrize("name", ["s390-pv-guest", "pef-guest"])
def test_qemus_own_types_that_are_not_built_in_stay_refused(client: Client, name: str) -> None:
    with pytest.raises(QmpError) as caught:
        client.execute("object-add", {"qom-type": name, "id": "a"})
    assert caught.value.desc == f"invalid object type: {name}"
    listed = client.execute("qom-list-types", {"abstract": True})
    assert name not in {found["name"] for found in listed}
