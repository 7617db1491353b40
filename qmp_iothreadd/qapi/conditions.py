"""``if`` conditions: a configuration symbol, or ``all``, ``any`` and ``not`` of conditions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qmp_iothreadd.qapi.expression_keys import check_keys
from qmp_iothreadd.qapi.messages import QAPIError, Rule

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from qmp_iothreadd.qapi.parser import Value
    from qmp_iothreadd.qapi.source import Location

_SYMBOL = re.compile(r"[A-Z][A-Z0-9_]*")
_OPERATORS = ("all", "any", "not")

#: A checked condition: a symbol, an operator with its operands, or None where there is no
#: condition.
Condition = str | tuple[str, "tuple[Condition, ...]"] | None

#: A condition that nothing can make true.
NEVER: Condition = ("any", ())


def read_condition(value: Value | None, location: Location, source: str) -> Condition:
    """Check a condition and return it in a form that :func:`holds` takes."""
    if value is None:
        return None
    if isinstance(value, str):
        if not _SYMBOL.fullmatch(value):
            raise QAPIError(Rule.IF_INVALID_IDENTIFIER, location, condition=value, source=source)
        return value
    if not isinstance(value, dict):
        raise QAPIError(Rule.IF_INVALID_TYPE, location, source=source)
    check_keys(value, location, f"'if' condition of {source}", (), _OPERATORS)
    if len(value) != 1:
        raise QAPIError(Rule.IF_CONFLICTING_KEYS, location, source=source)
    ((operator, operands),) = value.items()
    if operator == "not":
        return operator, (read_condition(operands, location, source),)
    if not isinstance(operands, list):
        raise QAPIError(Rule.IF_NOT_ARRAY, location, operator=operator, source=source)
    if not operands:
        raise QAPIError(Rule.IF_USELESS, location, source=source)
    return operator, tuple(read_condition(operand, location, source) for operand in operands)


def holds(condition: Condition, config: AbstractSet[str]) -> bool:
    """Whether a condition is true where just these symbols are defined."""
    if condition is None:
        return True
    if isinstance(condition, str):
        return condition in config
    operator, operands = condition
    if operator == "not":
        return not holds(operands[0], config)
    results = (holds(operand, config) for operand in operands)
    return all(results) if operator == "all" else any(results)
