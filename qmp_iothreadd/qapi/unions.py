"""Choices between types: branches of unions, selected by a member, and of alternates, by looks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qmp_iothreadd.qapi.collisions import check_collisions, collision
from qmp_iothreadd.qapi.declarations import (
    AlternateDecl,
    ArrayDecl,
    BuiltinDecl,
    Decl,
    EnumDecl,
    MemberDecl,
    ObjectDecl,
    TypeRef,
)
from qmp_iothreadd.qapi.messages import QAPIError, Rule
from qmp_iothreadd.qapi.names import c_name

if TYPE_CHECKING:
    from collections.abc import Container

    from qmp_iothreadd.qapi.source import Location

# How JSON looks for each built-in type. Numbers are one kind, whatever their range; "any" looks
# like anything.
_LOOKS = {
    "null": "null",
    "string": "string",
    "number": "number",
    "int": "number",
    "boolean": "boolean",
}
_LIKE_NUMBER = re.compile(r"[-+0-9.]")
_LIKE_BOOLEAN = ("on", "off")


def complete_branches(
    union: ObjectDecl, tag_name: str, location: Location, seen: dict[str, MemberDecl]
) -> EnumDecl:
    """Find the discriminator among the common members, and give each value of it a branch.

    Returns the type of the discriminator.
    """
    tag = _discriminator(tag_name, location, seen)
    union.tag = tag
    values = tag.type
    assert isinstance(values, EnumDecl)
    covered = {branch.name for branch in union.branches}
    for value in values.values:
        if value.name not in covered:
            empty = MemberDecl("branch", value.name, TypeRef("q_empty"), value.condition, [])
            empty.owner = union.name
            union.branches.append(empty)
    if not union.branches:
        raise QAPIError(Rule.UNION_WITHOUT_BRANCHES, location)
    return values


def check_branch(
    branch: MemberDecl, values: EnumDecl, names: Container[str], location: Location
) -> ObjectDecl:
    """Refuse a branch that none of the values, ``names``, selects, or whose type has no members.

    Returns its type.
    """
    if branch.name not in names:
        raise QAPIError(Rule.NOT_A_TAG_VALUE, location, name=branch.name, what=values.describe())
    assert branch.type is not None
    if not isinstance(branch.type, ObjectDecl):
        raise QAPIError(
            Rule.CANNOT_USE,
            location,
            what=branch.describe(location),
            type=branch.type.describe(),
        )
    return branch.type


def check_branch_members(
    union: ObjectDecl, location: Location, seen: dict[str, MemberDecl]
) -> None:
    """Refuse members of a branch that clash with the common ones. Branches do not meet each other.

    A branch may be a union itself; its branches then meet the common members of both.
    """
    for branch in union.branches:
        assert isinstance(branch.type, ObjectDecl)
        for name, member in _possible_members(branch.type).items():
            if name in seen:
                raise collision(member, seen[name], location)


def _possible_members(declaration: ObjectDecl) -> dict[str, MemberDecl]:
    """By C name, the members that some value of a type can have, those of nested branches too.

    Kept, so that unions that share branches over many levels are not gone through again and again.
    """
    if declaration.possible is None:
        possible = {c_name(member.name): member for member in declaration.members or ()}
        for branch in declaration.branches:
            assert isinstance(branch.type, ObjectDecl)
            for name, member in _possible_members(branch.type).items():
                possible.setdefault(name, member)
        declaration.possible = possible
    return declaration.possible


def _discriminator(name: str, location: Location, seen: dict[str, MemberDecl]) -> MemberDecl:
    tag = seen.get(c_name(name))
    if tag is None or tag.name != name:
        raise QAPIError(Rule.DISCRIMINATOR_NOT_MEMBER, location, name=name, base="'base'")
    base = "'base'" if tag.owner.startswith("q_obj_") else f"base type '{tag.owner}'"
    if not isinstance(tag.type, EnumDecl):
        raise QAPIError(Rule.DISCRIMINATOR_NOT_ENUM, location, name=name, base=base)
    if tag.optional:
        raise QAPIError(Rule.DISCRIMINATOR_OPTIONAL, location, name=name, base=base)
    if tag.condition is not None:
        raise QAPIError(Rule.DISCRIMINATOR_CONDITIONAL, location, name=name, base=base)
    return tag


def check_alternate(alternate: AlternateDecl, location: Location) -> None:
    """Refuse branches of the same name, and those that cannot be told apart by their looks.

    On a command line everything is text: a string there could be a number or a switch.
    """
    seen: dict[str, MemberDecl] = {}
    looks: dict[str, str] = {}
    for branch in alternate.branches:
        seen = check_collisions([branch], location, seen)
        assert branch.type is not None
        own = _looks(branch.type)
        if not own:
            raise QAPIError(
                Rule.CANNOT_USE,
                location,
                what=branch.describe(location),
                type=branch.type.describe(),
            )
        for look in own:
            if look in looks:
                raise QAPIError(
                    Rule.INDISTINGUISHABLE,
                    location,
                    what=branch.describe(location),
                    other=looks[look],
                )
            looks[look] = branch.name


def _looks(declaration: Decl) -> list[str]:
    """The kinds of JSON values that a type can be taken for; none where it could be anything."""
    if isinstance(declaration, ObjectDecl):
        return ["object"]
    if isinstance(declaration, ArrayDecl):
        return ["array"]
    if isinstance(declaration, EnumDecl):
        looks = ["string"]
        if any(value.name in _LIKE_BOOLEAN for value in declaration.values):
            looks.append("boolean")
        if any(_LIKE_NUMBER.match(value.name) for value in declaration.values):
            looks.append("number")
        return looks
    if isinstance(declaration, BuiltinDecl) and declaration.json in _LOOKS:
        look = _LOOKS[declaration.json]
        return ["string", "number", "boolean"] if look == "string" else [look]
    return []
