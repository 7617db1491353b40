"""Arguments of a command that no schema has, written as a schema would: ``{"*speed": "int"}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.qapi.checks import declare
from qmp_iothreadd.qapi.collisions import check_collisions
from qmp_iothreadd.qapi.declarations import MemberDecl, ObjectDecl
from qmp_iothreadd.qapi.messages import QAPIError, Rule
from qmp_iothreadd.qapi.parser import Definition
from qmp_iothreadd.qapi.schema import ArrayType, Command, Member, ObjectType
from qmp_iothreadd.qapi.source import Location, Pragmas

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import Schema, SchemaType

# What they are called while they are checked. Their names may be those of any program.
_NAME = "Arguments"


def command_of(name: str, data: object, schema: Schema) -> Command:
    """A command that takes the arguments that ``data`` describes, of types that the schema has.

    Raises:
        QmpError: the description is wrong.
    """
    pragmas = Pragmas()
    pragmas.exceptions["member-name-exceptions"].append(_NAME)
    location = Location(name, 1, pragmas)
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise errors.arguments_malformed(name, "an object of names and types is expected")
    try:
        members = _members(data, schema, location)
    except QAPIError as error:
        reason = str(error).removeprefix(f"{location}: ")
        raise errors.arguments_malformed(name, reason) from None
    return Command(name, ObjectType(f"q_obj_{name}-arg", members=members))


def _members(data: dict[str, Any], schema: Schema, location: Location) -> tuple[Member, ...]:
    declared = declare(Definition({"struct": _NAME, "data": data}, location, None))
    assert isinstance(declared, ObjectDecl)
    for each in declared.local:
        each.owner = _NAME
    check_collisions(declared.local, location)
    return tuple(_member(each, schema, location) for each in declared.local)


def _member(declared: MemberDecl, schema: Schema, location: Location) -> Member:
    ref = declared.ref
    assert ref is not None
    found: SchemaType | None = schema.types.get(ref.type_name)
    if found is None and ref.array and ref.name in schema.types:
        found = ArrayType(ref.type_name, element_type=schema.types[ref.name])
    if found is None:
        what = f"member '{declared.name}'"
        raise QAPIError(Rule.UNKNOWN_TYPE, location, what=what, name=ref.name)
    return Member(declared.name, found, declared.optional)
