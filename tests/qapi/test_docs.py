"""Documentation comments: what counts as which part, and what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qmp_iothreadd.qapi.docs import Doc, read_doc
from qmp_iothreadd.qapi.messages import QAPIError, Rule
from qmp_iothreadd.qapi.source import Location, Pragmas

if TYPE_CHECKING:
    from tests.qapi.conftest import LoadText

HERE = Location("schema.json", 1, Pragmas())


def read(text: str) -> Doc:
    """The comment with these lines, each without its ``# ``."""

    def error(rule: Rule, line: int, *, offset: int | None = None, **values: object) -> QAPIError:
        column = 1 if offset is None else offset + 1
        return QAPIError(rule, HERE.at(line + 2), column, **values)

    lines = [f"# {line}" if line else "#" for line in text.strip("\n").split("\n")]
    doc = read_doc(lines, range(2, 2 + len(lines)), HERE, error)
    doc.check_texts()
    return doc


def test_a_comment_without_a_symbol_is_free_text() -> None:
    doc = read("= Disks\n\nReturns: nothing\n@size without a colon")
    assert (doc.symbol, set(doc.tags), list(doc.members)) == ("", set(), [])


def test_members_features_and_sections_are_told_apart() -> None:
    doc = read("""
@query-disk:

Overview of @size.

@id: its name
@size: its size;
    @id: indented, so it is text

Features:

@fast: quick

Returns: the disk

Errors:
    - none

Since: 1.0
""")
    assert doc.symbol == "query-disk"
    assert list(doc.members) == ["id", "size"]
    assert list(doc.features) == ["fast"]
    assert set(doc.tags) == {"Returns", "Errors", "Since"}


@pytest.mark.parametrize(
    "continuation",
    [
        pytest.param("       lined up", id="in line with the text"),
        pytest.param("         further in", id="further in"),
        pytest.param("    four\n    again", id="four columns, as later versions have it"),
        pytest.param(" one", id="one column"),
        pytest.param("\n    after a blank line", id="after a blank line"),
        pytest.param("    four\n         nine\n    four", id="nested"),
        pytest.param("\nA paragraph of its own.", id="text that ends the description"),
    ],
)
def test_descriptions_go_on_in_either_layout(continuation: str) -> None:
    doc = read(f"@Disk:\n\n@size: its size,\n{continuation}\n\nSince: 1.0")
    assert list(doc.members) == ["size"]
    assert set(doc.tags) == {"Since"}


@pytest.mark.parametrize(
    ("continuation", "least"),
    [
        pytest.param("not indented", 7, id="none, without a blank line"),
        pytest.param("    four\n  two", 4, id="less than the line before"),
        pytest.param("    four\n\n  two", 4, id="less, after a blank line"),
        pytest.param("         nine\nnone", 7, id="none after more than enough"),
    ],
)
def test_a_de_indent_says_how_much_is_expected(continuation: str, least: int) -> None:
    with pytest.raises(QAPIError, match=f"expected at least {least} spaces") as caught:
        read(f"@Disk:\n\n@size: its size,\n{continuation}")
    assert caught.value.line == 4 + len(continuation.split("\n"))


@pytest.mark.parametrize("tag", ["Returns", "Errors", "Since"])
def test_some_sections_are_there_only_once(tag: str) -> None:
    with pytest.raises(QAPIError, match=f"duplicated '{tag}' section"):
        read(f"@go:\n\n{tag}: a\n\n{tag}: b")


@pytest.mark.parametrize("tag", ["Note", "Notes", "Example", "Examples", "TODO"])
def test_other_sections_may_repeat(tag: str) -> None:
    assert read(f"@go:\n\n{tag}: a\n\n{tag}: b").tags.keys() == {tag}


@pytest.mark.parametrize("line", ["Example::", "since: 1.0", "Since : 1.0", "Since 1.0", "See:"])
def test_what_only_resembles_a_tag_is_text(line: str) -> None:
    assert read(f"@go:\n\n{line}").tags.keys() == set()


def test_blank_lines_may_have_blanks() -> None:
    assert list(read("@Disk:\n\n@size: its size\n   \n    more").members) == ["size"]


def test_the_text_is_kept_with_the_definition(load_text: LoadText) -> None:
    doc = "##\n# @Disk:\n#\n# @size: how much\n##\n"
    struct = "{ 'struct': 'Disk', 'data': { 'size': 'int' } }\n"
    schema = load_text(doc + struct + "{ 'event': 'FULL' }\n")
    assert schema.types["Disk"].doc == "@Disk:\n\n@size: how much"
    assert schema.events["FULL"].doc is None
