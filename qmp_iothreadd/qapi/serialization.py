"""A schema as flat data, and back: what the cache keeps.

Each definition is a record of its own, in which others go by name, so neither the depth of types
nor a cycle is a problem. A schema that is read back makes a definition when it is looked up, and
objects and alternates have their members once those are looked at: a session meets few of more
than a thousand types.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

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
    from collections.abc import Iterator

_E = TypeVar("_E", bound=Entity)
_Record = tuple[Any, ...]

_FLAGS = ("boxed", "gen", "success_response", "allow_oob", "allow_preconfig", "coroutine")


#: A schema without objects; the layout may change with any version. The schema's files; those that
#: its definitions stand in, as they were opened; the names of its definitions in its order; a byte
#: for each that says which part it is of; where the record of each ends, unsigned and 32 bits wide;
#: the marshalled records, one after the other.
Serialized = tuple[
    tuple[str, ...],
    tuple[str, ...],
    tuple[str, ...],
    bytes,
    bytes,
    bytes,
]

#: The parts, as in those bytes.
_TYPE, _COMMAND, _EVENT = range(3)
_END_FORMAT: Final = "I"


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
        bytes(map(_part, definitions)),
        array(_END_FORMAT, accumulate(map(len, records))).tobytes(),
        b"".join(records),
    )


def deserialize(serialized: Serialized) -> Schema:
    """The schema that :func:`serialize` was given; its definitions are made as they are needed."""
    files, places, names, parts, ends, records = serialized
    numbers = {name: number for number, name in enumerate(names)}
    load = _Loader(places, numbers, memoryview(ends).cast(_END_FORMAT), records)
    return Schema(
        files,
        _Definitions(numbers, load),
        _Part(_TYPE, numbers, parts, load),
        _Part(_COMMAND, numbers, parts, load),
        _Part(_EVENT, numbers, parts, load),
    )


class _Definitions(Mapping[str, _E]):
    """A schema's definitions by name, in its order."""

    __slots__ = ("_load", "_numbers")

    def __init__(self, numbers: dict[str, int], load: _Loader) -> None:
        self._numbers = numbers
        self._load = load

    def __getitem__(self, name: str) -> _E:
        if name not in self:
            raise KeyError(name)
        return cast("_E", self._load(name))

    def __contains__(self, name: object) -> bool:  # without making it, as Mapping's own would
        return name in self._numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


class _Part(_Definitions[_E]):
    """Those of them that are types, commands, or events."""

    __slots__ = ("_part", "_parts")

    def __init__(self, part: int, numbers: dict[str, int], parts: bytes, load: _Loader) -> None:
        super().__init__(numbers, load)
        self._part = part
        self._parts = parts

    def __contains__(self, name: object) -> bool:
        number = self._numbers.get(cast("str", name))
        return number is not None and self._parts[number] == self._part

    def __iter__(self) -> Iterator[str]:
        found = zip(self._numbers, self._parts, strict=True)
        return iter([name for name, part in found if part == self._part])

    def __len__(self) -> int:
        return self._parts.count(self._part)


class _Loader:
    """Makes definitions from their records, each once."""

    __slots__ = ("_ends", "_made", "_numbers", "_places", "_records")

    def __init__(
        self,
        places: tuple[str, ...],
        numbers: dict[str, int],
        ends: memoryview[int],
        records: bytes,
    ) -> None:
        self._places = places
        self._numbers = numbers
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


def _part(entity: Entity) -> int:
    if isinstance(entity, SchemaType):
        return _TYPE
    return _COMMAND if isinstance(entity, Command) else _EVENT


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
