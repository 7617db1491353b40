"""Option lists: their syntax, their warnings, their descriptions, and values of a type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qapi.schema import ObjectType
from qmp_iothreadd.qom.input_visitor import from_options
from qmp_iothreadd.qom.option_lists import (
    BOOL,
    NUMBER,
    SIZE,
    STRING,
    OptionList,
    option_kinds,
)


class Reader:
    """An undescribed list, as -object is, and the warnings it gave."""

    def __init__(self, **arguments: Any) -> None:
        self.warnings: list[str] = []
        self.list = OptionList("object", **{"implied": "type", **arguments})

    def read(self, text: str) -> tuple[str | None, list[tuple[str, str]]]:
        options = self.list.parse(text, f"-object {text}", self.warnings.append)
        assert options is not None
        return options.id, options.pairs

    def refusal(self, text: str) -> QmpError:
        with pytest.raises(QmpError) as caught:
            self.read(text)
        return caught.value


@pytest.mark.parametrize(
    ("text", "identifier", "pairs"),
    [
        ("", None, []),
        ("thing", None, [("type", "thing")]),
        ("thing,", None, [("type", "thing")]),
        ("thing,id=a", "a", [("type", "thing")]),
        ("id=a,type=thing", "a", [("type", "thing")]),
        ("a=1,a=2", None, [("a", "1"), ("a", "2")]),
        ("thing,id=a,id=b", "a", [("type", "thing")]),
        ("thing,,x", None, [("type", "thing,x")]),
        ("a=1,,2,b=,,", None, [("a", "1,2"), ("b", ",")]),
        ("a=x=y", None, [("a", "x=y")]),
        ("a.b=1", None, [("a.b", "1")]),
        ("=3", None, [("", "3")]),
        (",id=a", "a", [("type", "")]),
        ("nothing", None, [("type", "nothing")]),
        ("help", None, [("type", "help")]),
        ("thing,help", None, [("type", "thing"), ("help", "on")]),
        ("thing,no=3", None, [("type", "thing"), ("no", "3")]),
    ],
)
def test_text_means(text: str, identifier: str | None, pairs: list[tuple[str, str]]) -> None:
    reader = Reader()
    assert reader.read(text) == (identifier, pairs)
    assert reader.warnings == []


@pytest.mark.parametrize(
    ("flag", "pair", "advice"),
    [
        ("foo", ("foo", "on"), "foo=on"),
        ("nofoo", ("foo", "off"), "foo=off"),
        ("no", ("", "off"), "=off"),
        ("delay", ("delay", "on"), "nodelay=off"),
        ("nodelay", ("delay", "off"), "nodelay=on"),
    ],
)
def test_a_key_alone_is_a_flag_and_warned_of(flag: str, pair: tuple[str, str], advice: str) -> None:
    reader = Reader()
    assert reader.read(f"thing,{flag}") == (None, [("type", "thing"), pair])
    assert reader.warnings == [
        f"short-form boolean option '{flag}' deprecated\nPlease use {advice} instead"
    ]


def test_id_alone_is_on() -> None:
    assert Reader().read("thing,id") == ("on", [("type", "thing")])


def test_the_last_value_counts() -> None:
    options = OptionList("x").parse("a=1,a=2", "", lambda _: None)
    assert options is not None
    assert options.get("a") == "2"
    assert options.get("b") is None


@pytest.mark.parametrize("identifier", ["", "9x", "a b", "é", "_a", "a/b", "-a"])
def test_a_bad_id_is_refused_with_a_hint(identifier: str) -> None:
    error = Reader().refusal(f"thing,id={identifier}")
    assert error.desc == "Parameter 'id' expects an identifier"
    assert error.hint is not None
    assert error.hint.startswith("Identifiers consist of letters, digits, '-', '.', '_'")


def test_ids_are_unique_within_a_kind() -> None:
    reader = Reader()
    reader.read("thing,id=a")
    assert reader.refusal("other,id=a").desc == "Duplicate ID 'a' for object"
    reader.read("thing")
    reader.read("thing")
    assert len(reader.list.given) == 3


def test_a_refused_list_is_not_kept() -> None:
    reader = Reader(description={"type": STRING})
    assert reader.refusal("thing,id=a,foo=1").desc == "Invalid parameter 'foo'"
    reader.read("thing,id=a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foo=1", "Invalid parameter 'foo'"),
        ("foo", "Invalid parameter 'foo'"),
        ("flag=x", "Parameter 'flag' expects 'on' or 'off'"),
        ("count=x", "Parameter 'count' expects a number"),
        ("count=", "Parameter 'count' expects a number"),
        (
            "count=18446744073709551616",
            "Value '18446744073709551616' is too large for parameter 'count'",
        ),
        ("length=x", "Parameter 'length' expects a non-negative number below 2^64"),
        ("length=-1", "Parameter 'length' expects a non-negative number below 2^64"),
        (
            "length=16777216T",
            "Value '16777216T' is out of range for parameter 'length'",
        ),
    ],
)
def test_described_lists_check_names_and_kinds(text: str, message: str) -> None:
    description = {"flag": BOOL, "count": NUMBER, "length": SIZE, "text": STRING}
    reader = Reader(implied=None, description=description)
    assert reader.refusal(text).desc == message


def test_values_of_a_described_list() -> None:
    description = option_kinds("flag:bool count:number length:size text")
    assert description == {"flag": BOOL, "count": NUMBER, "length": SIZE, "text": STRING}
    which = OptionList("x", description=description)
    options = which.parse("flag=yes,count=0x10,length=1.5k,text=1", "", lambda _: None)
    assert options is not None
    assert options.get_bool("flag", False) is True
    assert options.get_bool("other", True) is True
    assert options.get_number("count") == 16
    assert options.get_number("other") is None
    assert options.get_size("length") == 1536
    assert options.get_size("other") is None
    assert options.get("text") == "1"


def test_lists_that_merge_add_up_and_take_no_id() -> None:
    reader = Reader(merge=True)
    reader.read("a,x=1")
    assert reader.read("b") == (None, [("type", "a"), ("x", "1"), ("type", "b")])
    assert reader.refusal("a,id=3").desc == "Invalid parameter 'id'"


def test_a_described_list_can_be_asked_for_help() -> None:
    """Its lines are sorted, not the names: of flag and flag-2 the second is first."""
    kinds = {"text": STRING, "flag": BOOL, "flag-2": NUMBER}
    which = OptionList("x", implied="text", description=kinds)
    assert which.parse("a,help", "", lambda _: None) is None
    assert which.parse("a,flag=on,?", "", lambda _: None) is None
    assert which.parse("help", "", lambda _: None) is not None  # the implied key takes it
    assert which.help() == ("x options:\n  flag-2=<num>\n  flag=<bool (on/off)>\n  text=<str>")
    assert len(which.given) == 1


@given(
    st.lists(st.tuples(st.from_regex(r"[a-hj-m][a-z.]{0,6}", fullmatch=True), st.text())),
)
def test_any_value_can_be_written(pairs: list[tuple[str, str]]) -> None:
    text = ",".join(f"{name}={value.replace(',', ',,')}" for name, value in pairs)
    assert Reader().read(text) == (None, pairs)


@given(st.text(alphabet="abnoid=,.? {é9", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        Reader().read(text)
    except QmpError as error:
        assert error.desc == "Parameter 'id' expects an identifier"  # noqa: PT017 -- either will do


# -- Values of a type ------------------------------------------------------------------------------


def value_of(type_: ObjectType, text: str) -> dict[str, Any]:
    options = OptionList("object", implied="type").parse(text, "", lambda _: None)
    assert options is not None
    values: dict[str, Any] = from_options(type_, options)
    return values


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("count=5", "count", 5),
        ("count=0x10", "count", 16),
        ("count=010", "count", 8),
        ("count=5x,count=4", "count", 4),
        ("small=255", "small", 255),
        ("big=18446744073709551615", "big", 2**64 - 1),
        ("length=1k", "length", 1024),
        ("flag=on", "flag", True),
        ("flag", "flag", True),
        ("noflag", "flag", False),
        ("label=a,,b", "label", "a,b"),
        ("colour=red", "colour", "red"),
        ("cpus=3", "cpus", [3]),
        ("cpus=3-5,cpus=9", "cpus", [3, 4, 5, 9]),
        ("deltas=-2-1", "deltas", [-2, -1, 0, 1]),
        ("words=a,words=b", "words", ["a", "b"]),
        ("colours=red,colours=green", "colours", ["red", "green"]),
        ("wrapped=b,,c,wrapped=d", "wrapped", [{"str": "b,c"}, {"str": "d"}]),
    ],
)
def test_strings_become_values(
    options_type: ObjectType, text: str, name: str, value: object
) -> None:
    assert value_of(options_type, f"thing,id=a,{text}") == {"type": "thing", "id": "a", name: value}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id=a", "Parameter 'type' is missing"),
        ("thing", "Parameter 'id' is missing"),
        ("other,id=a", "Parameter 'must' is missing"),
        ("nope,id=a", "Parameter 'type' does not accept value 'nope'"),
        (",id=a", "Parameter 'type' does not accept value ''"),
        ("thing,id=a,count=x", "Parameter 'count' expects an int64 value"),
        ("thing,id=a,count=", "Parameter 'count' expects an int64 value"),
        ("thing,id=a,count", "Parameter 'count' expects an int64 value"),
        ("thing,id=a,count=1k", "Parameter 'count' expects an int64 value"),
        ("thing,id=a,count=9223372036854775808", "Parameter 'count' expects an int64 value"),
        ("thing,id=a,big=-1", "Parameter 'big' expects a uint64 value"),
        ("thing,id=a,small=256", "Parameter 'small' expects uint8_t"),
        ("thing,id=a,length=-1", "Parameter 'length' expects a size value"),
        ("thing,id=a,flag=x", "Parameter 'flag' expects 'on' or 'off'"),
        ("thing,id=a,colour=blue", "Parameter 'colour' does not accept value 'blue'"),
        ("thing,id=a,colours=blue", "Parameter 'null' does not accept value 'blue'"),
        ("thing,id=a,cpus=x", "Parameter 'cpus' expects a uint64 value or range"),
        ("thing,id=a,cpus=", "Parameter 'cpus' expects a uint64 value or range"),
        ("thing,id=a,cpus=3-1", "Parameter 'cpus' expects a uint64 value or range"),
        ("thing,id=a,cpus=3-", "Parameter 'cpus' expects a uint64 value or range"),
        ("thing,id=a,cpus=0-65536", "Parameter 'cpus' expects a uint64 value or range"),
        ("thing,id=a,cpus=70000", "Parameter 'null' expects uint16_t"),
        ("thing,id=a,deltas=x", "Parameter 'deltas' expects an int64 value or range"),
        ("thing,id=a,limits=1", "Invalid parameter 'limits'"),
        ("thing,id=a,limits.total=1", "Invalid parameter 'limits.total'"),
        ("thing,id=a,parts=1", "Invalid parameter 'parts'"),
        ("thing,id=a,lists=1", "Invalid parameter 'lists'"),
        ("thing,id=a,ref=x", "Invalid parameter 'ref'"),
        ("thing,id=a,anything=x", "Invalid parameter 'anything'"),
        ("thing,id=a,foo=1", "Invalid parameter 'foo'"),
        ("thing,id=a,=3", "Invalid parameter ''"),
        ("thing,id=a,foo=1,bar=2,baz=3", "Invalid parameter 'baz'"),
        ("thing,id=a,foo=1,count=x", "Parameter 'count' expects an int64 value"),
        ("thing,id=a,flag=x,count=x", "Parameter 'count' expects an int64 value"),
    ],
)
def test_misfits_are_refused_in_qemus_words(
    options_type: ObjectType, text: str, message: str
) -> None:
    with pytest.raises(QmpError) as caught:
        value_of(options_type, text)
    assert caught.value.desc == message
