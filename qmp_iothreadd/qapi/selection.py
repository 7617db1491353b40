"""The checked graph → :class:`~.schema.Schema`: what is there under one configuration.

What has a condition that does not hold is left out. A type that something else still uses stays,
whatever its own condition: the front end has no way to say what should stand in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.qapi import schema
from qmp_iothreadd.qapi.conditions import holds
from qmp_iothreadd.qapi.declarations import (
    ActionDecl,
    AlternateDecl,
    ArrayDecl,
    BuiltinDecl,
    CommandDecl,
    Decl,
    EnumDecl,
    EventDecl,
    MemberDecl,
    ObjectDecl,
)
from qmp_iothreadd.qapi.resolve import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterable, Set as AbstractSet

    from qmp_iothreadd.qapi.declarations import FeatureDecl


class Selector:
    """Builds what a configuration leaves; types when first referred to, to be filled in later."""

    def __init__(self, declarations: dict[str, Decl], config: AbstractSet[str]) -> None:
        self._declarations = declarations
        self._config = config
        self._made: dict[str, schema.Entity] = {}
        self._unfilled: list[Decl] = []
        self._members: dict[MemberDecl, schema.Member] = {}

    def select(self, files: Iterable[str]) -> schema.Schema:
        """The schema, in the order of the declarations."""
        for declaration in self._declarations.values():
            if self._holds(declaration):
                self._entity(declaration)
        while self._unfilled:
            self._fill(self._unfilled.pop())
        made = self._made
        return schema.Schema.of(files, [made[n] for n in self._declarations if n in made])

    def _holds(self, declaration: Decl) -> bool:
        if isinstance(declaration, ArrayDecl) and declaration.element is not None:
            declaration = declaration.element
        return holds(declaration.condition, self._config)

    def _entity(self, declaration: Decl) -> schema.Entity:
        made = self._made.get(declaration.name)
        if made is None:
            made = self._made[declaration.name] = self._shell(declaration)
            self._unfilled.append(declaration)
        return made

    def _shell(self, declaration: Decl) -> schema.Entity:
        name, location, doc = declaration.name, declaration.location, declaration.doc
        info = schema.Info(location.file, location.line) if location is not None else None
        text = doc.text if doc is not None else None
        features = self._features(declaration.features)
        if isinstance(declaration, BuiltinDecl):
            return schema.BuiltinType(name, json=declaration.json)
        if isinstance(declaration, EnumDecl):
            return schema.EnumType(name, info, text, features, self._values(declaration))
        if isinstance(declaration, ArrayDecl):
            return schema.ArrayType(name, info)
        if isinstance(declaration, AlternateDecl):
            return schema.AlternateType(name, info, text, features)
        if isinstance(declaration, CommandDecl):
            return schema.Command(
                name,
                boxed=declaration.boxed,
                gen="gen" not in declaration.flags,
                success_response="success-response" not in declaration.flags,
                allow_oob="allow-oob" in declaration.flags,
                allow_preconfig="allow-preconfig" in declaration.flags,
                coroutine="coroutine" in declaration.flags,
                features=features,
                info=info,
                doc=text,
            )
        if isinstance(declaration, EventDecl):
            return schema.Event(
                name, boxed=declaration.boxed, features=features, info=info, doc=text
            )
        return schema.ObjectType(name, info, text, features)

    def _fill(self, declaration: Decl) -> None:
        entity = self._made[declaration.name]
        if isinstance(declaration, ArrayDecl):
            assert isinstance(entity, schema.ArrayType)
            element = declaration.element or self._declarations[declaration.element_name]
            entity.element_type = self._type(element)
        elif isinstance(declaration, AlternateDecl):
            assert isinstance(entity, schema.AlternateType)
            entity.branches = self._present(declaration.branches)
        elif isinstance(declaration, ActionDecl):
            assert isinstance(entity, schema.Command | schema.Event)
            if declaration.arg_type is not None:
                entity.arg_type = self._object(declaration.arg_type)
            if isinstance(declaration, CommandDecl) and declaration.ret_type is not None:
                assert isinstance(entity, schema.Command)
                entity.ret_type = self._type(declaration.ret_type)
        elif isinstance(declaration, ObjectDecl):
            assert isinstance(entity, schema.ObjectType)
            self._fill_object(entity, declaration)

    def _fill_object(self, entity: schema.ObjectType, declaration: ObjectDecl) -> None:
        if declaration.base_type is not None:
            entity.base = self._object(declaration.base_type)
        entity.local_members = self._present(declaration.local)
        entity.members = self._present(declaration.members or ())
        tag = declaration.tag
        if tag is None or not holds(tag.condition, self._config):
            return  # the second only as of a version, in which this was a struct
        assert isinstance(tag.type, EnumDecl)
        present = {value.name for value in self._values(tag.type)}
        empty = self._declarations[EMPTY]
        cases: dict[str, schema.ObjectType] = {}
        for branch in declaration.branches:
            if branch.name in present:
                target = branch.type if holds(branch.condition, self._config) else empty
                assert target is not None
                cases[branch.name] = self._object(target)
        entity.variants = schema.Variants(self._member(tag), cases)

    def _type(self, declaration: Decl) -> schema.SchemaType:
        entity = self._entity(declaration)
        assert isinstance(entity, schema.SchemaType)
        return entity

    def _object(self, declaration: Decl) -> schema.ObjectType:
        entity = self._entity(declaration)
        assert isinstance(entity, schema.ObjectType)
        return entity

    def _values(self, declaration: EnumDecl) -> tuple[schema.EnumMember, ...]:
        return tuple(
            schema.EnumMember(value.name, self._features(value.features))
            for value in declaration.values
            if holds(value.condition, self._config)
        )

    def _present(self, members: Iterable[MemberDecl]) -> tuple[schema.Member, ...]:
        return tuple(
            [self._member(member) for member in members if holds(member.condition, self._config)]
        )

    def _member(self, declaration: MemberDecl) -> schema.Member:
        member = self._members.get(declaration)
        if member is None:
            assert declaration.type is not None
            member = self._members[declaration] = schema.Member(
                declaration.name,
                self._type(declaration.type),
                declaration.optional,
                self._features(declaration.features),
            )
        return member

    def _features(self, features: Iterable[FeatureDecl]) -> tuple[schema.Feature, ...]:
        if not features:
            return ()
        return tuple(
            schema.Feature(feature.name)
            for feature in features
            if holds(feature.condition, self._config)
        )
