"""Faults and requests at random: their words are those of the schema, their values likely ones."""

from __future__ import annotations

import json
import random
from functools import cache
from typing import Any

from qmp_iothreadd.qapi.cache import load_schema_cached
from qmp_iothreadd.qapi.schema import EnumType, Member, ObjectType

_COMMANDS = ("query-name", "stop", "cont", "object-add", "object-del", "nope", "query-iothreads")

# Short enough for a server that is to be asked again, long enough to overtake one another.
_SECONDS = (0.0, 0.001, 0.005)
_BY_NAME: dict[str, tuple[Any, ...]] = {
    "command": _COMMANDS,
    "event": ("STOP", "RESUME", "X_UNKNOWN"),
    "monitor": ("compat_monitor0", "nope"),
    "seconds": _SECONDS,
    "min-seconds": _SECONDS,
    "max-seconds": _SECONDS,
    "pause": (0.0,),
    "sigma": (0.0, 0.5, -1.0),
    "probability": (0.5, 1.0, 0.0, 2.0),
    "hex": ("", "7b", "0"),
    "version": ("8.2", "9", "x"),
    "size": (1, 64, 70_000),
    "pieces": (1, 3),
    "events": (1, 3, 300),
    "count": (0, 1, 2),
}
_BY_JSON_TYPE: dict[str, tuple[Any, ...]] = {
    "int": (0, 1, 2, 3, 70, -1),
    "number": (0.0, 1.0),
    "string": ("", "x", "GenericError"),
    "boolean": (True, False),
    "value": (None, 1, "x", {"a": []}),
}
# What takes its time, or much memory, unless it is told.
_ALWAYS = ("pause", "size", "seconds")


@cache
def _members(kind: str) -> tuple[Member, ...]:
    fault = _fault_type()
    assert fault.variants is not None
    case = fault.variants.cases.get(kind)
    common = [each for each in fault.members if each.name != "kind"]
    return (*common, *(case.members if case is not None else ()))


@cache
def _fault_type() -> ObjectType:
    found = load_schema_cached().types["Fault"]
    assert isinstance(found, ObjectType)
    return found


@cache
def _kinds() -> tuple[str, ...]:
    found = load_schema_cached().types["FaultKind"]
    assert isinstance(found, EnumType)
    return tuple(member.name for member in found.members)


def random_fault(source: random.Random) -> dict[str, Any]:
    """The words of an x-fault-add: they fit the schema, and mostly one another."""
    words = {"kind": source.choice(_kinds())}
    members = _members(words["kind"])
    chosen = {member.name for member in members if member.name in _ALWAYS}
    chosen |= {source.choice(members).name for _ in range(source.randrange(4))}
    if chosen >= {"size", "pieces"}:
        chosen.remove("size")
    for member in members:
        if member.name in chosen:
            words[member.name] = _value(source, member)
    return words


def _value(source: random.Random, member: Member) -> Any:
    if member.name in _BY_NAME:
        return source.choice(_BY_NAME[member.name])
    if isinstance(member.type, EnumType):
        return source.choice(member.type.members).name
    return source.choice(_BY_JSON_TYPE[member.type.json_type()])


def random_request(source: random.Random, id: Any) -> bytes:
    """A request with an id, one in some that is none."""
    if source.randrange(10) == 9:
        return source.choice([b"nope\n", b"[]", b'{"execute": 1}', b'{"id": 1}'])
    command = source.choice(_COMMANDS)
    request: dict[str, Any] = {"execute": command, "id": id}
    if command.startswith("object-"):
        request["arguments"] = {"id": source.choice(["io0", "io1"])}
        if command == "object-add":
            request["arguments"]["qom-type"] = "iothread"
    return json.dumps(request).encode()
