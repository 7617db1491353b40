"""Definitions as written → declarations: their keys, names and flags, and the shape of their parts.

Each definition is looked at by itself; what it refers to is :mod:`.resolve`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.qapi.conditions import Condition, read_condition
from qmp_iothreadd.qapi.declarations import (
    AlternateDecl,
    CommandDecl,
    Decl,
    EnumDecl,
    EventDecl,
    FeatureDecl,
    MemberDecl,
    ObjectDecl,
    TypeRef,
)
from qmp_iothreadd.qapi.expression_keys import check_keys
from qmp_iothreadd.qapi.messages import QAPIError, Rule
from qmp_iothreadd.qapi.names import check_definition, check_lower, check_member, check_string

if TYPE_CHECKING:
    from collections.abc import Callable

    from qmp_iothreadd.qapi.parser import Definition, Value
    from qmp_iothreadd.qapi.source import Location

# Required and optional keys of each kind of definition.
_COMMON = ("if", "features")
_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "enum": (("enum", "data"), (*_COMMON, "prefix")),
    "struct": (("struct", "data"), (*_COMMON, "base")),
    "union": (("union", "base", "discriminator", "data"), _COMMON),
    "alternate": (("alternate", "data"), _COMMON),
    "command": (
        ("command",),
        (
            *_COMMON,
            "data",
            "returns",
            "boxed",
            "gen",
            "success-response",
            "allow-oob",
            "allow-preconfig",
            "coroutine",
        ),
    ),
    "event": (("event",), (*_COMMON, "data", "boxed")),
}
_ONLY_FALSE = ("gen", "success-response")
_ONLY_TRUE = ("boxed", "allow-oob", "allow-preconfig", "coroutine")

_Expression = dict[str, "Value"]


def declare(definition: Definition) -> Decl:
    """Check one definition. Raises :class:`QAPIError`."""
    expression, location = definition.expression, definition.location
    metas = [meta for meta in _KEYS if meta in expression]
    if len(metas) != 1:
        raise QAPIError(Rule.ONE_META_TYPE, location)
    meta = metas[0]
    name = check_string(expression[meta], location, f"'{meta}'")
    location.meta, location.name = meta, name
    check_definition(meta, name, location)
    doc = definition.doc
    if doc is not None:
        if doc.symbol != name:
            raise QAPIError(Rule.DOC_FOR_OTHER_NAME, location, symbol=doc.symbol)
        doc.check_tags(meta, returns="returns" in expression)
    elif location.pragmas.doc_required:
        raise QAPIError(Rule.DOC_REQUIRED, location)
    required, optional = _KEYS[meta]
    check_keys(expression, location, meta, required, optional)
    declaration = _DECLARE[meta](name, expression, location)
    declaration.condition = read_condition(expression.get("if"), location, meta)
    declaration.features = _features(expression.get("features"), location)
    declaration.doc = doc
    _check_flags(expression, location)
    return declaration


def _check_flags(expression: _Expression, location: Location) -> None:
    for flag in _ONLY_FALSE:
        if flag in expression and expression[flag] is not False:
            raise QAPIError(Rule.FLAG_ONLY_FALSE, location, flag=flag)
    for flag in _ONLY_TRUE:
        if flag in expression and expression[flag] is not True:
            raise QAPIError(Rule.FLAG_ONLY_TRUE, location, flag=flag)
    if "allow-oob" in expression and "coroutine" in expression:
        raise QAPIError(Rule.OOB_AND_COROUTINE, location)


def _features(value: Value | None, location: Location) -> list[FeatureDecl]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise QAPIError(Rule.NOT_AN_ARRAY, location, source="'features'")
    features = []
    for item in value:
        feature = item if isinstance(item, dict) else {"name": item}
        source = "'features' member"
        check_keys(feature, location, source, ("name",), ("if",))
        name = check_string(feature["name"], location, source)
        source = f"{source} '{name}'"
        check_lower(name, location, source)
        features.append(FeatureDecl(name, read_condition(feature.get("if"), location, source)))
    return features


def _type_ref(value: Value, location: Location, source: str, *, array: bool = False) -> TypeRef:
    """A type by name; an array of it where allowed."""
    if isinstance(value, str):
        return TypeRef(value)
    if not isinstance(value, list):
        raise QAPIError(Rule.NOT_A_TYPE_NAME, location, source=source)
    if not array:
        raise QAPIError(Rule.CANNOT_BE_ARRAY, location, source=source)
    if len(value) != 1 or not isinstance(value[0], str):
        raise QAPIError(Rule.ARRAY_OF_ONE_NAME, location, source=source)
    return TypeRef(value[0], array=True)


def _members(
    value: Value, location: Location, source: str, exempt: bool = False
) -> str | list[MemberDecl]:
    """The members of an object, or the name of a type that has them."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        raise QAPIError(Rule.CANNOT_BE_ARRAY, location, source=source)
    if not isinstance(value, dict):
        raise QAPIError(Rule.NOT_OBJECT_OR_TYPE_NAME, location, source=source)
    members = []
    for key, item in value.items():
        what = f"{source} member '{key}'"
        name = key.removeprefix("*")
        check_member(name, location, what, exempt=exempt)
        if isinstance(item, str):  # The short form is nearly all there is.
            members.append(MemberDecl("member", name, TypeRef(item), None, [], name != key))
            continue
        item, condition = _long_form(item, location, what, ("if", "features"))
        features = _features(item.get("features"), location)
        ref = _type_ref(item["type"], location, what, array=True)
        members.append(MemberDecl("member", name, ref, condition, features, name != key))
    return members


