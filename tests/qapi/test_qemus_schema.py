"""The commands and events that the schema has, and all that they take and return, are QEMU's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.qapi.introspect import introspect
from qmp_iothreadd.scripting.control import is_control
from tests.recordings import introspection

Info = dict[str, Any]

#: What there is beyond QEMU's: a path of members and branches from a command, and what is more.
OURS = {
    "x-query-iothread-stats: command",
    "x-reset-iothread-stats: command",
    "x-query-workload-stats: command",
    "x-guest-act: command",
    "x-record-iothread: command",
    "x-stop-iothread-recording: command",
    "object-add.qom-type: value x-workload",
    "object-add: branch x-workload",
    "object-add/iothread: member x-poll-policy",
    "object-add/iothread: member x-fdmon",
    "object-add/iothread: member x-nice",
    "object-add/iothread: member x-cpus",
}

#: What controls scripts.
CONTROL = [name for name, each in load_schema().commands.items() if is_control(each)]

ENTRY_POINTS = ("command", "event")


class Entities:
    """What query-qmp-schema returned, by name: names of types say nothing, and are followed."""

    def __init__(self, infos: Iterable[Info]) -> None:
        self.types: dict[str, Info] = {}
        self.entry_points: dict[str, Info] = {}
        for info in infos:
            kind = self.entry_points if info["meta-type"] in ENTRY_POINTS else self.types
            kind[info["name"]] = info


class Comparison:
    """Finds what one of two introspections has and the other lacks."""

    def __init__(self, theirs: Entities, ours: Entities) -> None:
        self.theirs = theirs
        self.ours = ours
        self.seen: set[tuple[str, str]] = set()

    def entry_points(self) -> Iterator[str]:
        theirs, ours = self.theirs.entry_points, self.ours.entry_points
        yield from more("", "command", theirs, ours)
        for name in theirs.keys() & ours.keys():
            yield from different(name, ("meta-type", "features", "allow-oob"), theirs, ours)
            for key in ("arg-type", "ret-type"):
                if key in theirs[name]:
                    yield from self.types(name, theirs[name][key], ours[name][key])

    def types(self, path: str, their_name: str, our_name: str) -> Iterator[str]:
        if (their_name, our_name) in self.seen:
            return
        self.seen.add((their_name, our_name))
        theirs, ours = self.theirs.types[their_name], self.ours.types[our_name]
        yield from different(path, ("meta-type", "json-type", "tag", "features"), theirs, ours)
        match theirs["meta-type"]:
            case "array":
                yield from self.types(path, theirs["element-type"], ours["element-type"])
            case "enum":
                yield from more(path, "value", by_name(theirs), by_name(ours))
            case "alternate":
                branches = zip(theirs["members"], ours["members"], strict=True)
                for one, other in branches:
                    yield from self.types(path, one["type"], other["type"])
            case "object":
                yield from self.members(path, theirs, ours)

    def members(self, path: str, theirs: Info, ours: Info) -> Iterator[str]:
        yield from self.parts(path, "member", ".", by_name(theirs), by_name(ours))
        cases = [
            {each["case"]: each for each in info.get("variants", ())} for info in (theirs, ours)
        ]
        yield from self.parts(path, "branch", "/", *cases)

    def parts(
        self, path: str, kind: str, separator: str, theirs: Info, ours: Info
    ) -> Iterator[str]:
        yield from more(path, kind, theirs, ours)
        for name in theirs.keys() & ours.keys():
            inside = f"{path}{separator}{name}"
            yield from different(inside, ("default", "features"), theirs[name], ours[name])
            yield from self.types(inside, theirs[name]["type"], ours[name]["type"])


def by_name(info: Info) -> Info:
    return {member["name"]: member for member in info["members"]}


def more(path: str, kind: str, theirs: Info, ours: Info) -> Iterator[str]:
    """What only one side has; and, as a difference of its own, another order of what both have."""
    start = f"{path}: " if path else ""
    for name in ours.keys() - theirs.keys():
        yield f"{start}{kind} {name}" if path else f"{name}: {kind}"
    for name in theirs.keys() - ours.keys():
        yield f"{start}no {kind} {name}"
    if [name for name in theirs if name in ours] != [name for name in ours if name in theirs]:
        yield f"{start}another order, {kind}"


def different(path: str, keys: Iterable[str], theirs: Info, ours: Info) -> Iterator[str]:
    if path in theirs and path in ours:
        theirs, ours = theirs[path], ours[path]
    missing = object()
    for key in keys:
        if theirs.get(key, missing) != ours.get(key, missing):
            yield f"{path}: {key} is {ours.get(key)!r}, not {theirs.get(key)!r}"


@pytest.fixture(scope="module")
def ours() -> list[Info]:
    return introspect(load_schema())


def test_everything_that_qemu_has_is_there_and_as_it_is_there(ours: list[Info]) -> None:
    found = set(Comparison(Entities(introspection()), Entities(ours)).entry_points())
    assert found == OURS | {f"{name}: command" for name in CONTROL}


def test_a_difference_of_any_kind_is_found() -> None:
    """Each place of QEMU's own introspection, changed, is a difference."""

    def changed(entity: str, change: dict[str, Any]) -> set[str]:
        infos = [info | change if info["name"] == entity else info for info in introspection()]
        return set(Comparison(Entities(introspection()), Entities(infos)).entry_points())

    status = Entities(introspection()).entry_points["query-status"]["ret-type"]
    members = Entities(introspection()).types[status]["members"]
    assert changed("query-status", {}) == set()
    assert changed("query-status", {"features": ["x"]}) == {
        "query-status: features is ['x'], not None"
    }
    assert changed("query-status", {"name": "query-x"}) == {
        "query-x: command",
        "no command query-status",
    }
    assert changed(status, {"members": members[:1]}) == {
        f"query-status: no member {members[1]['name']}"
    }
    assert changed(status, {"members": members[::-1]}) == {"query-status: another order, member"}
