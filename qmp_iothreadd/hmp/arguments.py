"""Arguments of the human monitor's commands, from the line that was typed.

The texts and limits are those of QEMU's monitor/hmp, which reads arguments one after the other.

What a command takes is written as QEMU writes it: ``name:type`` pairs, separated by commas. The
types are

========= ==================================================================
``s``     a word, or a text in double quotes
``S``     the rest of the line
``F B``   like ``s``: the name of a file, of a block device
``l``     an expression, 64 bits wide
``i``     the same, 32 bits wide
``o``     a size, in MiB where no unit is given
``b``     ``on`` or ``off``
``O``     the rest of the line, which may be empty
``/``     the format of numbers: ``/`` and letters, as for a debugger's ``print``
``-x``    a flag: true where ``-x`` was given
========= ==================================================================

``?`` after ``s``, ``S``, ``F``, ``B``, ``l``, ``i`` or ``b`` says that the argument may be missing;
then it is None.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from qmp_iothreadd.hmp import messages
from qmp_iothreadd.hmp.expression import evaluate
from qmp_iothreadd.hmp.text import SPACE, decode, encode, first_byte, skip_space

WORD_MAX: Final = 1023
"""A word is cut off after so many bytes."""

WORDS_MAX: Final = 16
"""``words`` splits a line into at most so many."""

_STRING_NAMES: Final = {"s": "string", "F": "filename", "B": "block device name"}
_ESCAPES: Final = {"n": "\n", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_SWITCHES: Final = {"on": True, "off": False}
_INT64_MAX: Final = 2**63 - 1
_FORMAT_LETTERS: Final = "odxuic"
_SIZES: Final = {"b": 1, "h": 2, "w": 4, "g": 8, "L": 8}


class Parameter(NamedTuple):
    """One ``name:type`` pair. ``letter`` is the type's; ``flag`` the letter of an option."""

    name: str
    letter: str
    optional: bool
    flag: str


class Format(NamedTuple):
    """How a number is written, a letter as ``print``'s, and how many bytes are read for it."""

    letter: str
    size: int


