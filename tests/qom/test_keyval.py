"""The keyval language: what it means, and every text that QEMU has for what it cannot mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qapi.schema import BuiltinType, ObjectType
from qmp_iothreadd.qom import keyval
from qmp_iothreadd.qom.input_visitor import from_keyval, from_keyval_member


def refusal(text: str, implied: str | None = "type") -> str:
    with pytest.raises(QmpError) as caught:
        keyval.parse(text, implied)
    return caught.value.desc


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1,", {"a": "1"}),
        ("a=", {"a": ""}),
        ("a=1,b=2", {"a": "1", "b": "2"}),
        ("thing", {"type": "thing"}),
        ("thing,id=x", {"type": "thing", "id": "x"}),
        ("id=x,type=thing", {"id": "x", "type": "thing"}),
        ("thing,type=other", {"type": "other"}),
        ("a=1,a=2", {"a": "2"}),
        ("a=x=y", {"a": "x=y"}),
        ("a=1,,2", {"a": "1,2"}),
        ("a=,,,,", {"a": ",,"}),
        ("a=1,,,b=2", {"a": "1,", "b": "2"}),
        ("a.b.c=1,a.b.d=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        ("a.0=x,a.1=y", {"a": ["x", "y"]}),
        ("a.1=y,a.0=x", {"a": ["x", "y"]}),
        ("a.0.b=x,a.1.b=y", {"a": [{"b": "x"}, {"b": "y"}]}),
        ("a.00=x", {"a": ["x"]}),
        ("__org.example_x=1", {"__org.example_x": "1"}),
        ("a-b_c9=1", {"a-b_c9": "1"}),
    ],
)
def test_text_means(text: str, values: dict[str, Any]) -> None:
    assert keyval.parse(text, "type") == (values, False)


def test_two_spellings_of_an_index_are_one_element() -> None:
    values, _ = keyval.parse("a.0=x,a.00=y")
    assert len(values["a"]) == 1


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("help", {}),
        ("?", {}),
        ("thing,help", {"type": "thing"}),
        ("thing,id=x,?,a=1", {"type": "thing", "id": "x", "a": "1"}),
    ],
)
def test_help_is_noticed_anywhere(text: str, values: dict[str, Any]) -> None:
    assert keyval.parse(text, "type") == (values, True)


def test_help_as_a_value_is_none() -> None:
    assert keyval.parse("type=help,helpful=1") == ({"type": "help", "helpful": "1"}, False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("thing,id", "Expected '=' after parameter 'id'"),
        ("thing,a.b", "Expected '=' after parameter 'a.b'"),
        (",id=a", "Invalid parameter ''"),
        ("=x", "Invalid parameter ''"),
        ("thing,,x", "Invalid parameter ''"),
        ("a=1,9x=1", "Invalid parameter '9x'"),
        ("a=1,_z=1", "Invalid parameter '_z'"),
        ("a=1,b..c=1", "Invalid parameter 'b..c'"),
        ("a=1,.b=1", "Invalid parameter '.b'"),
        ("a=1,b.=1", "Invalid parameter 'b.'"),
        ("0=1", "Invalid parameter '0'"),
        ("a b=1", "Invalid parameter 'a b'"),
        ("é=1", "Invalid parameter 'é'"),
        ("a=1,a.b=2", "Parameters 'a.*' used inconsistently"),
        ("a.b=2,a=1", "Parameters 'a.*' used inconsistently"),
        ("a.b.c=1,a.b=2", "Parameters 'a.b.*' used inconsistently"),
        ("a=1,a.b.9!=2", "Parameters 'a.*' used inconsistently"),
        ("a.0=x,a.b=y", "Parameters 'a.*' used inconsistently"),
        ("a.b.0=x,a.b.c=y", "Parameters 'a.b.*' used inconsistently"),
        ("a.1=x", "Parameter 'a.0' missing"),
        ("a.0=x,a.2=y", "Parameter 'a.1' missing"),
        ("a.99999999999999999999=x", "Parameter 'a.0' missing"),
        ("a.b.1=x", "Parameter 'a.b.0' missing"),
        ("x" * 128 + "=1", f"Parameter '{'x' * 128}' is too long"),
        ("a." + "x" * 128 + "=1", f"Parameter fragment '{'x' * 128}' is too long"),
        ("a." + "1" * 128 + "=1", f"Parameter fragment '{'1' * 128}' is too long"),
    ],
)
def test_text_is_refused(text: str, message: str) -> None:
    assert refusal(text) == message


def test_without_an_implied_key_the_first_value_needs_one() -> None:
    assert refusal("thing", None) == "Expected '=' after parameter 'thing'"


def test_a_fragment_of_127_characters_is_not_too_long() -> None:
    name = "x" * 127
    assert keyval.parse(f"{name}.{name}=1") == ({name: {name: "1"}}, False)


def test_keys_may_be_deep() -> None:
    depth = 20_000
    values, _ = keyval.parse("a" + ".0" * depth + "=1")
    current = values["a"]
    for _ in range(depth):
        [current] = current
    assert current == "1"
    assert refusal("a" + ".0" * depth + ".1=1").endswith(".0.0' missing")


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True), st.text()))
def test_any_value_can_be_written(values: dict[str, str]) -> None:
    text = ",".join(f"{key}={value.replace(',', ',,')}" for key, value in values.items())
    assert keyval.parse(text) == (values, False)


@given(st.text(alphabet="ab0.=,?{ é", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        values, _ = keyval.parse(text, "type")
    except QmpError as error:
        assert error.error_class == "GenericError"  # noqa: PT017 -- either will do
    else:
        assert isinstance(values, dict)


# -- Values of a type ------------------------------------------------------------------------------


def convert(type_: ObjectType, text: str) -> Any:
    values, _ = keyval.parse(text, "type")
    return from_keyval(type_, values)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("count=5", "count", 5),
        ("count=-0x10", "count", -16),
        ("count=010", "count", 8),
        ("count= 5", "count", 5),
        ("small=255", "small", 255),
        ("offset=-32768", "offset", -32768),
        ("big=18446744073709551615", "big", 2**64 - 1),
        ("big=-1", "big", 2**64 - 1),
        ("length=1.5k", "length", 1536),
        ("flag=yes", "flag", True),
        ("flag=off", "flag", False),
        ("ratio=0.25", "ratio", 0.25),
        ("label=", "label", ""),
        ("colour=green", "colour", "green"),
        ("limits.total=1,limits.rate=2", "limits", {"total": 1, "rate": 2.0}),
        ("cpus.0=1,cpus.1=0x2", "cpus", [1, 2]),
        ("parts.0.total=1", "parts", [{"total": 1}]),
        ("ref=x", "ref", "x"),
        ("ref.total=3", "ref", {"total": 3}),
        ("wordless.total=3", "wordless", {"total": 3}),
        ("anything.a.0=x", "anything", {"a": ["x"]}),
    ],
)
def test_strings_become_values(
    options_type: ObjectType, text: str, name: str, value: object
) -> None:
    result = convert(options_type, f"thing,id=a,{text}")
    assert result == {"type": "thing", "id": "a", name: value}
    assert type(result[name]) is type(value)


def test_members_come_in_the_order_of_the_schema(options_type: ObjectType) -> None:
    result = convert(options_type, "flag=on,count=1,id=a,type=thing")
    assert list(result) == ["type", "id", "count", "flag"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id=a", "Parameter 'type' is missing"),
        ("thing", "Parameter 'id' is missing"),
        ("other,id=a", "Parameter 'must' is missing"),
        ("nope,id=a", "Parameter 'type' does not accept value 'nope'"),
        ("thing,id.b=1", "Parameters 'id.*' are unexpected"),
        ("thing,id=a,count=x", "Parameter 'count' expects integer"),
        ("thing,id=a,count=5x", "Parameter 'count' expects integer"),
        ("thing,id=a,count=", "Parameter 'count' expects integer"),
        ("thing,id=a,count=1k", "Parameter 'count' expects integer"),
        ("thing,id=a,count=9223372036854775808", "Parameter 'count' expects integer"),
        ("thing,id=a,count.x=1", "Parameters 'count.*' are unexpected"),
        ("thing,id=a,count.0=1", "Parameters 'count.*' are unexpected"),
        ("thing,id=a,small=256", "Parameter 'small' expects uint8_t"),
        ("thing,id=a,offset=32768", "Parameter 'offset' expects int16_t"),
        ("thing,id=a,length=x", "Parameter 'length' expects size"),
        ("thing,id=a,flag=maybe", "Parameter 'flag' expects 'on' or 'off'"),
        ("thing,id=a,ratio=x", "Parameter 'ratio' expects number"),
        ("thing,id=a,colour=blue", "Parameter 'colour' does not accept value 'blue'"),
        ("thing,id=a,limits=1", "Invalid parameter type for 'limits', expected: object"),
        ("thing,id=a,limits.total=x", "Parameter 'limits.total' expects integer"),
        ("thing,id=a,limits.x=1", "Parameter 'limits.x' is unexpected"),
        ("thing,id=a,cpus=1", "Invalid parameter type for 'cpus', expected: array"),
        ("thing,id=a,cpus.0=x", "Parameter 'cpus.0' expects integer"),
        ("thing,id=a,cpus.0=70000", "Parameter 'null' expects uint16_t"),
        ("thing,id=a,colours.0=blue", "Parameter 'null' does not accept value 'blue'"),
        ("thing,id=a,parts.0.total=x", "Parameter 'parts.0.total' expects integer"),
        ("thing,id=a,wordless=x", "Invalid parameter type for 'wordless', expected: Wordless"),
        ("thing,id=a,nothing=x", "Invalid parameter type for 'nothing', expected: null"),
        ("thing,id=a,foo=1", "Parameter 'foo' is unexpected"),
        ("thing,id=a,foo=1,bar=2,baz=3", "Parameter 'baz' is unexpected"),
        ("bare,id=a,count=1", "Parameter 'count' is unexpected"),
        ("thing,id=a,flag=x,count=x", "Parameter 'count' expects integer"),
        ("thing,id=a,foo=1,count=x", "Parameter 'count' expects integer"),
    ],
)
def test_misfits_are_refused_in_qemus_words(
    options_type: ObjectType, text: str, message: str
) -> None:
    with pytest.raises(QmpError) as caught:
        convert(options_type, text)
    assert caught.value.desc == message


def test_a_member_alone_is_converted_under_its_name() -> None:
    integer = BuiltinType("int", json="int")
    assert from_keyval_member(integer, "0x10", "count") == 16
    with pytest.raises(QmpError, match="'count'"):
        from_keyval_member(integer, "many", "count")
