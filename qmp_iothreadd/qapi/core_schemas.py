"""QAPI types as pydantic-core schemas: what validators and models are built from.

Strict throughout: a bool is no int, 1.0 is no int, null is no absent member. What is inside
objects and alternates is left to a function, so that it is built when a value first needs it: types
may hold themselves, and a large schema has far more of them than a session meets.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from qmp_iothreadd.compiled_pydantic import compiled_pydantic
from qmp_iothreadd.qapi.python_names import python_name
from qmp_iothreadd.qapi.schema import AlternateType, ArrayType, BuiltinType, EnumType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qmp_iothreadd.qapi.schema import Member, SchemaType

    #: Validates a value of any type and returns it; raises ValueError.
    Nested = Callable[[SchemaType, Any], Any]

CoreSchema = dict[str, Any]

INT64_MIN, INT64_MAX, UINT64_MAX = -(2**63), 2**63 - 1, 2**64 - 1

#: What the integer types take. Unsigned 64-bit ones take negative values too, and wrap them.
INT_RANGES = {
    "int": (INT64_MIN, INT64_MAX),
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (INT64_MIN, INT64_MAX),
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (INT64_MIN, UINT64_MAX),
    "size": (INT64_MIN, UINT64_MAX),
}

_BUILTINS: dict[str, CoreSchema] = {
    "string": {"type": "str", "strict": True},
    "number": {"type": "float", "strict": True},
    "boolean": {"type": "bool", "strict": True},
    "null": {"type": "none"},
    "value": {"type": "any"},
}

#: Equal to nothing that JSON has; an enumeration without values takes only this.
_NOTHING = object()

_CATEGORIES = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    dict: "object",
    list: "array",
    type(None): "null",
}


def value_schema(type_: SchemaType, nested: Nested) -> CoreSchema:
    """The pydantic-core schema of a value; ``nested`` validates objects and branches in it."""
    match type_:
        case BuiltinType(name=name) if name in INT_RANGES:
            return _int_schema(name)
        case BuiltinType():
            return _BUILTINS[type_.json_type()]
        case EnumType():
            names = [member.name for member in type_.members]
            return {"type": "literal", "expected": names or [_NOTHING]}
        case ArrayType():
            items = value_schema(type_.element_type, nested)
            # QEMU stops at the first bad element, and a list can have a million of them
            return {"type": "list", "strict": True, "fail_fast": True, "items_schema": items}
        case AlternateType():
            return function_schema(partial(_alternate, type_, nested))
        case _:
            return function_schema(partial(nested, type_))


def function_schema(function: Callable[[Any], Any]) -> CoreSchema:
    """The pydantic-core schema of whatever ``function`` returns for a value."""
    return {"type": "function-plain", "function": {"type": "no-info", "function": function}}


def struct_schema(
    members: Iterable[Member], nested: Nested, *, python_names: bool = False
) -> CoreSchema:
    """The pydantic-core schema of an object with these members; they come out in this order.

    Other members are ignored. ``python_names``: members come out in Python's spelling, absent ones
    as None; otherwise they come out as in JSON, without those that are absent.
    """
    fields: dict[str, CoreSchema] = {}
    for member in members:
        schema = value_schema(member.type, nested)
        field = {"type": "typed-dict-field", "schema": schema, "required": not member.optional}
        if not python_names:
            fields[member.name] = field
            continue
        if member.optional:
            field["schema"] = {"type": "default", "schema": schema, "default": None}
        fields[python_name(member.name)] = field | {"validation_alias": member.name}
    return {"type": "typed-dict", "extra_behavior": "ignore", "fields": fields}


def compile_schema(schema: CoreSchema) -> Callable[[Any], Any]:
    """A function that validates by a pydantic-core schema, and raises its ValidationError."""
    validator = compiled_pydantic().SchemaValidator(schema)
    return cast("Callable[[Any], Any]", validator.validate_python)


def branch_for(type_: AlternateType, value: Any) -> SchemaType | None:
    """The branch of an alternate that a value's JSON type selects, or None."""
    category = _CATEGORIES.get(type(value))
    for branch in type_.branches:
        json_type = branch.type.json_type()
        if category == ("number" if json_type == "int" else json_type):
            return branch.type
    return None


def _alternate(type_: AlternateType, nested: Nested, value: Any) -> Any:
    branch = branch_for(type_, value)
    if branch is None:
        raise ValueError(f"no branch of {type_.name} takes this")
    return nested(branch, value)


def _int_schema(name: str) -> CoreSchema:
    low, high = INT_RANGES[name]
    schema: CoreSchema = {"type": "int", "strict": True, "ge": low, "le": high}
    if high != UINT64_MAX:
        return schema
    function = {"type": "no-info", "function": _wrap}
    return {"type": "function-after", "function": function, "schema": schema}


def _wrap(value: int) -> int:
    return value & UINT64_MAX
