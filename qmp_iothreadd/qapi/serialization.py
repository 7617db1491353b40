"""A schema as flat data, and back: what the cache keeps.

Each definition is a record of its own, in which others go by name, so neither the depth of types
nor a cycle is a problem. A schema that is read back makes a definition when it is looked up, and
objects and alternates have their members once those are looked at: a session meets few of more
than a thousand types.
"""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeVar, cast

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

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_E = TypeVar("_E", bound=Entity)
_Record = tuple[Any, ...]

_FLAGS = ("boxed", "gen", "success_response", "allow_oob", "allow_preconfig", "coroutine")


#: A schema without objects; the layout may change with any version. The schema's files; those that
#: its definitions stand in, as they were opened; the names of its definitions, types, commands and
#: events in its order; a marshalled record per definition, one after the other, and, before these,
#: where each ends.
Serialized = tuple[
    tuple[str, ...],
    tuple[str, ...],
    tuple[str, ...],
    tuple[str, ...],
    tuple[str, ...],
    tuple[str, ...],
    tuple[int, ...],
    bytes,
]


def serialize(schema: Schema) -> Serialized:
    """The schema without objects; :func:`deserialize` is its inverse."""
    definitions = schema.definitions.values()
    places = {entity.info.file: 0 for entity in definitions if entity.info is not None}
    numbers = {place: number for number, place in enumerate(places)}
    # Version 2 of the format writes equal values as equal bytes; later ones know shared objects.
    records = [marshal.dumps(_record(entity, numbers), 2) for entity in definitions]
    return (
        tuple(schema.files),
        tuple(places),
        tuple(schema.definitions),
        tuple(schema.types),
        tuple(schema.commands),
        tuple(schema.events),
        tuple(accumulate(map(len, records))),
        b"".join(records),
    )


def deserialize(serialized: Serialized) -> Schema:
    """The schema that :func:`serialize` was given; its definitions are made as they are needed."""
    files, places, names, types, commands, events, ends, records = serialized
    load = _Loader(places, names, ends, records)
    return Schema(files, *(_Part(each, load) for each in (names, types, commands, events)))


class _Part(Mapping[str, _E]):
    """Some of a schema's definitions by name, in its order."""

    __slots__ = ("_load", "_names")

    def __init__(self, names: Iterable[str], load: _Loader) -> None:
        self._names = dict.fromkeys(names)
        self._load = load

    def __getitem__(self, name: str) -> _E:
        if name not in self._names:
            raise KeyError(name)
        return cast("_E", self._load(name))

    def __contains__(self, name: object) -> bool:  # without making it, as Mapping's own would
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class _Loader:
    """Makes definitions from their records, each once."""

    __slots__ = ("_ends", "_made", "_numbers", "_places", "_records")

    def __init__(
        self,
        places: tuple[str, ...],
        names: tuple[str, ...],
        ends: tuple[int, ...],
        records: bytes,
    ) -> None:
        self._places = places
        self._numbers = {name: number for number, name in enumerate(names)}
        self._ends = ends
        self._records = records
        self._made: dict[str, Entity] = {}

    def __call__(self, name: str) -> Entity:
        """The definition of this name."""
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = self._make(*self._record(name))
        return found

    def type(self, name: str) -> SchemaType:
        """The type of this name."""
        return cast("SchemaType", self(name))

    def object(self, name: str | None) -> ObjectType | None:
        """The object of this name; None for None."""
        return None if name is None else cast("ObjectType", self(name))

    def members(self, records: _Record) -> tuple[Member, ...]:
        """Members, or the branches of an alternate."""
        return tuple(
            [
                Member(name, self.type(type_name), optional, _features(features))
                for name, type_name, optional, features in records
            ]
        )

    def _record(self, name: str) -> _Record:
        number = self._numbers[name]
        start = self._ends[number - 1] if number else 0
        record: _Record = marshal.loads(self._records[start : self._ends[number]])
        return record

    def _make(
        self, kind: str, name: str, info: Any, doc: str | None, own: Any, *rest: Any
    ) -> Entity:
        where = None if info is None else Info(self._places[info[0]], info[1])
        features = _features(own)
        match kind:
            case "BuiltinType":
                return BuiltinType(name, json=rest[0])
            case "EnumType":
                values = tuple([EnumMember(value, _features(each)) for value, each in rest[0]])
                return EnumType(name, where, doc, features, values)
            case "ArrayType":
                return ArrayType(name, where, doc, features, self.type(rest[0]))
            case "ObjectType":
                return _LazyObject(self, rest, name, where, doc, features)
            case "AlternateType":
                return _LazyAlternate(self, rest, name, where, doc, features)
            case "Event":
                return Event(
                    name,
                    self.object(rest[0]),
                    boxed=rest[1],
                    features=features,
                    info=where,
                    doc=doc,
                )
        made = Command(name, self.object(rest[0]), features=features, info=where, doc=doc)
        made.ret_type = None if rest[1] is None else self.type(rest[1])
        for flag, value in zip(_FLAGS, rest[2:], strict=True):
            setattr(made, flag, value)
        return made


