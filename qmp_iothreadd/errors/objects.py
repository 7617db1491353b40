"""Objects, types, properties and paths."""

from __future__ import annotations

from qmp_iothreadd.errors.parameters import invalid_parameter_value
from qmp_iothreadd.errors.tree import DEVICE_NOT_FOUND, QmpError

IDENTIFIER_HINT = "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter."


def not_an_identifier(name: str) -> QmpError:
    """An id that QEMU does not take."""
    return invalid_parameter_value(name, "an identifier", IDENTIFIER_HINT)


def device_not_found(path: str) -> QmpError:
    """No object has this path."""
    return QmpError(f"Device '{path}' not found", DEVICE_NOT_FOUND)


def device_unknown(name: str) -> QmpError:
    """The same words of class GenericError: ring buffers and write thresholds."""
    return QmpError(f"Device '{name}' not found")


def class_not_found(name: str) -> QmpError:
    """No type has this name."""
    return QmpError(f"Class '{name}' not found", DEVICE_NOT_FOUND)


def path_ambiguous(path: str) -> QmpError:
    """A partial path that names more than one object."""
    return QmpError(f"Path '{path}' is ambiguous")


def property_not_found(type_name: str, name: str) -> QmpError:
    """The object has no such property."""
    return QmpError(f"Property '{type_name}.{name}' not found")


def property_not_readable(type_name: str, name: str) -> QmpError:
    """The property has no getter."""
    return QmpError(f"Property '{type_name}.{name}' is not readable")


def property_not_writable(type_name: str, name: str) -> QmpError:
    """The property has no setter."""
    return QmpError(f"Property '{type_name}.{name}' is not writable")


def duplicate_property(name: str, type_name: str) -> QmpError:
    """An object with this name is already a child."""
    return QmpError(f"attempt to add duplicate property '{name}' to object (type '{type_name}')")


def object_not_found(name: str) -> QmpError:
    """object-del of what is not there."""
    return QmpError(f"object '{name}' not found")


def object_in_use(name: str) -> QmpError:
    """object-del of what its type keeps."""
    return QmpError(f"object '{name}' is in use, can not be deleted")


def invalid_object_type(name: str) -> QmpError:
    """The schema names this type, but it is not built in."""
    return QmpError(f"invalid object type: {name}")
