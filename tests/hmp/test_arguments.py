"""The human monitor's argument parser and the text it reads."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.hmp import arguments, text
from qmp_iothreadd.hmp.all_commands import COMMANDS
from qmp_iothreadd.hmp.arguments import FormatMemory, parse, words
from qmp_iothreadd.hmp.messages import ArgumentError
from qmp_iothreadd.hmp.registry import HMPCommand

ALL_COMMANDS = [each for command in COMMANDS for each in (command, *command.sub_commands)]
TYPED = st.binary(max_size=60).map(text.decode)


def test_words_end_at_space_or_at_the_closing_quote() -> None:
    assert words("a  b\tc") == ["a", "b", "c"]
    assert words('"a b"c "d""e" f"g"') == ["a b", "c", "d", "e", 'f"g"']
    assert words(r'"\n\r\\\'\"" \n') == ["\n\r\\'\"", r"\n"]
    assert words('""') == [""]
    assert words(" ") == []


@pytest.mark.parametrize("line", ['"', 'a "b', r'"\t"', '"\\'])
def test_words_that_do_not_end_are_none(line: str) -> None:
    assert words(line) is None


def test_words_are_limited_in_number_and_length() -> None:
    assert words("a " * arguments.WORDS_MAX) is not None
    assert words("a " * (arguments.WORDS_MAX + 1)) is None
    [cut] = words("é" * 600) or []
    assert len(text.encode(cut)) == arguments.WORD_MAX
    assert words("a" * 2000 + " b") == ["a" * arguments.WORD_MAX, "b"]


def test_flags_stand_before_what_they_are_flags_of() -> None:
    def parsed(line: str) -> dict[str, object]:
        return parse("block", "nodes:-n,verbose:-v,device:B?", line, FormatMemory())

    assert parsed("") == {"nodes": False, "verbose": False, "device": None}
    assert parsed("-n -v x") == {"nodes": True, "verbose": True, "device": "x"}
    assert parsed("-v x") == {"nodes": False, "verbose": True, "device": "x"}
    assert parsed("-nv") == {"nodes": True, "verbose": False, "device": "v"}
    assert parsed("-v -n") == {"nodes": False, "verbose": True, "device": "-n"}
    with pytest.raises(ArgumentError, match="block: unsupported option -x"):
        parsed("-x")


@pytest.mark.parametrize(
    ("args_type", "said"),
    [("a:s", "string"), ("a:S", "string"), ("a:F", "filename"), ("a:B", "block device name")],
)
def test_a_missing_argument_is_named_by_its_kind(args_type: str, said: str) -> None:
    with pytest.raises(ArgumentError, match=f"^c: {said} expected$"):
        parse("c", args_type, "  ", FormatMemory())
    assert parse("c", args_type + "?", "  ", FormatMemory()) == {"a": None}


def test_an_expression_may_be_bound_to_32_bits() -> None:
    assert parse("c", "a:i", "0xffffffff", FormatMemory()) == {"a": 2**32 - 1}
    for line in ("0x100000000", "-1"):
        with pytest.raises(ArgumentError, match="'c' has failed: integer is for 32-bit values"):
            parse("c", "a:i", line, FormatMemory())


@given(st.binary())
def test_typed_bytes_come_back_as_they_were(data: bytes) -> None:
    assert text.encode(text.decode(data)) == data


@given(TYPED, st.sampled_from(ALL_COMMANDS))
def test_any_line_is_parsed_or_refused(line: str, command: HMPCommand) -> None:
    try:
        values = parse(command.names, command.args, line, FormatMemory())
    except ArgumentError:
        return
    assert list(values) == [each.name for each in arguments.parameters(command.args)]


@given(st.lists(st.text(alphabet=st.characters(exclude_characters=" \t\n\v\f\r\0")), max_size=16))
def test_quoted_words_are_read_back(given_words: list[str]) -> None:
    def quoted(word: str) -> str:
        escaped = word.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    assert words(" ".join(map(quoted, given_words))) == given_words
