"""Declarations → a graph: names looked up, implicit types added, what spans definitions checked.

Everything is checked, whatever its condition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.qapi.collisions import check_collisions, check_feature_collisions
from qmp_iothreadd.qapi.declarations import (
    ActionDecl,
    AlternateDecl,
    ArrayDecl,
    BuiltinDecl,
    CommandDecl,
    Decl,
    EnumDecl,
    MemberDecl,
    ObjectDecl,
    TypeRef,
)
from qmp_iothreadd.qapi.messages import QAPIError, Rule
from qmp_iothreadd.qapi.unions import (
    check_alternate,
    check_branch,
    check_branch_members,
    complete_branches,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qmp_iothreadd.qapi.docs import Doc
    from qmp_iothreadd.qapi.source import Location

_BUILTINS = {
    "str": "string",
    "number": "number",
    "int": "int",
    "int8": "int",
    "int16": "int",
    "int32": "int",
    "int64": "int",
    "uint8": "int",
    "uint16": "int",
    "uint32": "int",
    "uint64": "int",
    "size": "int",
    "bool": "boolean",
    "any": "value",
    "null": "null",
}
#: The type without members; it comes with the language, as QType does, whose values are the kinds
#: of JSON values.
EMPTY = "q_empty"
_QTYPE = ("none", "qnull", "qnum", "qstring", "qdict", "qlist", "qbool")

# Features with a meaning of their own, which types cannot have.
_SPECIAL_FEATURES = ("deprecated", "unstable")

_MAX_FEATURES = 64

# Bounds the recursion through bases and branches.
_MAX_DERIVATION = 100


class Resolver:
    """All declarations by name, in the order in which they are declared or first needed."""

    def __init__(self) -> None:
        self.declarations: dict[str, Decl] = {}
        for name, json in _BUILTINS.items():
            self._add(BuiltinDecl(name, json))
            self._array(name, None)
        self._add(ObjectDecl(EMPTY, None, []))
        values = [MemberDecl("value", name, None, None, []) for name in _QTYPE]
        self._add(EnumDecl("QType", None, values))

    # -- Declaring

    def add(self, declaration: Decl) -> None:
        """Declare a definition, and before it the implicit types that it needs.

        Raises QAPIError where its name is taken.
        """
        location = declaration.location
        if isinstance(declaration, EnumDecl):
            self._own(declaration.values, declaration)
        elif isinstance(declaration, ObjectDecl):
            self._implicit_object(declaration, declaration.base, "base")
            self._own(declaration.branches, declaration)
            self._own(declaration.local, declaration)
        elif isinstance(declaration, AlternateDecl):
            self._own(declaration.branches, declaration)
        elif isinstance(declaration, ActionDecl):
            self._implicit_object(declaration, declaration.data, "arg")
            if isinstance(declaration, CommandDecl) and declaration.returns:
                self._array_of(declaration.returns, location)
        self._add(declaration)

    def _add(self, declaration: Decl) -> None:
        previous = self.declarations.get(declaration.name)
        if previous is not None:
            if previous.location is None:
                raise QAPIError(
                    Rule.BUILTIN_ALREADY_DEFINED, declaration.location, what=previous.describe()
                )
            raise QAPIError(
                Rule.ALREADY_DEFINED,
                declaration.location,
                name=declaration.name,
                previous=previous.location,
            )
        self.declarations[declaration.name] = declaration

    def _own(self, members: Iterable[MemberDecl], owner: Decl) -> None:
        for member in members:
            member.owner = owner.name
            if member.ref is not None and member.ref.array:
                self._array_of(member.ref, owner.location)

    def _array_of(self, ref: TypeRef, location: Location | None) -> None:
        if ref.array:
            self._array(ref.name, location)

    def _array(self, element: str, location: Location | None) -> None:
        array = ArrayDecl(element, location)
        self.declarations.setdefault(array.name, array)

    def _implicit_object(
        self, owner: Decl, members: str | list[MemberDecl] | None, role: str
    ) -> None:
        """The type of anonymous members. A second of its name shows when its owner is declared."""
        if not members or isinstance(members, str):
            return
        implicit = ObjectDecl(f"q_obj_{owner.name}-{role}", owner.location, members)
        implicit.condition = owner.condition
        self._own(members, implicit)
        self.declarations.setdefault(implicit.name, implicit)

    # -- Checking

    def check(self) -> None:
        """Resolve and check everything that is declared, in that order. Raises QAPIError."""
        for declaration in list(self.declarations.values()):
            location = declaration.location
            if location is None:
                continue
            if isinstance(declaration, ObjectDecl):
                self.check_object(declaration)
            else:
                self._check_features(declaration, location)
            if isinstance(declaration, EnumDecl):
                check_collisions(declaration.values, location)
            elif isinstance(declaration, ArrayDecl):
                self._check_array(declaration, location)
            elif isinstance(declaration, AlternateDecl):
                self._check_members(declaration.branches, location)
                check_alternate(declaration, location)
            elif isinstance(declaration, ActionDecl):
                self._check_action(declaration, location)
            _check_features_described(declaration, location)
        # Behind all else, as QEMU's schema.py has it.
        for declaration in self.declarations.values():
            if declaration.doc is not None:
                _check_described(declaration, declaration.doc)
        self._check_number_of_features()

    def resolve(self, name: str, location: Location, what: str | Callable[[Location], str]) -> Decl:
        """The type of that name; commands and events are none. Raises QAPIError."""
        found = self.declarations.get(name)
        if found is None or isinstance(found, ActionDecl):
            described = what if isinstance(what, str) else what(location)
            raise QAPIError(Rule.UNKNOWN_TYPE, location, what=described, name=name)
        return found

    def _check_features(self, declaration: Decl, location: Location) -> None:
        check_feature_collisions(declaration.features, location, declaration.name)
        if not isinstance(declaration, ActionDecl):
            for feature in declaration.features:
                if feature.name in _SPECIAL_FEATURES:
                    raise QAPIError(Rule.SPECIAL_FEATURE_ON_TYPE, location, name=feature.name)

    def _check_array(self, array: ArrayDecl, location: Location) -> None:
        element = self.resolve(array.element_name, location, location.meta)
        if isinstance(element, ArrayDecl):
            raise QAPIError(Rule.ARRAY_OF_ARRAY, location, name=element.name)
        array.element = element

    def _check_number_of_features(self) -> None:
        """QEMU's generated code has a bit for each feature of the schema."""
        seen = set(_SPECIAL_FEATURES)
        for declaration in self.declarations.values():
            for name in _features(declaration):
                seen.add(name)
                if len(seen) > _MAX_FEATURES:
                    raise QAPIError(
                        Rule.TOO_MANY_FEATURES, declaration.location, limit=_MAX_FEATURES
                    )

    def _check_members(self, members: Iterable[MemberDecl], location: Location) -> None:
        for member in members:
            if member.ref is not None:
                member.type = self.resolve(member.ref.type_name, location, member.describe)
            if member.features:
                check_feature_collisions(member.features, location, member.name)

    def check_object(self, declaration: ObjectDecl, depth: int = 0) -> None:
        """Resolve a struct or union and those whose members it takes over."""
        if declaration.members is not None:
            return
        location = declaration.location
        if location is None:
            declaration.members = []
            return
        if declaration.checking:
            raise QAPIError(Rule.CONTAINS_ITSELF, location, name=declaration.name)
        if depth > _MAX_DERIVATION:
            raise QAPIError(
                Rule.DERIVED_TOO_DEEPLY, location, name=declaration.name, limit=_MAX_DERIVATION
            )
        declaration.checking = True
        self._check_features(declaration, location)
        members: list[MemberDecl] = []
        if declaration.base:
            base = self._base(declaration, location)
            self.check_object(base, depth + 1)
            declaration.base_type = base
            members.extend(base.members or ())
        self._check_members(declaration.local, location)
        members.extend(declaration.local)
        seen = check_collisions(members, location)
        if declaration.tag_name is not None:
            values = complete_branches(declaration, declaration.tag_name, location, seen)
            self._check_branches(declaration, values, location, depth)
            check_branch_members(declaration, location, seen)
        declaration.members = members

    def _check_branches(
        self, union: ObjectDecl, values: EnumDecl, location: Location, depth: int
    ) -> None:
        names = {value.name for value in values.values}
        for branch in union.branches:
            assert branch.ref is not None
            branch.type = self.resolve(branch.ref.type_name, location, branch.describe)
            self.check_object(check_branch(branch, values, names, location), depth + 1)

    def _base(self, declaration: ObjectDecl, location: Location) -> ObjectDecl:
        name = declaration.base
        if not isinstance(name, str):
            name = f"q_obj_{declaration.name}-base"
        base = self.resolve(name, location, "'base'")
        if not isinstance(base, ObjectDecl) or base.is_union:
            raise QAPIError(Rule.BASE_NOT_STRUCT, location, what=base.describe())
        return base

    def _check_action(self, action: ActionDecl, location: Location) -> None:
        name = action.data
        if name and not isinstance(name, str):
            name = f"q_obj_{action.name}-arg"
        if name and isinstance(name, str):
            what = f"{action.meta}'s 'data'"
            data = self.resolve(name, location, what)
            if not isinstance(data, ObjectDecl):
                raise QAPIError(Rule.CANNOT_TAKE, location, what=what, type=data.describe())
            if data.is_union and not action.boxed:
                raise QAPIError(Rule.TAKES_ONLY_BOXED, location, what=what, type=data.describe())
            self.check_object(data)
            if not action.boxed and any(member.condition for member in data.members or ()):
                raise QAPIError(Rule.CONDITIONAL_ARGUMENTS, location, meta=action.meta)
            action.arg_type = data
        if isinstance(action, CommandDecl) and action.returns:
            self._check_returns(action, action.returns, location)

    def _check_returns(self, command: CommandDecl, returns: TypeRef, location: Location) -> None:
        what = "command's 'returns'"
        command.ret_type = self.resolve(returns.type_name, location, what)
        if command.name in location.pragmas.exceptions["command-returns-exceptions"]:
            return
        found: Decl | None = command.ret_type
        if isinstance(found, ArrayDecl):
            found = found.element
        if not isinstance(found, ObjectDecl):
            raise QAPIError(Rule.CANNOT_TAKE, location, what=what, type=command.ret_type.describe())


