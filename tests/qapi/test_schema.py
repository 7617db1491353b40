"""The schema as objects: what the rest of the package relies on."""

from __future__ import annotations

import marshal
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from qmp_iothreadd import qapi
from qmp_iothreadd.qapi import QAPIError, load_schema, serialization
from qmp_iothreadd.qapi.load import load
from qmp_iothreadd.qapi.messages import Rule
from qmp_iothreadd.qapi.schema import (
    AlternateType,
    ArrayType,
    BuiltinType,
    EnumType,
    Info,
    ObjectType,
    Schema,
)
from qmp_iothreadd.qapi.serialization import deserialize, serialize

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from tests.qapi.conftest import LoadText

DRIVES = """
{ 'enum': 'Kind', 'data': [ 'disk', 'tape', 'none' ] }
{ 'struct': 'Device', 'data': { 'id': 'str', 'kind': 'Kind' } }
{ 'struct': 'Disk', 'data': { '*size': 'size' } }
{ 'union': 'Drive', 'base': 'Device', 'discriminator': 'kind', 'data': { 'disk': 'Disk' } }
{ 'struct': 'Shelf', 'base': 'Disk', 'data': { 'drives': [ 'Drive' ], 'on': [ 'Shelf' ] } }
{ 'alternate': 'DriveRef', 'data': { 'name': 'str', 'drive': 'Drive' } }
{ 'command': 'add-drive', 'data': 'Drive', 'boxed': true }
{ 'command': 'query-drives', 'data': { '*ref': 'DriveRef' }, 'returns': [ 'Drive' ],
  'allow-oob': true, 'features': [ 'unstable' ] }
{ 'event': 'DRIVE_GONE', 'data': { 'id': 'str' } }
"""


@pytest.fixture
def drives(load_text: LoadText) -> Schema:
    return load_text(DRIVES)


def object_type(schema: Schema, name: str) -> ObjectType:
    found = schema.types[name]
    assert isinstance(found, ObjectType)
    return found


def test_members_are_flattened_base_first(drives: Schema) -> None:
    shelf = object_type(drives, "Shelf")
    assert [member.name for member in shelf.members] == ["size", "drives", "on"]
    assert [member.name for member in shelf.local_members] == ["drives", "on"]
    assert shelf.base is drives.types["Disk"]
    assert shelf.members[0].optional


def test_types_refer_to_each_other_by_identity(drives: Schema) -> None:
    shelf = object_type(drives, "Shelf")
    on = shelf.members[2].type
    assert isinstance(on, ArrayType)
    assert on.element_type is shelf
    assert on is drives.types["ShelfList"]


def test_a_union_has_a_case_for_every_value_of_its_tag(drives: Schema) -> None:
    drive = object_type(drives, "Drive")
    assert drive.variants is not None
    assert drive.variants.tag is drive.members[1]
    assert {value: case.name for value, case in drive.variants.cases.items()} == {
        "disk": "Disk",
        "tape": "q_empty",
        "none": "q_empty",
    }


def test_commands_and_events_know_their_types(drives: Schema) -> None:
    query = drives.commands["query-drives"]
    assert query.arg_type is drives.types["q_obj_query-drives-arg"]
    assert query.arg_type.implicit
    assert query.ret_type is drives.types["DriveList"]
    assert (query.allow_oob, query.allow_preconfig, query.gen) == (True, False, True)
    assert [feature.name for feature in query.features] == ["unstable"]
    assert drives.commands["add-drive"].arg_type is drives.types["Drive"]
    assert drives.commands["add-drive"].boxed
    assert drives.events["DRIVE_GONE"].arg_type is drives.types["q_obj_DRIVE_GONE-arg"]


def test_definitions_say_where_they_stand(drives: Schema) -> None:
    info = drives.types["Kind"].info
    assert info is not None
    assert info.line == 2
    assert info.file == drives.files[0]
    assert drives.types["str"].info is None


def test_everything_is_found_by_name(drives: Schema) -> None:
    assert drives.definitions["Kind"] is drives.types["Kind"]
    assert drives.definitions["add-drive"] is drives.commands["add-drive"]
    assert drives.definitions["DRIVE_GONE"] is drives.events["DRIVE_GONE"]


def test_order_is_that_of_the_schema_with_implicit_types_where_they_are_needed(
    drives: Schema,
) -> None:
    own = [name for name, found in drives.definitions.items() if found.info is not None]
    assert own == [
        "Kind",
        "Device",
        "Disk",
        "Drive",
        "DriveList",
        "ShelfList",
        "Shelf",
        "DriveRef",
        "add-drive",
        "q_obj_query-drives-arg",
        "query-drives",
        "q_obj_DRIVE_GONE-arg",
        "DRIVE_GONE",
    ]