class _LazyObject(ObjectType):
    """An object whose members, base and branches are made when one of them is first looked at."""

    __slots__ = ("_load", "_rest")

    def __init__(self, load: _Loader, rest: _Record, *head: Any) -> None:
        SchemaType.__init__(self, *head)  # the slots of ObjectType stay empty
        self._load = load
        self._rest = rest

    def __getattr__(self, name: str) -> Any:  # called where a slot is empty
        load, (base, local, variants) = self._load, self._rest
        self.base = load.object(base)
        self.local_members = load.members(local)
        inherited = () if self.base is None else self.base.members
        self.members = inherited + self.local_members
        self.variants = None
        if variants is not None:
            tag_name, cases = variants
            tag = next(member for member in self.members if member.name == tag_name)
            branches = {value: cast("ObjectType", load(case)) for value, case in cases}
            self.variants = Variants(tag, branches)
        return object.__getattribute__(self, name)


class _LazyAlternate(AlternateType):
    """An alternate whose branches are made when they are first looked at."""

    __slots__ = ("_load", "_rest")

    def __init__(self, load: _Loader, rest: _Record, *head: Any) -> None:
        SchemaType.__init__(self, *head)
        self._load = load
        self._rest = rest

    def __getattr__(self, name: str) -> Any:
        self.branches = self._load.members(self._rest[0])
        return object.__getattribute__(self, name)


#: The kinds of definitions, as records name them.
_KINDS = (BuiltinType, EnumType, ArrayType, ObjectType, AlternateType, Command, Event)


def _record(entity: Entity, numbers: Mapping[str, int]) -> _Record:
    info = (numbers[entity.info.file], entity.info.line) if entity.info is not None else None
    kind = next(kind.__name__ for kind in _KINDS if isinstance(entity, kind))
    head = (kind, entity.name, info, entity.doc, _names(entity.features))
    if isinstance(entity, BuiltinType):
        return (*head, entity.json)
    if isinstance(entity, EnumType):
        return (*head, tuple((value.name, _names(value.features)) for value in entity.members))
    if isinstance(entity, ArrayType):
        return (*head, entity.element_type.name)
    if isinstance(entity, ObjectType):
        base = entity.base.name if entity.base is not None else None
        return (*head, base, _member_records(entity.local_members), _variants(entity.variants))
    if isinstance(entity, AlternateType):
        return (*head, _member_records(entity.branches))
    assert isinstance(entity, Command | Event)
    arg = entity.arg_type.name if entity.arg_type is not None else None
    if isinstance(entity, Event):
        return (*head, arg, entity.boxed)
    ret = entity.ret_type.name if entity.ret_type is not None else None
    return (*head, arg, ret, *(getattr(entity, flag) for flag in _FLAGS))


def _names(features: tuple[Feature, ...]) -> tuple[str, ...]:
    return tuple(feature.name for feature in features)


def _features(names: tuple[str, ...]) -> tuple[Feature, ...]:
    return tuple(map(Feature, names)) if names else ()


def _member_records(members: tuple[Member, ...]) -> _Record:
    return tuple(
        (member.name, member.type.name, member.optional, _names(member.features))
        for member in members
    )


def _variants(variants: Variants | None) -> _Record | None:
    if variants is None:
        return None
    return variants.tag.name, tuple((value, case.name) for value, case in variants.cases.items())