def _check_features_described(declaration: Decl, location: Location) -> None:
    """A documented definition documents all its features."""
    if declaration.doc is not None:
        for name in _features(declaration):
            if name not in declaration.doc.features:
                raise QAPIError(Rule.DOC_FEATURE_LACKING, location, name=name)


def _check_described(declaration: Decl, doc: Doc) -> None:
    """A documented definition documents nothing that it does not have."""
    members = {member.name for member in documented_members(declaration)}
    doc.check_described(members, _features(declaration))


def _features(declaration: Decl) -> dict[str, None]:
    """The names of the features of a definition and then of its members, each once."""
    members = documented_members(declaration)
    own = dict.fromkeys(feature.name for feature in declaration.features)
    return own | dict.fromkeys(feature.name for member in members for feature in member.features)


def documented_members(declaration: Decl) -> list[MemberDecl]:
    """The members that a definition itself lists, also as its anonymous base or arguments."""
    if isinstance(declaration, EnumDecl):
        return declaration.values
    if isinstance(declaration, AlternateDecl):
        return declaration.branches
    if isinstance(declaration, ObjectDecl):
        return [
            *(declaration.base if isinstance(declaration.base, list) else ()),
            *declaration.local,
        ]
    if isinstance(declaration, ActionDecl) and isinstance(declaration.data, list):
        return declaration.data
    return []
