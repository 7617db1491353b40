"""Whatever is said of an object, it is made or refused, and nothing is left of it in the end."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from qmp_iothreadd.machine.described_objects import object_branches
from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.qapi.schema import ArrayType, EnumType, ObjectType, SchemaType
from qmp_iothreadd.testing import MemoryClient

# Those have tests of their own kind, or stay when they are deleted.
ELSEWHERE = {"can-bus", "iothread", "main-loop", "monitor-hmp", "monitor-qmp", "x-workload"}
BRANCHES = {
    name: struct
    for name, struct in object_branches(load_schema()).items()
    if struct.members and name not in ELSEWHERE
}
TEXTS = ("", "/nonexistent/x", "/dev/null", "/", "a\0b", "\u00e9" * 20, "on", "o", "AAAA", "NORMAL")
NUMBERS = (-1, 0, 1, 2, 4096, 5000, 2**16, 2**32, 2**62, 2**63 - 1, 2**63, 2**64 - 1)


def values(type_: SchemaType) -> st.SearchStrategy[Any]:
    if isinstance(type_, EnumType):
        return st.sampled_from([member.name for member in type_.members])
    if isinstance(type_, ArrayType):
        return st.lists(values(type_.element_type), max_size=2)
    if isinstance(type_, ObjectType):
        return members(type_)
    scalars: dict[str, st.SearchStrategy[Any]] = {
        "string": st.sampled_from(TEXTS),
        "int": st.sampled_from(NUMBERS),
        "boolean": st.booleans(),
    }
    return scalars[type_.json_type()]


def members(struct: ObjectType) -> st.SearchStrategy[dict[str, Any]]:
    # What takes all memory at once is left out.
    named = {each.name: each for each in struct.members if each.name != "prealloc"}
    needed = {name: values(each.type) for name, each in named.items() if not each.optional}
    others = {name: values(each.type) for name, each in named.items() if each.optional}
    return st.fixed_dictionaries(needed, optional=others)


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where a text is the name of a file that did not exist, it does from then on."""
    with contextlib.chdir(tmp_path_factory.mktemp("objects")):
        yield


@pytest.mark.parametrize("kind", BRANCHES)
@settings(max_examples=15)
@given(data=st.data())
def test_it_is_made_or_refused(kind: str, data: st.DataObject) -> None:
    struct = BRANCHES[kind]
    with MemoryClient() as client:
        client.negotiate()

        def ask(command: str, arguments: dict[str, Any]) -> bool:
            reply = client.request(command, arguments)
            refusal = reply.get("error", {}).get("desc", "")
            assert not refusal.startswith("internal error"), json.dumps([command, arguments])
            return "return" in reply

        given = data.draw(members(struct))
        made = ask("object-add", {"qom-type": kind, "id": "o", **given})
        for name, value in data.draw(members(struct)).items():
            target = {"path": "/objects/o", "property": name}
            ask("qom-set", {**target, "value": value})
            ask("qom-get", target)
        ask("qom-list-get", {"paths": ["/objects"]})
        assert ask("object-del", {"id": "o"}) is made
