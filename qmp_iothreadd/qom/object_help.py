"""What ``help`` says about objects: ``-object help``, ``object_add iothread,help``.

The texts and their order are those of QEMU's qom/object_interfaces.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from qmp_iothreadd.qom.object import ObjectType, Property
    from qmp_iothreadd.qom.types import TypeRegistry

# Where descriptions begin.
_COLUMN = 24


def user_creatable_types(types: TypeRegistry) -> list[ObjectType]:
    """The types that a client can make objects of, by name."""
    found = [each for each in types if each.implements(USER_CREATABLE) and not each.abstract]
    return sorted(found, key=lambda each: each.name)


def settable_properties(type_: ObjectType) -> list[Property]:
    """The properties of a type's own table and of those that it inherits."""
    return [prop for prop in type_.properties.values() if prop.set and prop.listed]


def describe_types(types: TypeRegistry) -> str:
    """What ``-object help`` says: one type per line."""
    lines = [f"  {each.name}" for each in user_creatable_types(types)]
    return "\n".join(["List of user creatable objects:", *lines])


def describe_properties(types: TypeRegistry, name: str) -> str | None:
    """The properties of one type, one per line; None where there is no such type."""
    found = types.get(name)
    if found is None or not found.implements(USER_CREATABLE) or found.abstract:
        return None
    lines = sorted(_line(prop) for prop in settable_properties(found))
    if not lines:
        return f"There are no options for {name}."
    return "\n".join([f"{name} options:", *lines])


def _line(prop: Property) -> str:
    line = f"  {prop.name}=<{prop.type}>"
    return line if prop.description is None else f"{line:<{_COLUMN}} - {prop.description}"