def test_every_kind_of_type_knows_its_json_type(drives: Schema) -> None:
    expected = {
        "int8": "int",
        "size": "int",
        "str": "string",
        "number": "number",
        "bool": "boolean",
        "null": "null",
        "any": "value",
        "Kind": "string",
        "QType": "string",
        "strList": "array",
        "Drive": "object",
        "DriveRef": "value",
    }
    assert {name: drives.types[name].json_type() for name in expected} == expected
    assert isinstance(drives.types["DriveRef"], AlternateType)
    assert isinstance(drives.types["Kind"], EnumType)
    assert isinstance(drives.types["int8"], BuiltinType)


def test_a_schema_survives_the_way_through_serialization(drives: Schema) -> None:
    serialized = serialize(drives)
    assert serialize(deserialize(serialized)) == serialized
    again = deserialize(serialized)
    assert repr(again) == repr(drives)
    drive, shelf = object_type(again, "Drive"), object_type(again, "Shelf")
    assert drive.variants is not None
    assert drive.variants.tag is drive.members[1]
    assert shelf.members == object_type(again, "Disk").members + shelf.local_members


def test_a_schema_that_was_serialized_makes_what_is_looked_at(
    drives: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = deserialize(serialize(drives))
    read = []

    def spy(record: bytes) -> tuple[Any, ...]:
        found: tuple[Any, ...] = marshal.loads(record)
        read.append(found[1])
        return found

    monkeypatch.setattr(serialization, "marshal", SimpleNamespace(loads=spy))
    assert ("add-drive" in again.commands, "nope" in again.commands) == (True, False)
    assert (len(again.types), list(again.events)) == (len(drives.types), ["DRIVE_GONE"])
    assert read == []
    command = again.commands["add-drive"]
    assert again.definitions["add-drive"] is command
    assert again.types.get("add-drive") is None
    assert read == ["add-drive", "Drive"]
    assert command.arg_type is object_type(again, "Drive")
    assert [member.name for member in command.arg_type.members] == ["id", "kind"]
    assert set(read) == {"add-drive", "Drive", "Device", "str", "Kind", "Disk", "q_empty"}
    assert len(read) == len(set(read))


def test_a_schema_can_be_serialized_however_deep_its_types_go(load_text: LoadText) -> None:
    depth = sys.getrecursionlimit()
    chain = [
        f"{{ 'struct': 'Link{number}', 'data': {{ 'next': 'Link{number + 1}' }} }}\n"
        for number in range(depth)
    ]
    schema = load_text("".join(chain) + f"{{ 'struct': 'Link{depth}', 'data': {{ }} }}\n")
    assert serialize(deserialize(serialize(schema))) == serialize(schema)


def test_unions_that_share_branches_over_many_levels_are_checked_in_no_time(
    load_text: LoadText,
) -> None:
    levels = "".join(
        f"{{ 'union': 'U{side}{level}x', 'base': {{ 'tag-{level}': 'Two' }},"
        f" 'discriminator': 'tag-{level}',"
        f" 'data': {{ 'a': 'Ua{level + 1}x', 'b': 'Ub{level + 1}x' }} }}\n"
        for level in range(60)
        for side in "ab"
    )
    ends = "".join(f"{{ 'struct': 'U{side}60x', 'data': {{ }} }}\n" for side in "ab")
    start = time.process_time()
    load_text("{ 'enum': 'Two', 'data': [ 'a', 'b' ] }\n" + levels + ends)
    assert time.process_time() - start < 5


def test_the_daemons_own_schema_is_there_without_a_path() -> None:
    schema = load_schema()
    assert "query-iothreads" in schema.commands
    assert "SHUTDOWN" in schema.events


def test_load_schema_reports_errors_as_qapi_errors(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text("{ 'struct': 'Disk' }")
    with pytest.raises(QAPIError) as caught:
        load_schema(str(file))
    assert caught.value.rule is Rule.MISSES_KEY
    assert (caught.value.file, caught.value.line) == (str(file), 1)


def test_a_schema_of_qemus_size_loads_well_within_the_time_to_greeting(
    bigschema: ModuleType, tmp_path: Path
) -> None:
    top = bigschema.generate(tmp_path)
    lines = sum(file.read_text().count("\n") for file in tmp_path.iterdir())
    assert lines >= 28_000
    start = time.process_time()
    schema = load(str(top))
    elapsed = time.process_time() - start
    assert (len(schema.files), len(schema.commands), len(schema.events)) == (50, 240, 60)
    # A tenth of a second on the slowest machine tried; the rest is for those that are slower yet.
    assert elapsed < 0.8


def test_the_generated_schema_is_always_the_same(bigschema: ModuleType, tmp_path: Path) -> None:
    first = bigschema.generate(tmp_path / "a", files=4, lines=500, commands=6, structs=20)
    second = bigschema.generate(tmp_path / "b", files=4, lines=500, commands=6, structs=20)
    for file in first.parent.iterdir():
        assert file.read_text() == (second.parent / file.name).read_text()


def test_rows_are_equal_by_class_and_values() -> None:
    assert Info("a.json", 1) == Info("a.json", 1)
    assert Info("a.json", 1) != Info("a.json", 2)
    assert Info("a.json", 1) != ("a.json", 1)
    assert repr(Info("a.json", 1)) == "Info('a.json', 1)"


def test_the_package_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = qapi.nothing
