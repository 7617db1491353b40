"""What one schema has and another one lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.qapi.schema import AlternateType, ArrayType, ObjectType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qmp_iothreadd.qapi.schema import SchemaType

_Pair = tuple["SchemaType", "SchemaType"]


def loses_members(made: SchemaType, wanted: SchemaType) -> bool:
    """Whether a value of the type ``made`` can have a member that ``wanted`` lacks, at any depth.

    What else is different does not matter.
    """
    return any(_loses(*pair) for pair in _reachable((made, wanted)))


def _loses(made: SchemaType, wanted: SchemaType) -> bool:
    """Whether ``made`` itself has such a member, apart from its branches."""
    if not (isinstance(made, ObjectType) and isinstance(wanted, ObjectType)):
        return False
    known = {member.name for member in wanted.members}
    return not known.issuperset(member.name for member in made.members)


def _reachable(start: _Pair) -> set[_Pair]:
    """The pairs of types that a value of the first pair can hold, itself included."""
    found, open_ones = {start}, [start]
    while open_ones:
        for pair in _inside(*open_ones.pop()):
            if pair not in found:
                found.add(pair)
                open_ones.append(pair)
    return found


def _inside(made: SchemaType, wanted: SchemaType) -> Iterator[_Pair]:
    """The pairs of types directly inside a pair."""
    if isinstance(made, ArrayType) and isinstance(wanted, ArrayType):
        yield made.element_type, wanted.element_type
    elif isinstance(made, AlternateType) and isinstance(wanted, AlternateType):
        branches = {branch.name: branch.type for branch in wanted.branches}
        for branch in made.branches:
            if branch.name in branches:
                yield branch.type, branches[branch.name]
    elif isinstance(made, ObjectType) and isinstance(wanted, ObjectType):
        types = {member.name: member.type for member in wanted.members}
        for member in made.members:
            if member.name in types:
                yield member.type, types[member.name]
        if made.variants and wanted.variants:
            for value, case in made.variants.cases.items():
                if value in wanted.variants.cases:
                    yield case, wanted.variants.cases[value]
