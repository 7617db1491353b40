"""No pattern relies on what a Python gets wrong, and none takes long for a hostile text."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qmp_iothreadd.iothread.trace_events import matching_events
from qmp_iothreadd.qapi import QAPIError, load_schema
from qmp_iothreadd.qom import c_numbers, keyval

ROOT = Path(__file__).parents[1]

# CPython before 3.11.5 does not always give back what a failed try of a possessive repeat or of an
# atomic group has taken (CPython's gh-106052). A possessive repeat of one character has no parts
# that could fail, and is right everywhere.
POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[0-9,]*\})\+|\(\?>")


def sources() -> list[str]:
    folders = ("qmp_iothreadd", "tests", "scripts")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    return sorted(str(file.relative_to(ROOT)) for file in files if file != Path(__file__))


def texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            text = node.value
            yield text if isinstance(text, str) else text.decode("latin-1")


@pytest.mark.parametrize("file", sources())
def test_no_group_is_repeated_possessively_or_atomic(file: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    assert [text for text in texts(tree) if POSSESSIVE_GROUP.search(text)] == []


@pytest.mark.parametrize(
    "pattern", [r"(?:\s+|#[^\n]*)*+", r"(ab)++", "(ab)?+", "(ab){2,}+", "(?>a|ab)c"]
)
def test_possessive_groups_are_found(pattern: str) -> None:
    assert POSSESSIVE_GROUP.search(pattern)


@pytest.mark.parametrize("pattern", [r"\s*+a", "[^)]++", "(ab)*", "a{2}+"])
def test_repeats_of_a_character_are_not(pattern: str) -> None:
    assert not POSSESSIVE_GROUP.search(pattern)


def cpu_seconds(function: Callable[[], object]) -> float:
    started = time.process_time()
    function()
    return time.process_time() - started


# Where each character is looked at once these take milliseconds, else minutes.
LONG = 200_000
SOON_S = 5.0


@pytest.mark.parametrize(
    "text",
    [
        "{ 'struct': 'A" + "a" * LONG + "_', 'data': {} }",
        "{ 'enum': 'A', 'data': ['" + "a-" * LONG + "+'] }",
        "{ 'command': '__" + "a.-" * LONG + "', 'data': {} }",
        "# a\n" * LONG + "+",
        "#\n \t" * LONG + "+",
        "##\n" + "# a\n" * LONG + "#\n",
        "##\n" + "# @a: b\n" * LONG + "##junk\n",
        "##\n# @" + "a" * LONG + "\n##\n",
        "##\n# " + "@:" * LONG + "\n##\n",
        "'" + "\\\\" * LONG,
        "{" * LONG,
    ],
)
def test_long_schemas_are_refused_soon(tmp_path: Path, text: str) -> None:
    file = tmp_path / "schema.json"
    file.write_text(text)

    def load() -> None:
        with pytest.raises(QAPIError):
            load_schema(str(file))

    assert cpu_seconds(load) < SOON_S


def test_long_numbers_on_the_command_line_are_refused_soon() -> None:
    def read() -> None:
        for text in ("1" * LONG, "1." + "1" * LONG, "0x" + "1" * LONG, " " * LONG):
            c_numbers.number(text + "#")
            c_numbers.size(text + "#")

    assert cpu_seconds(read) < SOON_S


def test_long_values_on_the_command_line_are_read_soon() -> None:
    def read() -> None:
        assert keyval.parse("a=" + ",," * LONG)[0] == {"a": "," * LONG}
        assert keyval.parse("a=" + "b" * LONG)[0] == {"a": "b" * LONG}

    assert cpu_seconds(read) < SOON_S


@pytest.mark.parametrize("text", ["*" * LONG + "!", "*o" * 1000, "?*" * 1000, "*" * LONG])
def test_patterns_with_many_wildcards_are_matched_soon(text: str) -> None:
    assert cpu_seconds(lambda: matching_events(text)) < SOON_S
