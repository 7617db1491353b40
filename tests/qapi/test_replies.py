"""Values that go out: what is left out of them, and what is wrong with them."""

from __future__ import annotations

import copy
import sys
from typing import TYPE_CHECKING, Any

import pytest

from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.replies import ReplyError
from qmp_iothreadd.qapi.stub_values import stub_value

if TYPE_CHECKING:
    from tests.qapi.conftest import LoadText

SCHEMA = """
{ 'enum': 'Kind', 'data': [ 'disk', 'tape', 'drum' ] }
{ 'enum': 'Speed', 'data': [ 'slow', 'fast' ] }
{ 'struct': 'Size', 'data': { 'bytes': 'uint64', '*unit': 'str' } }
{ 'struct': 'Disk', 'data': { 'size': 'Size', '*partitions': ['Size'] } }
{ 'union': 'Tape', 'base': { 'speed': 'Speed' }, 'discriminator': 'speed',
  'data': { 'fast': 'Size' } }
{ 'union': 'Device', 'base': { 'name': 'str', 'kind': 'Kind' }, 'discriminator': 'kind',
  'data': { 'disk': 'Disk', 'tape': 'Tape' } }
{ 'alternate': 'Place', 'data': { 'path': 'str', 'size': 'Size', 'sizes': ['Size'] } }
{ 'struct': 'Node', 'data': { 'name': 'str', '*next': 'Node', '*place': 'Place', '*more': 'any' } }
{ 'command': 'query-devices', 'returns': ['Device'] }
{ 'command': 'stop' }
{ 'event': 'MOVED', 'data': { 'to': 'Place' } }
"""

SIZE = {"bytes": 1}
X = {"x-more": 1}


@pytest.fixture
def models(load_text: LoadText) -> Models:
    return Models(load_text(SCHEMA))


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("str", "text"),
        ("Kind", "disk"),
        ("intList", [1, 2]),
        ("Size", SIZE),
        ("Disk", {"size": SIZE, "partitions": [SIZE, SIZE]}),
        ("Device", {"name": "a", "kind": "disk", "size": SIZE}),
        ("Device", {"name": "a", "kind": "drum"}),
        ("Device", {"name": "a", "kind": "tape", "speed": "fast", "bytes": 1}),
        ("Node", {"name": "a", "next": {"name": "b", "place": SIZE}, "more": {"x": [X]}}),
        ("Node", {"name": "a", "place": "there"}),
    ],
)
def test_what_the_schema_has_goes_out_as_it_is(
    models: Models, type_name: str, value: object
) -> None:
    type_ = models.schema.types[type_name]
    assert models.reply(type_)(value) is value
    models.check_reply(type_, value)


@pytest.mark.parametrize(
    ("type_name", "value", "left"),
    [
        ("Size", SIZE | X, SIZE),
        ("SizeList", [SIZE, SIZE | X], [SIZE, SIZE]),
        (
            "Disk",
            {"size": SIZE | X, "partitions": [SIZE | X]},
            {"size": SIZE, "partitions": [SIZE]},
        ),
        (
            "Device",
            {"name": "a", "kind": "disk", "size": SIZE | X} | X,
            {"name": "a", "kind": "disk", "size": SIZE},
        ),
        ("Device", {"name": "a", "kind": "drum", "size": SIZE}, {"name": "a", "kind": "drum"}),
        (
            "Device",
            {"name": "a", "kind": "tape", "speed": "slow", "bytes": 1},
            {"name": "a", "kind": "tape", "speed": "slow"},
        ),
        (
            "Node",
            {"name": "a", "next": {"name": "b", "place": [SIZE | X]}},
            {"name": "a", "next": {"name": "b", "place": [SIZE]}},
        ),
    ],
)
def test_what_the_schema_lacks_is_left_out(
    models: Models, type_name: str, value: object, left: object
) -> None:
    before = copy.deepcopy(value)
    type_ = models.schema.types[type_name]
    assert models.reply(type_)(value) == left
    assert value == before
    with pytest.raises(ReplyError, match="is unexpected"):
        models.check_reply(type_, value)
    models.check_reply(type_, left)


@pytest.mark.parametrize("type_name", ["str", "Size", "SizeList", "Device", "Place"])
@pytest.mark.parametrize("value", [None, 1, {}, [1], {"kind": 1}, {"kind": "other"}])
def test_a_projection_does_not_mind_what_is_of_another_type(
    models: Models, type_name: str, value: object
) -> None:
    models.reply(models.schema.types[type_name])(value)


@pytest.mark.parametrize(
    ("type_name", "value", "message"),
    [
        ("Size", {}, "not of type Size: Parameter 'bytes' is missing"),
        ("Size", {"bytes": True}, "Parameter 'bytes' expects uint64"),
        ("Size", {"bytes": "1"}, "Parameter 'bytes' expects uint64"),
        ("Size", {"bytes": -1}, "a negative integer is not unsigned"),
        ("SizeList", [SIZE, None], r"not of type SizeList: Invalid parameter type for '\[1\]'"),
        ("SizeList", (SIZE,), "not of type SizeList"),
        ("Kind", "card", "does not accept value 'card'"),
        ("Device", {"name": "a", "kind": "card"}, "does not accept value 'card'"),
        ("number", float("nan"), "not of type number: JSON has no number nan"),
        ("number", float("-inf"), "JSON has no number -inf"),
        ("any", {"a": [1, {"b": float("nan")}]}, "not of type any: JSON has no number nan"),
        ("Node", {"name": "a", "place": None}, "not of type Node"),
    ],
)
def test_what_is_of_another_type_is_refused(
    models: Models, type_name: str, value: object, message: str
) -> None:
    with pytest.raises(ReplyError, match=message):
        models.check_reply(models.schema.types[type_name], value)


def test_nothing_is_nothing(models: Models) -> None:
    type_ = models.schema.commands["stop"].ret_type
    assert models.reply(type_)({"more": 1}) is None
    models.check_reply(type_, None)
    models.check_reply(type_, {})
    with pytest.raises(ReplyError, match="nothing should be returned"):
        models.check_reply(type_, {"more": 1})


def test_data_of_events_goes_out_likewise(models: Models) -> None:
    type_ = models.schema.events["MOVED"].arg_type
    assert models.reply(type_)({"to": SIZE | X} | X) == {"to": SIZE}


def test_a_chain_of_objects_may_be_long(models: Models) -> None:
    chain: dict[str, Any] = {"name": "last"} | X
    depth = sys.getrecursionlimit() // 4
    for number in range(depth):
        chain = {"name": str(number), "next": chain}
    chain = models.reply(models.schema.types["Node"])(chain)
    for _ in range(depth):
        chain = chain["next"]
    assert chain == {"name": "last"}


def test_what_stands_in_for_a_reply_is_one() -> None:
    models = Models(load_schema())
    for command in models.schema.commands.values():
        value = stub_value(command.ret_type)
        if command.ret_type is not None:
            models.check_reply(command.ret_type, value)
            assert models.reply(command.ret_type)(value) is value
