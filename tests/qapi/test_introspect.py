"""Introspection, against QEMU 11.1's own and in its details."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.qapi import Schema, load_schema
from qmp_iothreadd.qapi.introspect import introspect
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path
from qmp_iothreadd.qapi.schema import SchemaType
from tests.recordings import introspection

#: What QEMU has and this schema leaves out: (object's place, members or branches).
LACKING = {
    "query-block.ret-type[]": {"inserted"},
    "object-add.arg-type": {"monitor-hmp", "monitor-qmp"},
}


@pytest.fixture(scope="module")
def packaged() -> Schema:
    return load_schema(packaged_schema_path())


def load(folder: Path, text: str) -> Schema:
    path = folder / "schema.json"
    path.write_text(text)
    return load_schema(str(path))


#: Where this schema adds members, branches or values with names in x- to QEMU's.
EXTENDED = {
    "object-add.arg-type",
    "object-add.arg-type.qom-type",
    "object-add.arg-type.iothread",
}
#: What has such a name in QEMU, too.
QEMUS_OWN = {"x-remote-object", "x-vfio-user-server"}


class Shapes:
    """Introspection with type names replaced by what they stand for, as deep as they go."""

    def __init__(self, infos: list[dict[str, Any]]) -> None:
        self.by_name = {info["name"]: info for info in infos}

    def of(self, name: str, place: str, around: tuple[str, ...] = ()) -> Any:
        if name in around:
            return f"loop of {len(around) - around.index(name)}"
        info = dict(self.by_name[name])
        around = (*around, name)
        if info["meta-type"] not in ("command", "event", "builtin"):
            del info["name"]
        if "values" in info:
            info["values"] = [name for name in info["values"] if not is_own(place, name)]
        for key in ("arg-type", "ret-type"):
            if key in info:
                info[key] = self.of(info[key], f"{place}.{key}", around)
        if "element-type" in info:
            info["element-type"] = self.of(info["element-type"], f"{place}[]", around)
        for key in ("members", "variants"):
            if key in info:
                info[key] = self.parts(info, key, place, around)
        return info

    def parts(
        self, info: dict[str, Any], key: str, place: str, around: tuple[str, ...]
    ) -> list[dict[str, Any]]:
        parts = []
        for part in info[key]:
            name = part.get("name", part.get("case", "?"))
            if name in LACKING.get(place, ()) or is_own(place, name):
                continue
            if "type" in part:
                part = part | {"type": self.of(part["type"], f"{place}.{name}", around)}
            parts.append(part)
        if key == "variants":  # where a branch is empty it comes last, so leaving one out reorders
            parts.sort(key=lambda part: str(part["case"]))
        return parts


def is_own(place: str, name: str) -> bool:
    return place in EXTENDED and name.startswith("x-") and name not in QEMUS_OWN


def shared_names() -> list[str]:
    schema = load_schema(packaged_schema_path())
    names = [*schema.commands, *schema.events]
    return [name for name in names if not name.startswith(("x-", "X_"))]


@pytest.mark.parametrize("name", shared_names())
def test_commands_and_events_are_those_of_qemu_11_1(name: str, packaged: Schema) -> None:
    theirs, ours = Shapes(introspection()), Shapes(introspect(packaged))
    assert ours.of(name, name) == theirs.of(name, name)


SCHEMA = """
{ 'enum': 'Colour', 'data': [ 'red', { 'name': 'mauve', 'features': [ 'unstable' ] } ],
  'features': [ 'tinted' ] }
{ 'alternate': 'Paint', 'data': { 'colour': 'Colour', 'code': 'uint8' } }
{ 'struct': 'Bucket', 'data': { '*paint': 'Paint', 'sizes': [ 'size' ],
                                'label': { 'type': 'str', 'features': [ 'deprecated' ] } } }
{ 'union': 'Tool', 'base': { 'colour': 'Colour' }, 'discriminator': 'colour',
  'data': { 'mauve': 'Bucket' } }
{ 'struct': 'Unused', 'data': {} }
{ 'command': 'paint', 'data': 'Tool', 'boxed': true, 'returns': [ 'Bucket' ], 'allow-oob': true,
  'features': [ 'unstable' ] }
{ 'event': 'DRY', 'data': { 'for': 'int32' } }
"""


def test_types_are_numbered_in_the_order_of_their_first_use(tmp_path: Path) -> None:
    assert introspect(load(tmp_path, SCHEMA)) == [
        {
            "name": "paint",
            "meta-type": "command",
            "arg-type": "0",
            "ret-type": "[1]",
            "allow-oob": True,
            "features": ["unstable"],
        },
        {"name": "DRY", "meta-type": "event", "arg-type": "2"},
        {
            "name": "0",
            "meta-type": "object",
            "members": [{"name": "colour", "type": "3"}],
            "tag": "colour",
            "variants": [{"case": "mauve", "type": "1"}, {"case": "red", "type": "4"}],
        },
        {"name": "[1]", "meta-type": "array", "element-type": "1"},
        {
            "name": "1",
            "meta-type": "object",
            "members": [
                {"name": "paint", "type": "5", "default": None},
                {"name": "sizes", "type": "[int]"},
                {"name": "label", "type": "str", "features": ["deprecated"]},
            ],
        },
        {"name": "2", "meta-type": "object", "members": [{"name": "for", "type": "int"}]},
        {
            "name": "3",
            "meta-type": "enum",
            "members": [{"name": "red"}, {"name": "mauve", "features": ["unstable"]}],
            "values": ["red", "mauve"],
            "features": ["tinted"],
        },
        {"name": "4", "meta-type": "object", "members": []},
        {"name": "5", "meta-type": "alternate", "members": [{"type": "3"}, {"type": "int"}]},
        {"name": "[int]", "meta-type": "array", "element-type": "int"},
        {"name": "int", "meta-type": "builtin", "json-type": "int"},
        {"name": "str", "meta-type": "builtin", "json-type": "string"},
    ]


def test_unmasked_types_have_their_own_names(tmp_path: Path) -> None:
    infos = introspect(load(tmp_path, SCHEMA), unmask=True)
    assert [info["name"] for info in infos] == [
        "paint",
        "DRY",
        "Tool",
        "[Bucket]",
        "Bucket",
        "q_obj_DRY-arg",
        "Colour",
        "q_empty",
        "Paint",
        "[int]",
        "int",
        "str",
    ]


def test_a_member_added_to_the_schema_is_introspected(tmp_path: Path) -> None:
    for file in Path(packaged_schema_path()).parent.glob("*.json"):
        text = file.read_text().replace(
            "'*poll-weight': 'int'", "'*poll-weight': 'int', '*x': 'any'"
        )
        text = text.replace(
            "# @poll-weight: how much a new measurement counts against",
            "# @x: more\n#\n# @poll-weight: how much a new measurement counts against",
        )
        (tmp_path / file.name).write_text(text)
    schema = load_schema(str(tmp_path / "qapi-schema.json"))
    by_name = {info["name"]: info for info in introspect(schema, unmask=True)}
    members = {member["name"]: member for member in by_name["IothreadProperties"]["members"]}
    assert members["x"] == {"name": "x", "type": "any", "default": None}


def test_a_class_of_types_that_is_not_known_is_a_fault(tmp_path: Path) -> None:
    class Odd(SchemaType):
        def json_type(self) -> str:
            return "value"

    schema = load(tmp_path, SCHEMA)
    schema.commands["paint"].ret_type = Odd("X")
    with pytest.raises(TypeError, match="no introspection of <Odd X>"):
        introspect(schema)


def test_the_embedded_schema_describes_itself(packaged: Schema) -> None:
    infos = introspect(packaged)
    returned = packaged.commands["query-qmp-schema"].ret_type
    assert returned is not None
    assert Models(packaged).validate(returned, infos) == infos
    assert len({info["name"] for info in infos}) == len(infos)
