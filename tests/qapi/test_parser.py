"""Reading files: tokens, values, positions, and what no input may ever do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from qmp_iothreadd.qapi.lexer import END, Lexer
from qmp_iothreadd.qapi.load import load
from qmp_iothreadd.qapi.messages import QAPIError, Rule
from qmp_iothreadd.qapi.parser import read_value
from qmp_iothreadd.qapi.source import Location, Pragmas

if TYPE_CHECKING:
    from pathlib import Path

    from tests.qapi.conftest import LoadText

# Pieces that schemas are made of, so that random ones get past the first token.
PIECES = st.sampled_from(
    [
        *"{}[]:,'#\n\t\\",
        " ",
        "true",
        "false",
        "##\n",
        "# @Disk:\n",
        "# @size: text\n",
        "#     more\n",
        "# @a\t:\n",
        "# Features:\n",
        "# Since: 1\n",
        "# = Title\n",
        "#\n",
        "{ 'struct': 'Disk', 'data': { 'size': 'int' } }\n",
        "{ 'enum': 'Kind', 'data': [ 'disk' ] }\n",
        "{ 'union': 'Drive', 'base': { 'kind': 'Kind' }, 'discriminator': 'kind', 'data': { ",
        "'disk': 'Disk'",
        "'Drive'",
        "{ 'include': ",
        "'schema.json'",
        "{ 'pragma': { 'doc-required': true } }\n",
        "{ 'command': 'go', 'data': ",
        "'if': { 'any': [ 'A' ] }",
        "'features': [ 'deprecated' ]",
        "'returns'",
    ]
)
FUZZ = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def lexer(text: str) -> Lexer:
    return Lexer(text, Location("schema.json", 1, Pragmas()))


VALUES = st.recursive(
    st.booleans() | st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(min_codepoint=97, max_codepoint=122)), inner)
    ),
    max_leaves=20,
)


def written(value: object) -> str:
    """A value in the language, with comments and blanks where they may be."""
    if isinstance(value, bool):
        return " true" if value else "false # no\n"
    if isinstance(value, str):
        # A quote cannot be written at all.
        return "'" + value.replace("'", "").replace("\\", "\\\\") + "'"
    if isinstance(value, list):
        return "[ " + ",\n".join(map(written, value)) + "]"
    assert isinstance(value, dict)
    return "{" + " , ".join(f"'{key}' :{written(item)}" for key, item in value.items()) + "\n}"


def without_quotes(value: object) -> object:
    if isinstance(value, str):
        return value.replace("'", "")
    if isinstance(value, list):
        return [without_quotes(item) for item in value]
    if isinstance(value, dict):
        return {key: without_quotes(item) for key, item in value.items()}
    return value


@given(VALUES)
def test_any_value_reads_back_as_it_was_written(value: object) -> None:
    reader = lexer(written(value))
    assert read_value(reader) == without_quotes(value)
    assert reader.kind == END


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("oops", 1, 1),
        ("  oops", 1, 3),
        ("\toops", 1, 1),
        ("# text\n\n   \toops\n", 3, 4),
        ("{ 'a'\n oops", 2, 2),
        ("{ 'a' ", 1, 7),
        ("{ 'a'\n\n\n", 3, 1),
    ],
)
def test_errors_are_located_by_line_and_column(text: str, line: int, column: int) -> None:
    with pytest.raises(QAPIError) as caught:
        read_value(lexer(text))
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).startswith(f"schema.json:{line}:{column}: ")


def test_lines_are_counted_right_in_any_order() -> None:
    reader = lexer("'a'\n'b'\n'c'\n")
    assert [reader.line_at(offset) for offset in (0, 4, 8, 4, 0, 11)] == [1, 2, 3, 2, 1, 3]


def test_nesting_is_bounded_far_below_the_stack() -> None:
    with pytest.raises(QAPIError) as caught:
        read_value(lexer("[" * 100_000))
    assert caught.value.rule is Rule.NESTED_TOO_DEEPLY


def test_conditions_may_nest_as_deep_as_expressions(load_text: LoadText) -> None:
    condition = "{ 'not': " * 198 + "'A'" + " }" * 198
    text = f"{{ 'event': 'GONE', 'if': {condition} }}"
    assert list(load_text(text).events) == []
    assert list(load_text(text, "A").events) == ["GONE"]


def test_files_may_be_included_deeper_than_the_stack_is(tmp_path: Path) -> None:
    depth = sys.getrecursionlimit() + 10
    for number in range(depth):
        (tmp_path / f"{number}.json").write_text(f"{{ 'include': '{number + 1}.json' }}\n")
    (tmp_path / f"{depth}.json").write_text("{ 'event': 'DEEP' }\n")
    schema = load(str(tmp_path / "0.json"))
    assert list(schema.events) == ["DEEP"]
    assert len(schema.files) == depth + 1


def test_a_file_named_in_two_ways_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "part.json").write_text("{ 'event': 'GONE' }\n")
    top = tmp_path / "top.json"
    top.write_text("{ 'include': 'part.json' }\n{ 'include': './part.json' }\n")
    assert load(str(top)).files == [str(top), str(tmp_path / "part.json")]


def test_an_unreadable_file_is_an_error_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(QAPIError, match=r"can't read schema file '.*': Is a directory") as caught:
        load(str(tmp_path))
    assert caught.value.file == str(tmp_path)
    assert caught.value.line is None


def check_outcome(file: Path, content: bytes) -> None:
    """Whatever a file holds, it is accepted or refused at a line that it has."""
    file.write_bytes(content)
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
    assert 1 <= line_of_error(file) <= lines


def line_of_error(file: Path) -> int:
    """1 where there is no error, 0 where it has no line."""
    try:
        load(str(file))
    except QAPIError as error:
        return error.line or 0
    return 1


@FUZZ
@given(st.binary(max_size=200))
@example(b"")
@example(b"\xef\xbb\xbf{}")
@example(b"'")
@example(b"##")
@example(b"##\n#")
@example(b"{ 'include': '\x00' }")
@example(b"##\n# @Disk:\n# @a\tb:\n##\n")
def test_any_bytes_are_a_schema_or_a_located_error(tmp_path: Path, content: bytes) -> None:
    check_outcome(tmp_path / "schema.json", content)


@FUZZ
@given(st.lists(PIECES, max_size=40))
def test_any_pieces_of_schemas_are_a_schema_or_a_located_error(
    tmp_path: Path, pieces: list[str]
) -> None:
    check_outcome(tmp_path / "schema.json", "".join(pieces).encode())


@settings(FUZZ, max_examples=50)
@given(VALUES)
def test_any_value_is_a_schema_or_a_located_error(tmp_path: Path, value: object) -> None:
    for meta in ("enum", "struct", "union", "alternate", "command", "event", "pragma"):
        data = f"'base': 'Disk', 'discriminator': 'a', 'data': {written(value)}"
        text = f"{{ '{meta}': 'Disk', {data} }}"
        check_outcome(tmp_path / "schema.json", text.encode())
        check_outcome(tmp_path / "schema.json", f"{{ '{meta}': {written(value)} }}".encode())
