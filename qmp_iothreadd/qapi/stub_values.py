"""The least that a type allows: what a command returns that has nothing behind it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.qapi.schema import AlternateType, ArrayType, EnumType, ObjectType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qmp_iothreadd.qapi.schema import SchemaType

_SCALARS: dict[str, Any] = {
    "int": 0,
    "number": 0,
    "string": "",
    "boolean": False,
    "null": None,
    "value": {},
}


PARTS_MAX = 10_000
"""A value of more parts is not made: where each type holds the next one twice, they double."""


class _NoValueError(Exception):
    """A type without a finite value: it holds itself, or an enumeration that has no values."""


def stub_value(type_: SchemaType | None) -> Any:
    """The smallest JSON value of a type; ``{}`` for None, as of a command that returns nothing.

    Optional members are left out, lists are empty, an enumeration is at its first value, and of
    branches the first is taken that has a finite value. Where there is no such value, because the
    type holds itself or is too deep to be written down, the result is ``{}`` as well.

    Raises:
        QmpError: it would be too large.
    """
    try:
        return {} if type_ is None else _Stubs(type_).stub(type_, frozenset())
    except (_NoValueError, RecursionError):
        return {}


class _Stubs:
    """Makes one value, and counts its parts."""

    def __init__(self, of: SchemaType) -> None:
        self._of = of
        self._parts = 0

    def stub(self, type_: SchemaType, around: frozenset[str]) -> Any:
        """``around``: the types that the value is inside of."""
        self._parts += 1
        if self._parts > PARTS_MAX:
            raise errors.stub_too_large(self._of.name, PARTS_MAX)
        if type_.name in around:
            raise _NoValueError(f"type '{type_.name}' holds itself")
        inside = around | {type_.name}
        match type_:
            case ArrayType():
                return []
            case EnumType(members=()):
                raise _NoValueError(f"enumeration '{type_.name}' has no values")
            case EnumType():
                return type_.members[0].name
            case ObjectType():
                return self._object(type_, inside)
            case AlternateType():
                branches = [partial(self.stub, branch.type, inside) for branch in type_.branches]
                return _first_finite(type_.name, branches)
            case _:
                return _SCALARS[type_.json_type()]

    def _object(self, type_: ObjectType, around: frozenset[str]) -> Any:
        needed = [member for member in type_.members if not member.optional]
        members = {member.name: self.stub(member.type, around) for member in needed}
        if type_.variants is None:
            return members
        tag, cases = type_.variants.tag, type_.variants.cases
        assert isinstance(tag.type, EnumType)
        values = [value.name for value in tag.type.members]
        branches = [
            partial(self._branch, tag.name, value, cases[value], around) for value in values
        ]
        return members | _first_finite(type_.name, branches)

    def _branch(self, tag: str, value: str, branch: SchemaType, around: frozenset[str]) -> Any:
        return {tag: value} | self.stub(branch, around)


def _first_finite(name: str, branches: Sequence[Callable[[], Any]]) -> Any:
    for branch in branches:
        try:
            return branch()
        except _NoValueError:
            continue
    raise _NoValueError(f"no branch of '{name}' has a finite value")
