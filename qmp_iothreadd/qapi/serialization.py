"""A schema as nested tuples of strings, numbers and None, and back: what the cache keeps.

Types refer to each other, in cycles too. Here they do so by name, so neither the depth of types
nor a cycle is a problem.
"""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.qapi.schema import (
    AlternateType,
    ArrayType,
    BuiltinType,
    Command,
    Entity,
    EnumMember,
    EnumType,
    Event,
    Feature,
    Info,
    Member,
    ObjectType,
    Schema,
    SchemaType,
    Variants,
)

#: ``(files, records)``: one record per definition, its kind first. The layout may change with any
#: version.
Serialized = tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]

_FLAGS = ("boxed", "gen", "success_response", "allow_oob", "allow_preconfig", "coroutine")


def serialize(schema: Schema) -> Serialized:
    """The schema without objects; :func:`deserialize` is its inverse."""
    return tuple(schema.files), tuple(_record(entity) for entity in schema.definitions.values())


def _record(entity: Entity) -> tuple[Any, ...]:
    info = tuple(entity.info) if entity.info is not None else None
    head = (type(entity).__name__, entity.name, info, entity.doc, _names(entity.features))
    if isinstance(entity, BuiltinType):
        return (*head, entity.json)
    if isinstance(entity, EnumType):
        return (*head, tuple((value.name, _names(value.features)) for value in entity.members))
    if isinstance(entity, ArrayType):
        return (*head, entity.element_type.name)
    if isinstance(entity, ObjectType):
        base = entity.base.name if entity.base is not None else None
        return (*head, base, _members(entity.local_members), _variants(entity.variants))
    if isinstance(entity, AlternateType):
        return (*head, _members(entity.branches))
    assert isinstance(entity, Command | Event)
    arg = entity.arg_type.name if entity.arg_type is not None else None
    if isinstance(entity, Event):
        return (*head, arg, entity.boxed)
    ret = entity.ret_type.name if entity.ret_type is not None else None
    return (*head, arg, ret, *(getattr(entity, flag) for flag in _FLAGS))


def _names(features: tuple[Feature, ...]) -> tuple[str, ...]:
    return tuple(feature.name for feature in features)


def _members(members: tuple[Member, ...]) -> tuple[Any, ...]:
    return tuple(
        (member.name, member.type.name, member.optional, _names(member.features))
        for member in members
    )


def _variants(variants: Variants | None) -> tuple[Any, ...] | None:
    if variants is None:
        return None
    return variants.tag.name, tuple((value, case.name) for value, case in variants.cases.items())


def deserialize(serialized: Serialized) -> Schema:
    """The schema that :func:`serialize` was given."""
    files, records = serialized
    schema = Schema(files, [_shell(record) for record in records])
    pending = []
    for record in records:
        entity = schema.definitions[record[1]]
        if isinstance(entity, ObjectType):
            pending.append((entity, record))
        else:
            _connect(entity, record[5:], schema.types)
    for entity, record in pending:
        _connect_object(entity, record[5:], schema.types)
    for entity, record in pending:
        _flatten(entity, record[7])
    return schema


def _shell(record: tuple[Any, ...]) -> Entity:
    kind, name, info, doc, features = record[:5]
    info = Info(*info) if info is not None else None
    features = tuple(map(Feature, features))
    if kind == "BuiltinType":
        return BuiltinType(name, json=record[5])
    if kind == "Event":
        return Event(name, None, record[6], features, info, doc)
    if kind == "Command":
        flags = dict(zip(_FLAGS, record[7:], strict=True))
        return Command(name, features=features, info=info, doc=doc, **flags)
    if kind == "EnumType":
        values = tuple(EnumMember(value, tuple(map(Feature, own))) for value, own in record[5])
        return EnumType(name, info, doc, features, values)
    made: SchemaType = _TYPES[kind](name, info, doc, features)
    return made


_TYPES: dict[str, type[SchemaType]] = {
    "ArrayType": ArrayType,
    "ObjectType": ObjectType,
    "AlternateType": AlternateType,
}


def _connect(entity: Entity, rest: tuple[Any, ...], types: dict[str, SchemaType]) -> None:
    if isinstance(entity, ArrayType):
        entity.element_type = types[rest[0]]
    elif isinstance(entity, AlternateType):
        entity.branches = _read_members(rest[0], types)
    elif isinstance(entity, Command | Event):
        if rest[0] is not None:
            entity.arg_type = _object(types[rest[0]])
        if isinstance(entity, Command) and rest[1] is not None:
            entity.ret_type = types[rest[1]]


def _read_members(records: tuple[Any, ...], types: dict[str, SchemaType]) -> tuple[Member, ...]:
    return tuple(
        Member(name, types[type_name], optional, tuple(map(Feature, features)))
        for name, type_name, optional, features in records
    )


def _object(found: SchemaType) -> ObjectType:
    assert isinstance(found, ObjectType)
    return found


def _connect_object(
    entity: ObjectType, rest: tuple[Any, ...], types: dict[str, SchemaType]
) -> None:
    base, local, variants = rest
    entity.base = _object(types[base]) if base is not None else None
    entity.local_members = _read_members(local, types)
    if variants is not None:
        tag, cases = variants
        resolved = {value: _object(types[case]) for value, case in cases}
        # The tag is looked up once the members are known; see _flatten.
        entity.variants = Variants(Member(tag, entity), resolved)


def _flatten(entity: ObjectType, variants: tuple[Any, ...] | None) -> None:
    chain = []
    ancestor: ObjectType | None = entity
    while ancestor is not None:
        chain.append(ancestor.local_members)
        ancestor = ancestor.base
    entity.members = tuple(member for members in reversed(chain) for member in members)
    if variants is not None and entity.variants is not None:
        tag = next(member for member in entity.members if member.name == variants[0])
        entity.variants = entity.variants._replace(tag=tag)
