"""``-object`` and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.lines import parse, printed, said


@pytest.mark.parametrize(
    "text",
    [
        "iothread,id=io0,poll-max-ns=1000,poll-weight=5",
        "poll-weight=5,qom-type=iothread,poll-max-ns=0x3e8,id=io0",
        '{"id":"io0","poll-weight":5,"poll-max-ns":1000,"qom-type":"iothread"}',
    ],
)
def test_object_has_the_values_in_the_order_of_the_schema(text: str) -> None:
    config = parse("-object", text)
    assert [each.values for each in config.objects] == [
        {"qom-type": "iothread", "id": "io0", "poll-max-ns": 1000, "poll-weight": 5}
    ]
    assert list(config.objects[0].values) == ["qom-type", "id", "poll-max-ns", "poll-weight"]
    assert config.objects[0].location == f"-object {text}"


def test_objects_keep_their_order() -> None:
    config = parse(
        "-object", "iothread,id=b", "-object", "main-loop,id=m", "--object", "iothread,id=a"
    )
    assert [each.values["id"] for each in config.objects] == ["b", "m", "a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("iothread,id=a,foo=1", "Invalid parameter 'foo'"),
        ("iothread,id=a,foo=1,bar=2,baz=3", "Invalid parameter 'baz'"),
        (
            "iothread,id=a,poll-grow=5x,poll-max-ns=z",
            "Parameter 'poll-max-ns' expects an int64 value",
        ),
        ("id=a", "Parameter 'qom-type' is missing"),
        ("nope,help", "Parameter 'qom-type' does not accept value 'nope'"),
        ('{"qom-type":"iothread"}', "Parameter 'id' is missing"),
        ("{}", "Parameter 'qom-type' is missing"),
        (
            '{"qom-type":"iothread","id":"a","poll-grow":"1"}',
            "Invalid parameter type for 'poll-grow', expected: integer",
        ),
        ('{"qom-type":"iothread","id":1}', "Invalid parameter type for 'id', expected: string"),
        ('{"qom-type":"iothread","id":"a"} {}', "Expecting at most one JSON value"),
        ('{"qom-type":"iothread","id":"a"} x', "Expecting at most one JSON value"),
        ("{", "1:2: JSON parse error, premature end of input"),
    ],
)
def test_object_is_refused(text: str, message: str) -> None:
    assert said("-object", text) == f"prog: -object {text}: {message}\n"


def test_a_flag_in_an_object_is_warned_of_before_the_error() -> None:
    assert said("-object", "iothread,id=a,nofoo") == (
        "prog: -object iothread,id=a,nofoo: warning: short-form boolean option 'nofoo' deprecated\n"
        "Please use foo=off instead\n"
        "prog: -object iothread,id=a,nofoo: Invalid parameter 'foo'\n"
    )


def test_json_objects_may_repeat_an_id_on_the_command_line() -> None:
    """Only the second creation fails: their ids are not those of option lists."""
    text = '{"qom-type":"iothread","id":"a"}'
    assert len(parse("-object", text, "-object", text).objects) == 2


@pytest.mark.parametrize(
    "text",
    [
        "secret,id=o,format=raw,file=/var/lib/key",
        '{"qom-type":"secret","id":"o","format":"raw","file":"/var/lib/key"}',
        '{"qom-type":"memory-backend-ram","id":"o","size":16777216}',
        "memory-backend-ram,id=o,size=16M",
    ],
)
def test_objects_of_virtual_machines_are_objects(text: str) -> None:
    (found,) = parse("-object", text).objects
    assert found.values["id"] == "o"
    assert found.values.get("size", 1 << 24) == 1 << 24


def test_objects_need_an_id_of_their_own() -> None:
    assert said("-object", "secret") == "prog: -object secret: Parameter 'id' is missing\n"
    assert said("-object", "secret,id=a", "-object", "iothread,id=a") == (
        "prog: -object iothread,id=a: Duplicate ID 'a' for object\n"
    )


def test_object_help_lists_types_and_properties() -> None:
    status, text = printed("-object", "help")
    assert status == 0
    first, *names = text.splitlines()
    assert first == "List of user creatable objects:"
    assert names == sorted(names)
    assert {"  iothread", "  memory-backend-ram", "  secret", "  x-workload"} < set(names)
    status, text = printed("-object", "iothread,help")
    assert text.splitlines()[:2] == ["iothread options:", "  aio-max-batch=<int>"]
    assert "  poll-weight=<int>" in text.splitlines()
    assert printed("-object", "iothread,id=a,?") == (0, text)


def test_a_schema_without_objects_has_none_to_make(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text("{ 'command': 'x-nothing' }")
    text = said("-object", "iothread,id=a", "--schema", str(schema))
    assert text == "prog: -object iothread,id=a: objects are not supported\n"
