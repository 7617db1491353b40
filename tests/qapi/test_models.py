"""Validation of commands' arguments and of single values: examples."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qapi import Schema, load_schema, models as models_module
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path


@pytest.fixture(scope="module")
def schema() -> Schema:
    return load_schema(packaged_schema_path())


@pytest.fixture(scope="module")
def models(schema: Schema) -> Models:
    return Models(schema)


def load(folder: Path, text: str) -> Schema:
    path = folder / "schema.json"
    path.write_text(text)
    return load_schema(str(path))


def check(models: Models, command: str, **arguments: Any) -> Any:
    return models.arguments(models.schema.commands[command])(spelled(arguments))


def spelled(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "-"): value for name, value in arguments.items()}


def refused(models: Models, command: str, **arguments: Any) -> str:
    with pytest.raises(QmpError) as caught:
        check(models, command, **arguments)
    assert caught.value.error_class == "GenericError"
    return caught.value.desc


def test_members_become_keyword_arguments_in_pythons_spelling(models: Models) -> None:
    assert check(models, "human-monitor-command", command_line="help") == {
        "command_line": "help",
        "cpu_index": None,
    }


def test_a_member_named_like_a_keyword_gets_an_underscore(tmp_path: Path) -> None:
    schema = load(tmp_path, "{ 'command': 'go', 'data': { 'from': 'str', '*global': 'int' } }")
    arguments = Models(schema).arguments(schema.commands["go"])
    assert arguments({"from": "a"}) == {"from_": "a", "global_": None}


def test_boxed_arguments_are_one_object_in_the_order_of_the_schema(models: Models) -> None:
    boxed = check(models, "object-add", poll_grow=3, id="io0", aio_max_batch=1, qom_type="iothread")
    assert list(boxed) == ["arg"]
    assert list(boxed["arg"].items()) == [
        ("qom-type", "iothread"),
        ("id", "io0"),
        ("aio-max-batch", 1),
        ("poll-grow", 3),
    ]


def test_objects_inside_arguments_stay_as_they_are_in_json(models: Models) -> None:
    instances = [{"type": "chardev", "id": "c"}, {"type": "migration"}]
    assert check(models, "yank", instances=instances) == {"instances": instances}


def test_validators_are_made_once(models: Models, schema: Schema) -> None:
    command = schema.commands["qom-set"]
    assert models.arguments(command) is models.arguments(command)


def test_a_command_without_arguments_takes_an_empty_object_only(models: Models) -> None:
    assert check(models, "query-iothreads") == {}
    assert refused(models, "query-iothreads", id="a") == "Parameter 'id' is unexpected"


ARGUMENTS = """
{ 'command': 'some', 'data': { '*first-one': ['str'], '*global': 'int' } }
{ 'command': 'needs', 'data': { '*first-one': 'str', 'other': 'int' } }
"""


def test_arguments_that_may_all_be_left_out_compile_nothing_until_one_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(schema: Any) -> Any:
        made.append(schema)
        return compiled(schema)

    made: list[Any] = []
    core = models_module._core_schemas()
    compiled = core.compile_schema
    monkeypatch.setattr(core, "compile_schema", counted)
    some = Models(load(tmp_path, ARGUMENTS))
    empty = check(some, "some")
    assert empty == {"first_one": None, "global_": None}
    empty["global_"] = 2  # it is the function's own
    assert check(some, "some") == {"first_one": None, "global_": None}
    assert not made
    assert check(some, "some", **{"first-one": ["x"]}) == {"first_one": ["x"], "global_": None}
    assert refused(some, "some", **{"global": "x"}) == (
        "Invalid parameter type for 'global', expected: integer"
    )
    assert refused(some, "some", other=1) == "Parameter 'other' is unexpected"
    assert len(made) == 1
    assert refused(some, "needs") == "Parameter 'other' is missing"


def test_a_command_that_is_not_generated_sees_its_arguments_as_they_came(tmp_path: Path) -> None:
    schema = load(tmp_path, "{ 'command': 'raw', 'data': { 'driver': 'str' }, 'gen': false }")
    assert Models(schema).arguments(schema.commands["raw"])({"more": 1}) == {"arg": {"more": 1}}


IOTHREAD = {"qom_type": "iothread", "id": "a"}


@pytest.mark.parametrize(
    ("command", "arguments", "desc"),
    [
        ("qom-get", {"path": "/"}, "Parameter 'property' is missing"),
        ("qom-get", {"property": 1}, "Parameter 'path' is missing"),
        ("qom-get", {"property": 1, "path": "/", "x": 1}, "'property', expected: string"),
        ("qom-list", {"path": None}, "Invalid parameter type for 'path', expected: string"),
        ("qom-list-get", {"paths": "/"}, "Invalid parameter type for 'paths', expected: array"),
        ("qom-list-get", {"paths": ["/", 1, 2]}, "type for 'paths[1]', expected: string"),
        ("qmp_capabilities", {"enable": ["oob", "no"]}, "'null' does not accept value 'no'"),
        ("qom-list-types", {"abstract": 1}, "type for 'abstract', expected: boolean"),
        ("object-add", {"id": "a"}, "Parameter 'qom-type' is missing"),
        ("object-add", {"qom_type": "iothread"}, "Parameter 'id' is missing"),
        ("object-add", {"qom_type": "no", "id": 1}, "'qom-type' does not accept value 'no'"),
        ("object-add", {"qom_type": 1}, "type for 'qom-type', expected: string"),
        ("object-add", {"qom_type": []}, "type for 'qom-type', expected: string"),
        ("object-add", {"qom_type": "iothread", "id": 1}, "type for 'id', expected: string"),
        ("object-add", IOTHREAD | {"poll_grow": 1.0}, "'poll-grow', expected: integer"),
        ("object-add", IOTHREAD | {"poll_grow": True}, "'poll-grow', expected: integer"),
        ("object-add", IOTHREAD | {"poll_grow": None}, "'poll-grow', expected: integer"),
        ("object-add", IOTHREAD | {"poll_grow": 2**63}, "'poll-grow', expected: integer"),
        ("object-add", IOTHREAD | {"x": 1, "poll_grow": "x"}, "'poll-grow', expected: integer"),
        ("object-add", IOTHREAD | {"x": 1, "y": 2}, "Parameter 'y' is unexpected"),
        ("object-add", {"qom_type": "main-loop", "id": "a", "poll_grow": 1}, "is unexpected"),
        ("object-add", {"qom_type": "can-bus", "id": "a", "x": 1}, "Parameter 'x' is unexpected"),
        ("yank", {"instances": [{"type": "chardev"}]}, "Parameter 'instances[0].id' is missing"),
        ("yank", {"instances": [{"type": "no"}]}, "Parameter 'type' does not accept value 'no'"),
        ("yank", {"instances": [{}]}, "Parameter 'instances[0].type' is missing"),
        ("yank", {"instances": [[]]}, "type for 'instances[0]', expected: object"),
        (
            "yank",
            {"instances": [{"type": "migration", "id": "a"}]},
            "Parameter 'instances[0].id' is unexpected",
        ),
    ],
)
def test_the_error_is_qemus(
    models: Models, command: str, arguments: dict[str, Any], desc: str
) -> None:
    assert refused(models, command, **arguments).endswith(desc)


def test_the_object_as_a_whole_may_be_what_is_wrong(models: Models, schema: Schema) -> None:
    with pytest.raises(QmpError, match="for '<anonymous>', expected: object"):
        models.validate(schema.types["ObjectOptions"], [])


@pytest.mark.parametrize("value", [3, 0, -(2**63), 2**63 - 1])
def test_an_integer_is_an_integer(models: Models, schema: Schema, value: int) -> None:
    assert models.validate(schema.types["int"], value, "poll-grow") == value


@pytest.mark.parametrize("value", [1.0, True, None, "3", 2**63, [], {}])
def test_nothing_else_is_an_integer(models: Models, schema: Schema, value: Any) -> None:
    with pytest.raises(QmpError) as caught:
        models.validate(schema.types["int"], value, "poll-grow")
    assert caught.value.desc == "Invalid parameter type for 'poll-grow', expected: integer"


@pytest.mark.parametrize(
    ("type_name", "value", "result"),
    [
        ("uint64", -1, 2**64 - 1),
        ("uint64", 2**64 - 1, 2**64 - 1),
        ("size", -(2**63), 2**63),
        ("uint8", 255, 255),
        ("int8", -128, -128),
        ("number", 3, 3.0),
        ("any", {"a": [None]}, {"a": [None]}),
        ("null", None, None),
    ],
)
def test_builtin_types_take_what_qemu_takes(
    models: Models, schema: Schema, type_name: str, value: Any, result: Any
) -> None:
    assert models.validate(schema.types[type_name], value) == result


@pytest.mark.parametrize(
    ("type_name", "value", "desc"),
    [
        ("uint8", 256, "Parameter 'x' expects uint8_t"),
        ("uint8", -1, "Parameter 'x' expects uint8_t"),
        ("uint8", "1", "Parameter 'x' expects uint64"),
        ("int16", 2**15, "Parameter 'x' expects int16_t"),
        ("int16", 2**63, "Invalid parameter type for 'x', expected: integer"),
        ("size", 1.5, "Parameter 'x' expects uint64"),
        ("number", True, "Invalid parameter type for 'x', expected: number"),
        ("bool", 1, "Invalid parameter type for 'x', expected: boolean"),
        ("null", 0, "Invalid parameter type for 'x', expected: null"),
    ],
)
def test_builtin_types_refuse_in_qemus_words(
    models: Models, schema: Schema, type_name: str, value: Any, desc: str
) -> None:
    with pytest.raises(QmpError) as caught:
        models.validate(schema.types[type_name], value, "x")
    assert caught.value.desc == desc


def test_an_enumeration_without_values_takes_nothing(tmp_path: Path) -> None:
    text = "{ 'enum': 'None', 'data': [] } { 'command': 'go', 'data': { 'n': 'None' } }"
    models = Models(load(tmp_path, text))
    assert refused(models, "go", n="a") == "Parameter 'n' does not accept value 'a'"


RECURSIVE = """
{ 'struct': 'Node', 'data': { '*next': 'Node' } }
{ 'command': 'go', 'data': { 'node': 'Node' } }
"""


def nested(depth: int) -> dict[str, Any]:
    node: dict[str, Any] = {}
    for _ in range(depth):
        node = {"next": node}
    return node


def test_types_that_hold_themselves_take_deep_values(tmp_path: Path) -> None:
    models = Models(load(tmp_path, RECURSIVE))
    assert check(models, "go", node=nested(300)) == {"node": nested(300)}


def test_values_deeper_than_the_stack_are_refused(tmp_path: Path) -> None:
    models = Models(load(tmp_path, RECURSIVE))
    assert refused(models, "go", node=nested(5000)) == "JSON nesting depth limit exceeded"


NEW_MEMBER = "'*poll-weight': 'int', '*x-mood': 'str',"


def with_new_iothread_member(folder: Path) -> Schema:
    """The daemon's schema with one more member of an iothread."""
    for file in Path(packaged_schema_path()).parent.glob("*.json"):
        text = file.read_text()
        if file.name == "qom.json":
            old = "'*poll-weight': 'int',"
            assert old in text
            text = text.replace(old, NEW_MEMBER)
            text = text.replace("# @poll-weight:", "# @x-mood: how it feels\n#\n# @poll-weight:")
        (folder / file.name).write_text(text)
    return load_schema(str(folder / "qapi-schema.json"))


def test_a_member_added_to_the_schema_is_validated(tmp_path: Path, models: Models) -> None:
    arguments = IOTHREAD | {"x_mood": "fine"}
    assert refused(models, "object-add", **arguments) == "Parameter 'x-mood' is unexpected"
    extended = Models(with_new_iothread_member(tmp_path))
    assert check(extended, "object-add", **arguments)["arg"]["x-mood"] == "fine"
    assert refused(extended, "object-add", **IOTHREAD, x_mood=1).endswith("expected: string")


def test_validation_does_not_import_pydantic() -> None:
    program = f"""
import sys
from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.qapi.models import Models
schema = load_schema({packaged_schema_path()!r})
models = Models(schema)
models.arguments(schema.commands["query-name"])({{}})
assert "pydantic_core" not in sys.modules
models.arguments(schema.commands["qom-list"])({{"path": "/"}})
assert "pydantic" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