class FormatMemory:
    """The format that was asked for last: it stays until another one is."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last = Format("x", 4)


def parameters(args_type: str) -> list[Parameter]:
    """The pairs of which ``args_type`` consists."""
    result = []
    for pair in args_type.split(",") if args_type else ():
        name, type_ = pair.split(":")
        letter, rest = type_[0], type_[1:]
        result.append(Parameter(name, letter, rest == "?", rest if letter == "-" else ""))
    return result


def parse(command: str, args_type: str, line: str, memory: FormatMemory) -> dict[str, Any]:
    """The arguments in ``line``, all of them, as keywords for the command's function.

    Raises:
        ArgumentError: they do not fit.
    """
    scanner = _Scanner(command, line)
    wanted = parameters(args_type)
    result = {}
    for index, parameter in enumerate(wanted):
        later_flags = [other.flag for other in wanted[index + 1 :] if other.letter == "-"]
        result[parameter.name] = scanner.argument(parameter, later_flags, memory)
    scanner.finish()
    return result


def word(line: str, position: int) -> tuple[str, int] | None:
    """The word at ``position`` and where it ends, or None where there is none that is complete."""
    position = skip_space(line, position)
    if position == len(line):
        return None
    if line[position] == '"':
        return _quoted(line, position + 1)
    end = position
    while end < len(line) and line[end] not in SPACE:
        end += 1
    return _cut(line[position:end]), end


def words(line: str) -> list[str] | None:
    """All words of a line, or None where one is not complete or there are too many."""
    result: list[str] = []
    position = skip_space(line, 0)
    while position < len(line):
        found = word(line, position)
        if found is None or len(result) >= WORDS_MAX:
            return None
        result.append(found[0])
        position = skip_space(line, found[1])
    return result


def _cut(text: str) -> str:
    return text if len(text) * 4 <= WORD_MAX else decode(encode(text)[:WORD_MAX])


def _quoted(line: str, position: int) -> tuple[str, int] | None:
    """The text up to a double quote, and where it goes on after that."""
    pieces: list[str] = []
    while position < len(line):
        char = line[position]
        position += 1
        if char == '"':
            return _cut("".join(pieces)), position
        if char == "\\":
            escaped = _ESCAPES.get(line[position : position + 1])
            if escaped is None:
                return None
            char = escaped
            position += 1
        pieces.append(char)
    return None


class _Scanner:
    """Takes one argument after the other from a line."""

    def __init__(self, command: str, line: str) -> None:
        self._command = command
        self._line = line
        self._position = 0

    def argument(
        self, parameter: Parameter, later_flags: list[str], memory: FormatMemory
    ) -> str | int | bool | Format | None:
        """The next argument; None for one that is optional and missing."""
        self._position = skip_space(self._line, self._position)
        match parameter.letter:
            case "-":
                return self._flag(parameter.flag, later_flags)
            case "/":
                return self._format(memory)
        if parameter.optional and self._position == len(self._line):
            return None
        match parameter.letter:
            case "l":
                return self._expression()
            case "i":
                return self._expression_of_32_bits()
            case "b":
                return self._switch()
            case "o":
                return self._size()
            case "O":
                return self._rest(may_be_empty=True)
            case "S":
                return self._rest()
            case _:
                return self._word(_STRING_NAMES[parameter.letter])

    def finish(self) -> None:
        """See that nothing is left."""
        if skip_space(self._line, self._position) < len(self._line):
            raise messages.extraneous(self._command)

    def _word(self, kind: str) -> str:
        found = word(self._line, self._position)
        if found is None:
            raise messages.expected(self._command, kind)
        text, self._position = found
        return text

    def _switch(self) -> bool:
        end = self._position
        while end < len(self._line) and self._line[end] not in SPACE:
            end += 1
        text = self._line[self._position : end]
        if text not in _SWITCHES:
            raise messages.switch_expected()
        self._position = end
        return _SWITCHES[text]

    def _size(self) -> int:
        from qmp_iothreadd.qom import c_numbers  # seldom needed

        end = self._position
        while end < len(self._line) and self._line[end] not in SPACE:
            end += 1
        text = self._line[self._position : end]
        # A number without a unit is in MiB.
        found = c_numbers.size(text if text[-1:].isalpha() else f"{text}M") if text else None
        if found is None or found > _INT64_MAX:
            raise messages.invalid_size()
        self._position = end
        return found

    def _rest(self, *, may_be_empty: bool = False) -> str:
        if self._position == len(self._line) and not may_be_empty:
            raise messages.expected(self._command, "string")
        text = self._line[self._position :]
        self._position = len(self._line)
        return text

    def _expression(self) -> int:
        value, rest = evaluate(self._line[self._position :])
        self._position = len(self._line) - len(rest)
        return value

    def _expression_of_32_bits(self) -> int:
        value = self._expression()
        if not 0 <= value < 2**32:
            raise messages.not_of_32_bits(self._command)
        return value

    def _flag(self, letter: str, later: list[str]) -> bool:
        if not self._line.startswith("-", self._position):
            return False
        given = self._line[self._position + 1 : self._position + 2]
        if given == letter:
            self._position += 2
            return True
        if given not in later:
            shown = first_byte(given) if given else messages.NUL
            raise messages.unsupported_option(self._command, shown)
        return False

    def _format(self, memory: FormatMemory) -> Format:
        if not self._line.startswith("/", self._position):
            return memory.last
        line, position = self._line, self._position + 1
        while "0" <= line[position : position + 1] <= "9":
            position += 1  # how many items: for commands that dump memory
        letter, size = memory.last
        while position < len(line) and line[position] in (*_FORMAT_LETTERS, *_SIZES):
            if line[position] in _FORMAT_LETTERS:
                letter = line[position]
            size = _SIZES.get(line[position], size)
            position += 1
        if position < len(line) and line[position] not in SPACE:
            raise messages.invalid_format(first_byte(line[position]))
        memory.last = Format(letter, size)
        self._position = position
        return memory.last
