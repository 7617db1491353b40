"""Integer expressions as the human monitor's ``print`` takes them.

Operators, from the weakest: ``+ -``, then ``& | ^``, then ``* / %``, then the unary ``+ - ~``; all
but the unary ones group from the left. Operands are numbers as in C, characters in single quotes,
and parentheses. Values are 64 bits wide and wrap; division truncates towards zero.

The part of QEMU that shows this is the expression parser of monitor/hmp. The evaluator here keeps a
stack of its own: the depth of an expression is limited by nothing but its length.
"""

from __future__ import annotations

from typing import Final

from qmp_iothreadd.hmp import messages
from qmp_iothreadd.qom import c_numbers

_SPACE: Final = " \t\n\v\f\r"
_UNARY: Final = "+-~"
_LEVELS: Final = {"+": 1, "-": 1, "&": 2, "|": 2, "^": 2, "*": 3, "/": 3, "%": 3}


def evaluate(text: str) -> tuple[int, str]:
    """The value of the expression that ``text`` begins with, and the text that follows it.

    The value is a signed 64-bit integer. White space around the expression is skipped.

    Raises:
        ArgumentError: there is no complete expression, or it divides by zero.
    """
    # QEMU reads bytes; in latin-1 a character is a byte.
    evaluator = _Evaluator(text.encode("utf-8", "surrogateescape").decode("latin-1"))
    value = evaluator.run()
    rest = evaluator.source[evaluator.position :].encode("latin-1")
    return value, rest.decode("utf-8", "surrogateescape")


def _wrap(value: int) -> int:
    value &= 2**64 - 1
    return value - 2**64 if value >= 2**63 else value


class _Evaluator:
    """One pass over ``source``, whose characters are bytes.

    ``pending`` holds what waits for its right operand: a unary operator, an opening parenthesis, or
    a binary operator with its left operand. ``depth`` is how many of them are parentheses.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.depth = 0
        self.pending: list[str | tuple[str, int]] = []

    def run(self) -> int:
        self._skip_space()
        while True:
            value = self._operand()
            while self.depth and self._peek() == ")":
                value = self._reduce(value, 0)
                self.pending.pop()
                self.depth -= 1
                self._next()
                value = self._apply_unary(value)
            operator = self._peek()
            level = _LEVELS.get(operator, 0)
            value = self._reduce(value, level)
            if level == 0:
                if self.depth:
                    raise messages.parenthesis_expected()
                return value
            self.pending.append((operator, value))
            self._next()

    def _peek(self) -> str:
        """The character at the position, or nothing at the end."""
        return self.source[self.position : self.position + 1]

    def _next(self) -> None:
        self.position += 1
        self._skip_space()

    def _skip_space(self) -> None:
        while self.position < len(self.source) and self.source[self.position] in _SPACE:
            self.position += 1

    def _operand(self) -> int:
        """Read prefixes, then a number or a character, and apply the unary operators to it."""
        while (char := self._peek()) and (char == "(" or char in _UNARY):
            self.pending.append(char)
            self.depth += char == "("
            self._next()
        if not char:
            raise messages.expression_ends_early()
        if char == "'":
            return self._apply_unary(self._character())
        if char == "$":
            raise messages.unknown_register()
        return self._apply_unary(self._number(char))

    def _character(self) -> int:
        quoted = self.source[self.position + 1 : self.position + 3]
        if not quoted:
            raise messages.character_expected()
        if quoted[1:] != "'":
            raise messages.character_unterminated()
        self.position += 2
        self._next()
        byte = ord(quoted[0])
        return byte if byte < 128 else byte - 256  # C's char is signed

    def _number(self, char: str) -> int:
        found = c_numbers.scan(self.source, self.position)
        if found is None:
            shown = char if char.isascii() else "\ufffd"  # half a character, as it goes on the wire
            raise messages.invalid_in_expression(shown)
        value, self.position = found
        if value > c_numbers.UINT64_MAX:
            raise messages.number_too_large()
        self._skip_space()
        return _wrap(value)

    def _apply_unary(self, value: int) -> int:
        while self.pending and isinstance(operator := self.pending[-1], str) and operator != "(":
            self.pending.pop()
            if operator == "-":
                value = _wrap(-value)
            elif operator == "~":
                value = ~value
        return value

    def _reduce(self, value: int, level: int) -> int:
        """Apply the operators that bind no weaker than ``level``, back to the open parenthesis."""
        while self.pending and isinstance(entry := self.pending[-1], tuple):
            operator, left = entry
            if _LEVELS[operator] < level:
                break
            self.pending.pop()
            value = _apply(operator, left, value)
        return value


def _apply(operator: str, left: int, right: int) -> int:
    if operator in "/%":
        if right == 0:
            raise messages.division_by_zero()
        quotient = abs(left) // abs(right)
        if (left < 0) != (right < 0):
            quotient = -quotient
        return _wrap(quotient if operator == "/" else left - quotient * right)
    if operator == "*":
        return _wrap(left * right)
    if operator == "+":
        return _wrap(left + right)
    if operator == "-":
        return _wrap(left - right)
    if operator == "&":
        return left & right
    return left | right if operator == "|" else left ^ right
