"""What goes out, held against the schema: values that commands return, and the data of events.

The function behind a command may know more members than the schema that is served has. A
:data:`Projection` leaves those out. Whether the rest is of its type is another question, which
:meth:`.models.Models.check_reply` answers.
"""

from __future__ import annotations

from math import isfinite
from operator import is_
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.errors.tree import Error
from qmp_iothreadd.qapi.core_schemas import branch_for
from qmp_iothreadd.qapi.schema import AlternateType, ArrayType, ObjectType

if TYPE_CHECKING:
    from collections.abc import Callable

    from qmp_iothreadd.qapi.schema import SchemaType

    #: Returns a value without what its type lacks: the value itself where there is no such thing.
    #: The value is not changed. What is of another type altogether is returned as it is.
    Projection = Callable[[Any], Any]

    #: The members of an object, and the projections of those that have something inside.
    Members = tuple[frozenset[str], tuple[tuple[str, Projection], ...]]


class ReplyError(Error):
    """A command returned, or an event carries, what the schema does not allow: an error of ours."""


def non_finite_number(value: Any) -> float | None:
    """An infinity or NaN that is somewhere in the value, or None."""
    pending = [value]
    while pending:
        match pending.pop():
            case dict() as members:
                pending += members.values()
            case list() as items:
                pending += items
            case float() as number if not isfinite(number):
                return number
    return None


class Projections:
    """The projections of a schema's types, each made when it is first asked for."""

    def __init__(self) -> None:
        self._objects: dict[ObjectType, Projection] = {}

    def of(self, type_: SchemaType | None) -> Projection:
        """The projection onto a type; that onto None, of what returns nothing, is always None."""
        if type_ is None:
            return _nothing
        match type_:
            case ObjectType():
                return self._of_object(type_)
            case ArrayType() if _has_members(type_):
                return _of_list(self.of(type_.element_type))
            case AlternateType() if _has_members(type_):
                return self._of_alternate(type_)
            case _:
                return _unchanged

    def _of_object(self, type_: ObjectType) -> Projection:
        projection = self._objects.get(type_)
        if projection is None:
            # Most objects have neither branches nor anything inside their members.
            if type_.variants is None and not any(_has_members(m.type) for m in type_.members):
                projection = _of_flat_object(frozenset(member.name for member in type_.members))
            else:
                projection = _ObjectProjection(type_, self)
            self._objects[type_] = projection
        return projection

    def _of_alternate(self, type_: AlternateType) -> Projection:
        def project(value: Any) -> Any:
            branch = branch_for(type_, value)
            return value if branch is None else self.of(branch)(value)

        return project


class _ObjectProjection:
    """Leaves out of an object what neither the struct nor the branch that its tag selects has."""

    __slots__ = ("_members", "_projections", "_type")

    def __init__(self, type_: ObjectType, projections: Projections) -> None:
        self._type = type_
        self._projections = projections
        # By the values of the tags; made with the first such value, because types may hold
        # themselves.
        self._members: dict[tuple[str, ...], Members] = {}

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        tags = () if self._type.variants is None else _tags(self._type, value)
        found = self._members.get(tags)
        if found is None:
            found = self._members[tags] = self._members_for(tags)
        known, nested = found
        result = value
        if not known.issuperset(value):
            result = {name: item for name, item in value.items() if name in known}
        for name, project in nested:
            if name in result:
                item = result[name]
                projected = project(item)
                if projected is not item:
                    if result is value:
                        result = value.copy()
                    result[name] = projected
        return result

    def _members_for(self, tags: tuple[str, ...]) -> Members:
        members = list(self._type.members)
        type_ = self._type
        for tag in tags:
            assert type_.variants is not None
            type_ = type_.variants.cases[tag]
            members += type_.members
        nested = tuple(
            (member.name, self._projections.of(member.type))
            for member in members
            if _has_members(member.type)
        )
        return frozenset(member.name for member in members), nested


def _tags(type_: ObjectType, value: dict[str, Any]) -> tuple[str, ...]:
    """The values of the tags that select branches, the outer union's first."""
    tags = []
    while type_.variants is not None:
        tag = value.get(type_.variants.tag.name)
        branch = type_.variants.cases.get(tag) if isinstance(tag, str) else None
        if branch is None:
            break
        tags.append(str(tag))
        type_ = branch
    return tuple(tags)


def _has_members(type_: SchemaType) -> bool:
    """Whether a value of the type may have an object of known members in it."""
    match type_:
        case ArrayType():
            return _has_members(type_.element_type)
        case AlternateType():
            return any(_has_members(branch.type) for branch in type_.branches)
        case _:
            return isinstance(type_, ObjectType)


def _of_flat_object(known: frozenset[str]) -> Projection:
    def project(value: Any) -> Any:
        if not isinstance(value, dict) or known.issuperset(value):
            return value
        return {name: item for name, item in value.items() if name in known}

    return project


def _of_list(project: Projection) -> Projection:
    def project_all(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        projected = [project(item) for item in value]
        return value if all(map(is_, projected, value)) else projected

    return project_all


def _unchanged(value: Any) -> Any:
    return value


def _nothing(value: Any) -> None:
    return None
