"""Names and conditions, as rules rather than case by case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.qapi.conditions import Condition, holds, read_condition
from qmp_iothreadd.qapi.lexer import Lexer
from qmp_iothreadd.qapi.messages import QAPIError
from qmp_iothreadd.qapi.names import c_name, check_definition, check_lower
from qmp_iothreadd.qapi.parser import read_value
from qmp_iothreadd.qapi.schema import EnumType, ObjectType
from qmp_iothreadd.qapi.source import Location, Pragmas

if TYPE_CHECKING:
    from collections.abc import Callable

    from qmp_iothreadd.qapi.schema import Schema
    from tests.qapi.conftest import LoadText

HERE = Location("schema.json", 1, Pragmas())
NAMES = st.text(st.sampled_from("aAbBxq10_-."), max_size=8)


def refusal(check: Callable[[], object]) -> str:
    """What a check says, or nothing."""
    try:
        check()
    except QAPIError as error:
        return str(error)
    return ""


def is_name(meta: str, name: str) -> bool:
    return not refusal(lambda: check_definition(meta, name, HERE))


@pytest.mark.parametrize(
    ("meta", "good", "bad"),
    [
        (
            "struct",
            ["Disk", "X86Info", "__org.q_x-Disk", "Aa"],
            ["disk", "DISK", "D_k", "ADiskList"],
        ),
        (
            "command",
            ["go", "x-go", "go-2", "__a.b-c_go"],
            ["Go", "go_on", "-go", "2-go", "q-go"],
        ),
        ("event", ["GONE", "GONE_2", "__A.B_X-GONE"], ["gone", "GONE-2", "_GONE", "2GONE"]),
    ],
)
def test_each_kind_of_definition_has_its_case(meta: str, good: list[str], bad: list[str]) -> None:
    assert [name for name in good if not is_name(meta, name)] == []
    assert [name for name in bad if is_name(meta, name)] == []


@given(NAMES)
def test_a_name_in_lower_case_is_no_other_kind_of_name(name: str) -> None:
    if is_name("command", name):
        assert re.search("[a-z]", name)
        assert not is_name("struct", name)
        assert not is_name("event", name)


@given(NAMES)
def test_exemption_from_case_is_not_exemption_from_form(name: str) -> None:
    said = refusal(lambda: check_lower(name, HERE, "it", upper=True, underscore=True))
    if said:
        assert "invalid name" in said
    else:
        assert re.fullmatch("[A-Za-z0-9_]+", c_name(name))


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    st.sampled_from("ABC"),
    lambda inner: (
        st.tuples(st.just("not"), st.tuples(inner))
        | st.tuples(
            st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3).map(tuple)
        )
    ),
    max_leaves=8,
)


def as_written(condition: Condition) -> str:
    if not isinstance(condition, tuple):
        return f"'{condition}'"
    operator, operands = condition
    if operator == "not":
        return f"{{ 'not': {as_written(operands[0])} }}"
    return f"{{ '{operator}': [ {', '.join(map(as_written, operands))} ] }}"


def as_python(condition: Condition) -> str:
    if not isinstance(condition, tuple):
        return f"('{condition}' in config)"
    operator, operands = condition
    if operator == "not":
        return f"(not {as_python(operands[0])})"
    return "(" + (" and " if operator == "all" else " or ").join(map(as_python, operands)) + ")"


@given(CONDITIONS, st.frozensets(st.sampled_from("ABC")))
def test_conditions_mean_what_python_says(condition: Condition, config: frozenset[str]) -> None:
    assert holds(condition, config) == eval(as_python(condition))


def member_names(schema: Schema, name: str) -> list[str]:
    found = schema.types[name]
    assert isinstance(found, EnumType | ObjectType)
    return [member.name for member in found.members]


def test_a_condition_takes_away_the_definition_or_the_part_that_has_it(
    load_text: LoadText,
) -> None:
    text = """
        { 'struct': 'Disk',
          'data': { 'id': 'str', 'size': { 'type': 'int', 'if': 'A' } },
          'features': [ 'flat', { 'name': 'round', 'if': 'A' } ] }
        { 'enum': 'Kind', 'data': [ 'disk', { 'name': 'tape', 'if': 'A' } ] }
        { 'command': 'go', 'if': 'A' }
        { 'event': 'GONE', 'data': { 'id': 'str' }, 'if': { 'not': 'A' } }
    """
    without, with_a = load_text(text), load_text(text, "A")
    assert member_names(without, "Disk") == ["id"]
    assert member_names(with_a, "Disk") == ["id", "size"]
    assert [feature.name for feature in without.types["Disk"].features] == ["flat"]
    assert member_names(without, "Kind") == ["disk"]
    assert member_names(with_a, "Kind") == ["disk", "tape"]
    assert (list(without.commands), list(without.events)) == ([], ["GONE"])
    assert (list(with_a.commands), list(with_a.events)) == (["go"], [])
    assert "q_obj_GONE-arg" not in with_a.types


def test_what_is_conditional_is_checked_all_the_same(load_text: LoadText) -> None:
    with pytest.raises(QAPIError, match="uses unknown type 'Tape'"):
        load_text("{ 'struct': 'Disk', 'data': { 'tape': 'Tape' }, 'if': 'NEVER' }")


@given(st.data())
def test_read_conditions_hold_as_they_are_written(data: st.DataObject) -> None:
    condition = data.draw(CONDITIONS)
    value = read_value(Lexer(as_written(condition), HERE))
    assert read_condition(value, HERE, "it") == condition
