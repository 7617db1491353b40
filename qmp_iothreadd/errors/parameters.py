"""Arguments and members that do not fit the schema."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def missing_parameter(name: str) -> QmpError:
    """A member without a default is absent."""
    return QmpError(f"Parameter '{name}' is missing")


def invalid_parameter_type(name: str, expected: str) -> QmpError:
    """A member has another JSON type than the schema says.

    ``expected``: object, array, integer, boolean, string, number or null.
    """
    return QmpError(f"Invalid parameter type for '{name}', expected: {expected}")


def invalid_parameter_value(name: str, expected: str, hint: str | None = None) -> QmpError:
    """A member has the right JSON type, but ``expected`` says what it should have been."""
    return QmpError(f"Parameter '{name}' expects {expected}", hint=hint)


def unexpected_parameter(name: str) -> QmpError:
    """A member that the schema does not know."""
    return QmpError(f"Parameter '{name}' is unexpected")


def unaccepted_value(name: str, value: str) -> QmpError:
    """A string that is none of the enumeration's."""
    return QmpError(f"Parameter '{name}' does not accept value '{value}'")


def invalid_parameter(name: str) -> QmpError:
    """A parameter that cannot be what it is called (keyval)."""
    return QmpError(f"Invalid parameter '{name}'")


def value_out_of_range(name: str, low: float, high: float) -> QmpError:
    """A property refuses an integer."""
    return QmpError(f"{name} value must be in range [{low}, {high}]")


def enum_value_unknown(value: str) -> QmpError:
    """An option's text that is none of an enumeration's values."""
    return QmpError(f"invalid parameter value: {value}")


def base64_invalid() -> QmpError:
    """A text that is not Base64."""
    return QmpError("Base64 data contains invalid characters")