def _long_form(
    value: Value, location: Location, source: str, optional: tuple[str, ...]
) -> tuple[_Expression, Condition]:
    """A member or branch as an object, whichever way it is written, and its condition."""
    item: _Expression = value if isinstance(value, dict) else {"type": value}
    check_keys(item, location, source, ("type",), optional)
    return item, read_condition(item.get("if"), location, source)


def _is_exempt(name: str, location: Location) -> bool:
    return name in location.pragmas.exceptions["member-name-exceptions"]


def _declare_enum(name: str, expression: _Expression, location: Location) -> Decl:
    data = expression["data"]
    if not isinstance(data, list):
        raise QAPIError(Rule.NOT_AN_ARRAY, location, source="'data'")
    if not isinstance(expression.get("prefix", ""), str):
        raise QAPIError(Rule.NOT_A_STRING, location, source="'prefix'")
    exempt = _is_exempt(name, location)
    values = []
    for item in data:
        value = item if isinstance(item, dict) else {"name": item}
        source = "'data' member"
        check_keys(value, location, source, ("name",), ("if", "features"))
        value_name = check_string(value["name"], location, source)
        source = f"{source} '{value_name}'"
        # A value may begin with a digit, which no other name may. For what follows the usual rules
        # hold.
        checked = f"d{value_name}" if value_name[:1].isdigit() else value_name
        check_lower(checked, location, source, upper=exempt, underscore=exempt)
        condition = read_condition(value.get("if"), location, source)
        features = _features(value.get("features"), location)
        values.append(MemberDecl("value", value_name, None, condition, features))
    return EnumDecl(name, location, values)


def _declare_struct(name: str, expression: _Expression, location: Location) -> Decl:
    data = _members(expression["data"], location, "'data'", _is_exempt(name, location))
    if isinstance(data, str):
        raise QAPIError(Rule.NOT_OBJECT_OR_TYPE_NAME, location, source="'data'")
    struct = ObjectDecl(name, location, data)
    if "base" in expression:
        struct.base = _type_ref(expression["base"], location, "'base'").name
    return struct


def _declare_union(name: str, expression: _Expression, location: Location) -> Decl:
    union = ObjectDecl(name, location, [])
    union.base = _members(expression["base"], location, "'base'", _is_exempt(name, location))
    union.tag_name = check_string(expression["discriminator"], location, "'discriminator'")
    data = expression["data"]
    if not isinstance(data, dict):
        raise QAPIError(Rule.DATA_NOT_OBJECT, location)
    union.branches = [
        _branch(key, value, location, f"'data' member '{key}'", array=False)
        for key, value in data.items()
    ]
    return union


def _declare_alternate(name: str, expression: _Expression, location: Location) -> Decl:
    data = expression["data"]
    if not data:
        raise QAPIError(Rule.DATA_EMPTY, location)
    if not isinstance(data, dict):
        raise QAPIError(Rule.DATA_NOT_OBJECT, location)
    branches = []
    for key, value in data.items():
        source = f"'data' member '{key}'"
        check_lower(key, location, source)
        branches.append(_branch(key, value, location, source, array=True))
    return AlternateDecl(name, location, branches)


def _branch(key: str, value: Value, location: Location, source: str, array: bool) -> MemberDecl:
    item, condition = _long_form(value, location, source, ("if",))
    ref = _type_ref(item["type"], location, source, array=array)
    return MemberDecl("branch", key, ref, condition, [])


def _arguments(expression: _Expression, location: Location) -> str | list[MemberDecl] | None:
    boxed = bool(expression.get("boxed", False))
    if "data" not in expression:
        if boxed:
            raise QAPIError(Rule.BOXED_REQUIRES_DATA, location)
        return None
    if boxed:
        return _type_ref(expression["data"], location, "'data'").name
    return _members(expression["data"], location, "'data'")


def _declare_command(name: str, expression: _Expression, location: Location) -> Decl:
    data = _arguments(expression, location)
    returns = None
    if "returns" in expression:
        returns = _type_ref(expression["returns"], location, "'returns'", array=True)
    flags = frozenset(flag for flag in (*_ONLY_FALSE, *_ONLY_TRUE) if flag in expression)
    return CommandDecl(name, location, data, flags, returns)


def _declare_event(name: str, expression: _Expression, location: Location) -> Decl:
    return EventDecl(name, location, _arguments(expression, location), "boxed" in expression)


_DECLARE: dict[str, Callable[[str, _Expression, Location], Decl]] = {
    "enum": _declare_enum,
    "struct": _declare_struct,
    "union": _declare_union,
    "alternate": _declare_alternate,
    "command": _declare_command,
    "event": _declare_event,
}
