"""Values of properties from plain text, as ``qom-set`` takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.qom import c_numbers, keyval

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import Schema

# How texts are read, by the type's name, and what is said of one that is no such value.
_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    **dict.fromkeys(keyval.SIGNED, (c_numbers.int64, "int64")),
    **dict.fromkeys(keyval.UNSIGNED, (c_numbers.uint64, "uint64")),
    "bool": (c_numbers.boolean, "'on' or 'off'"),
    "number": (c_numbers.number, "number"),
}


def parse_string(schema: Schema, type_name: str, text: str, name: str) -> Any:
    """The value of the property ``name`` that ``text`` stands for.

    ``type_name`` is the property's type as qom-list shows it. Whether the value is in the
    property's range is left to the property.

    Raises:
        QmpError: it is no value of the type, or no text can be one.
    """
    if type_name == "size":
        size = c_numbers.size(text)
        if size is None:
            raise errors.not_a_size(name)
        return size
    reader = _READERS.get(type_name)
    if reader is not None:
        read, expected = reader
        value = read(text)
        if value is None:
            raise errors.invalid_parameter_value(name, expected)
        return value
    type_ = schema.types.get(type_name)
    kind = "string" if type_ is None else type_.json_type()
    if kind != "string":
        raise errors.invalid_parameter_type(name, kind)
    return text
