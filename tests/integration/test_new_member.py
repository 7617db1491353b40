"""A member added to a struct of the schema is known everywhere, and nothing else need be done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import Client, DaemonProcess

MEMBERS = (
    "'*x-burst': 'int', '*x-label': 'str', '*x-eager': 'bool', '*x-mood': 'XMood', "
    "'*x-small': 'uint8', '*x-nodes': ['uint16'], '*x-limits': 'XLimits'"
)
TYPES = """
{ 'enum': 'XMood', 'data': ['calm', 'hasty'] }
{ 'struct': 'XLimits', 'data': { '*low': 'int', 'high': 'int' } }
{ 'command': 'x-later', 'data': { 'mood': 'XMood', '*count': 'int' }, 'returns': 'XLimits' }
"""


@pytest.fixture
def schema(extended_schema: Callable[..., str]) -> str:
    return extended_schema(TYPES, MEMBERS)


@pytest.fixture
def client(schema: str, tmp_path: Path) -> Iterator[Client]:
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    with DaemonProcess("--schema", schema, env=cache) as daemon, daemon.client() as client:
        yield client


def options(**members: Any) -> dict[str, Any]:
    return {"qom-type": "iothread", "id": "io0", **members}


def test_object_add_takes_it_and_qom_get_gives_it(client: Client) -> None:
    given = {
        "x-burst": 7,
        "x-label": "seven",
        "x-eager": True,
        "x-mood": "hasty",
        "x-small": 255,
        "x-nodes": [0, 3],
        "x-limits": {"high": 9},
    }
    client.execute("object-add", options(**given))
    for name, value in given.items():
        assert client.execute("qom-get", {"path": "io0", "property": name}) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [("x-burst", 0), ("x-label", ""), ("x-eager", False), ("x-mood", "calm"), ("x-small", 0)],
)
def test_not_given_it_is_the_least_that_its_type_allows(
    client: Client, name: str, value: Any
) -> None:
    client.execute("object-add", options())
    assert client.execute("qom-get", {"path": "io0", "property": name}) == value


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("x-burst", "7", "Invalid parameter type for 'x-burst', expected: integer"),
        ("x-burst", 1.5, "Invalid parameter type for 'x-burst', expected: integer"),
        ("x-burst", True, "Invalid parameter type for 'x-burst', expected: integer"),
        ("x-label", 7, "Invalid parameter type for 'x-label', expected: string"),
        ("x-eager", "on", "Invalid parameter type for 'x-eager', expected: boolean"),
        ("x-mood", "sad", "Parameter 'x-mood' does not accept value 'sad'"),
        ("x-small", 256, "Parameter 'x-small' expects uint8_t"),
        ("x-nodes", [1, "2"], "Parameter 'x-nodes[1]' expects uint64"),
        ("x-limits", {}, "Parameter 'x-limits.high' is missing"),
        ("x-limits", {"high": 1, "nope": 2}, "Parameter 'x-limits.nope' is unexpected"),
    ],
)
def test_what_does_not_fit_is_refused_by_object_add_and_qom_set(
    client: Client, name: str, value: Any, message: str
) -> None:
    with pytest.raises(QmpError) as caught:
        client.execute("object-add", options(**{name: value}))
    assert caught.value.desc == message
    client.execute("object-add", options())
    with pytest.raises(QmpError) as caught:
        client.execute("qom-set", {"path": "io0", "property": name, "value": value})
    assert caught.value.desc == message


def test_qom_set_changes_it(client: Client) -> None:
    client.execute("object-add", options())
    for name, value in {"x-burst": -5, "x-label": "é", "x-mood": "hasty", "x-eager": True}.items():
        target = {"path": "/objects/io0", "property": name}
        client.execute("qom-set", {**target, "value": value})
        assert client.execute("qom-get", target) == value


def test_qom_lists_it_with_its_type(client: Client) -> None:
    client.execute("object-add", options())
    expected = {
        "x-burst": "int",
        "x-label": "string",
        "x-eager": "bool",
        "x-mood": "XMood",
        "x-small": "uint8",
    }
    for listed in (
        client.execute("qom-list-properties", {"typename": "iothread"}),
        client.execute("qom-list", {"path": "io0"}),
    ):
        types = {prop["name"]: prop["type"] for prop in listed}
        assert expected.items() <= types.items()


def test_introspection_shows_it(client: Client) -> None:
    entities = {entity["name"]: entity for entity in client.execute("query-qmp-schema")}
    union = entities[entities["object-add"]["arg-type"]]
    (branch,) = [each["type"] for each in union["variants"] if each["case"] == "iothread"]
    members = {member["name"]: member for member in entities[branch]["members"]}
    assert members["x-burst"] == {"name": "x-burst", "default": None, "type": "int"}
    mood = entities[members["x-mood"]["type"]]
    assert [value["name"] for value in mood["members"]] == ["calm", "hasty"]


def test_the_command_line_knows_it(schema: str, tmp_path: Path) -> None:
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    given = json.dumps(options(**{"x-burst": 3, "x-mood": "hasty"}))
    with (
        DaemonProcess(
            *("--schema", schema, "-object", given),
            *("-object", "iothread,id=io1,x-burst=4,x-label=four,x-eager=on"),
            env=cache,
        ) as daemon,
        daemon.client() as client,
    ):
        for path, name, value in [
            ("io0", "x-burst", 3),
            ("io0", "x-mood", "hasty"),
            ("io1", "x-burst", 4),
            ("io1", "x-label", "four"),
            ("io1", "x-eager", True),
        ]:
            assert client.execute("qom-get", {"path": path, "property": name}) == value


def test_a_new_command_has_nothing_behind_it_unless_it_is_stubbed(
    client: Client, schema: str, tmp_path: Path
) -> None:
    with pytest.raises(QmpError, match="The command x-later has not been found"):
        client.execute("x-later", {"mood": "calm"})
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    with (
        DaemonProcess("--schema", schema, "--stub-missing", env=cache) as daemon,
        daemon.client() as stubbed,
    ):
        assert stubbed.execute("x-later", {"mood": "calm"}) == {"high": 0}
        with pytest.raises(QmpError, match="does not accept value 'sad'"):
            stubbed.execute("x-later", {"mood": "sad"})


def test_without_the_copy_it_is_unexpected() -> None:
    with (
        DaemonProcess() as daemon,
        daemon.client() as client,
        pytest.raises(QmpError, match="Parameter 'x-burst' is unexpected"),
    ):
        client.execute("object-add", options(**{"x-burst": 1}))
