"""The option languages: keyval, option lists and JSON in options."""

from __future__ import annotations

from qmp_iothreadd.errors.parameters import invalid_parameter_value
from qmp_iothreadd.errors.tree import QmpError


def keyval_lacks_value(name: str) -> QmpError:
    """keyval: a key without ``=``."""
    return QmpError(f"Expected '=' after parameter '{name}'")


def keyval_unexpected(prefix: str) -> QmpError:
    """keyval: members below a scalar."""
    return QmpError(f"Parameters '{prefix}.*' are unexpected")


def keyval_too_long(name: str, *, fragment: bool) -> QmpError:
    """keyval: a key, or a fragment of a dotted one, with more than 127 characters."""
    return QmpError(f"Parameter{' fragment' if fragment else ''} '{name}' is too long")


def keyval_inconsistent(prefix: str) -> QmpError:
    """keyval: what is below ``prefix`` (with its dot) cannot be a value, list and dictionary."""
    return QmpError(f"Parameters '{prefix}*' used inconsistently")


def keyval_gap(name: str) -> QmpError:
    """keyval: a list lacks this element."""
    return QmpError(f"Parameter '{name}' missing")


def json_value_missing() -> QmpError:
    """No JSON value in an option."""
    return QmpError("Expecting a JSON value")


def json_trailing_value() -> QmpError:
    """More than one JSON value in an option."""
    return QmpError("Expecting at most one JSON value")


def duplicate_id(name: str, what: str) -> QmpError:
    """Option lists: two of a kind with one id."""
    return QmpError(f"Duplicate ID '{name}' for {what}")


def number_too_large(name: str, value: str) -> QmpError:
    """Option lists: a number beyond 64 bits."""
    return QmpError(f"Value '{value}' is too large for parameter '{name}'")


SIZE_HINT = (
    "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n"
    "and exabytes, respectively."
)


def not_a_size(name: str) -> QmpError:
    """Option lists: not a size in bytes."""
    return invalid_parameter_value(name, "a non-negative number below 2^64", SIZE_HINT)
