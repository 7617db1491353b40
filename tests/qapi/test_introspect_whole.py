"""All of QEMU 11.1: its introspection, written as a schema again, introspects to itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.qapi import Schema, load_schema
from qmp_iothreadd.qapi.introspect import introspect
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.stub_values import stub_value
from tests.recordings import introspection

Infos = dict[str, dict[str, Any]]


class Writer:
    """Writes QAPI: types that have numbers for names become ``TypeNUMBER``."""

    def __init__(self, infos: Infos) -> None:
        self.infos = infos
        self.nothing = infos["query-status"]["arg-type"]  # the empty object that needs no name

    def text(self) -> str:
        names = [name for name, info in self.infos.items() if info["meta-type"] == "command"]
        types = [f"Type{name}" for name in self.infos if name.isdigit()]
        pragma = {
            "command-name-exceptions": names,
            "command-returns-exceptions": names,
            "member-name-exceptions": types,
        }
        expressions = [{"pragma": pragma}, *filter(None, map(self.expression, self.infos.values()))]
        return "\n".join(json.dumps(expression).replace('"', "'") for expression in expressions)

    def type(self, name: str) -> Any:
        if name.startswith("["):
            return [self.type(name[1:-1])]
        return f"Type{name}" if name.isdigit() else name

    def expression(self, info: dict[str, Any]) -> dict[str, Any] | None:
        kind, name = info["meta-type"], info["name"]
        features = {"features": info["features"]} if "features" in info else {}
        match kind:
            case "command" | "event":
                return {kind: name} | self.entry_point(info) | features
            case "enum":
                return {
                    "enum": f"Type{name}",
                    "data": list(map(name_or_whole, info["members"])),
                } | features
            case "alternate":
                branches = {f"b{i}": self.type(m["type"]) for i, m in enumerate(info["members"])}
                return {"alternate": f"Type{name}", "data": branches} | features
            case "object" if "tag" in info:
                return self.union(info) | features
            case "object":
                return {"struct": f"Type{name}", "data": self.members(info)} | features
        return None

    def entry_point(self, info: dict[str, Any]) -> dict[str, Any]:
        rest: dict[str, Any] = {}
        if info["arg-type"] != self.nothing:
            rest["data"] = self.type(info["arg-type"])
            rest["boxed"] = True
        if "ret-type" in info and info["ret-type"] != self.nothing:
            rest["returns"] = self.type(info["ret-type"])
        return rest | ({"allow-oob": True} if info.get("allow-oob") else {})

    def union(self, info: dict[str, Any]) -> dict[str, Any]:
        cases = {case["case"]: case["type"] for case in info["variants"]}
        branches = {case: self.type(name) for case, name in cases.items() if name != self.nothing}
        return {
            "union": f"Type{info['name']}",
            "base": self.members(info),
            "discriminator": info["tag"],
            "data": branches,
        }

    def members(self, info: dict[str, Any]) -> dict[str, Any]:
        members = {}
        for member in info["members"]:
            name = f"*{member['name']}" if "default" in member else member["name"]
            members[name] = {"type": self.type(member["type"])} | {
                key: member[key] for key in ("features",) if key in member
            }
        return members


def name_or_whole(member: dict[str, Any]) -> Any:
    return member if "features" in member else member["name"]


@pytest.fixture(scope="module")
def recorded() -> Infos:
    return {info["name"]: info for info in introspection()}


@pytest.fixture(scope="module")
def schema(recorded: Infos, tmp_path_factory: pytest.TempPathFactory) -> Schema:
    path = Path(tmp_path_factory.mktemp("whole"), "schema.json")
    path.write_text(Writer(recorded).text())
    return load_schema(str(path))


def differences(ours: Infos, theirs: Infos) -> Iterator[str]:
    """Where two introspections, whose types have other names, do not mean the same."""
    todo = [(name, name) for name in entry_points(theirs)]
    seen = set(todo)
    while todo:
        our_name, their_name = todo.pop()
        pairs = list(references(ours[our_name])), list(references(theirs[their_name]))
        if shape(ours[our_name]) != shape(theirs[their_name]) or len(pairs[0]) != len(pairs[1]):
            yield f"{our_name} is not {their_name}: {ours[our_name]} {theirs[their_name]}"
            continue
        new = set(zip(*pairs, strict=True)) - seen
        seen |= new
        todo += new


def entry_points(infos: Infos) -> list[str]:
    return [name for name in infos if infos[name]["meta-type"] in ("command", "event")]


def references(info: dict[str, Any]) -> Iterator[str]:
    yield from (info[key] for key in ("arg-type", "ret-type", "element-type") if key in info)
    for part in [*info.get("members", ()), *info.get("variants", ())]:
        if "type" in part:
            yield part["type"]


def shape(info: dict[str, Any]) -> Any:
    """An element without the names of types."""
    hidden = {"arg-type", "ret-type", "element-type", "type"}
    if info["meta-type"] not in ("command", "event", "builtin"):
        hidden = hidden | {"name"}
    parts = [
        {key: value for key, value in part.items() if key != "type"}
        for part in [*info.get("members", ()), *info.get("variants", ())]
    ]
    keys = info.keys() - hidden - {"members", "variants"}
    return {key: info[key] for key in keys}, parts


def test_the_whole_of_qemus_introspection_comes_back(recorded: Infos, schema: Schema) -> None:
    ours = {info["name"]: info for info in introspect(schema)}
    assert entry_points(ours) == entry_points(recorded)
    assert list(differences(ours, recorded)) == []


def test_every_argument_and_return_type_of_qemu_can_be_validated(schema: Schema) -> None:
    models = Models(schema)
    for command in schema.commands.values():
        if command.arg_type is not None:
            smallest = stub_value(command.arg_type)
            assert models.arguments(command)(smallest) == {"arg": smallest}
        if command.ret_type is not None:
            smallest = stub_value(command.ret_type)
            assert models.validate(command.ret_type, smallest) == smallest
