"""What query-qmp-schema returns, computed from the schema.

Commands and events come first, in the order of the schema, then the types that they use, in the
order of first use. Names of types say nothing to a client, so they are numbers, in that same order;
those of builtin types stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qmp_iothreadd.qapi.schema import (
    AlternateType,
    ArrayType,
    BuiltinType,
    Command,
    EnumType,
    Event,
    ObjectType,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qmp_iothreadd.qapi.schema import EnumMember, Feature, Member, Schema, SchemaType

Info = dict[str, Any]

#: All the integer types are one in JSON.
_INT = BuiltinType("int", json="int")
_INT_ARRAY = ArrayType("intList", element_type=_INT)
_EMPTY = ObjectType("q_empty")


def introspect(schema: Schema, *, unmask: bool = False) -> list[Info]:
    """The schema as a list of SchemaInfo objects, ready to be sent.

    ``unmask``: give types their own names instead of numbers.
    """
    return _Introspection(unmask).of(schema)


class _Introspection:
    def __init__(self, unmask: bool) -> None:
        self._unmask = unmask
        self._numbers: dict[str, str] = {}
        self._used: dict[str, SchemaType] = {}
        self._queue: list[SchemaType] = []

    def of(self, schema: Schema) -> list[Info]:
        infos = [
            self._entry_point(entity)
            for entity in schema.definitions.values()
            if isinstance(entity, Command | Event)
        ]
        for type_ in self._queue:  # grows while types name further types
            infos.append(self._type(type_))  # noqa: PERF401 (a comprehension would hide that)
        return infos

    def _name(self, name: str) -> str:
        return name if self._unmask else self._numbers.setdefault(name, str(len(self._numbers)))

    def _use(self, type_: SchemaType) -> str:
        """The name that stands for a type, which is described later if it was not yet."""
        if type_.json_type() == "int":
            type_ = _INT
        elif isinstance(type_, ArrayType) and type_.element_type.json_type() == "int":
            type_ = _INT_ARRAY
        if type_.name not in self._used:
            self._used[type_.name] = type_
            self._queue.append(type_)
        if isinstance(type_, BuiltinType):
            return type_.name
        if isinstance(type_, ArrayType):
            return f"[{self._use(type_.element_type)}]"
        return self._name(type_.name)

    def _entry_point(self, entity: Command | Event) -> Info:
        info: Info = {"name": entity.name, "meta-type": type(entity).__name__.lower()}
        info["arg-type"] = self._use(entity.arg_type or _EMPTY)
        if isinstance(entity, Command):
            info["ret-type"] = self._use(entity.ret_type or _EMPTY)
            if entity.allow_oob:
                info["allow-oob"] = True
        return info | _features(entity.features)

    def _type(self, type_: SchemaType) -> Info:
        match type_:
            case BuiltinType():
                return {
                    "name": type_.name,
                    "meta-type": "builtin",
                    "json-type": type_.json_type(),
                }
            case ArrayType():
                element = self._use(type_.element_type)
                return {"name": f"[{element}]", "meta-type": "array", "element-type": element}
            case EnumType():
                info = self._enum(type_)
            case ObjectType():
                info = self._object(type_)
            case AlternateType():
                members = [{"type": self._use(branch.type)} for branch in type_.branches]
                info = {"meta-type": "alternate", "members": members}
            case _:
                raise TypeError(f"no introspection of {type_!r}")
        return {"name": self._name(type_.name)} | info | _features(type_.features)

    def _enum(self, type_: EnumType) -> Info:
        return {
            "meta-type": "enum",
            "members": [_enum_member(member) for member in type_.members],
            "values": [member.name for member in type_.members],
        }

    def _object(self, type_: ObjectType) -> Info:
        info: Info = {"meta-type": "object"}
        info["members"] = [self._object_member(member) for member in type_.members]
        if type_.variants:
            info["tag"] = type_.variants.tag.name
            cases = type_.variants.cases.items()
            info["variants"] = [{"case": case, "type": self._use(branch)} for case, branch in cases]
        return info

    def _object_member(self, member: Member) -> Info:
        info: Info = {"name": member.name, "type": self._use(member.type)}
        if member.optional:
            info["default"] = None
        return info | _features(member.features)


def _enum_member(member: EnumMember) -> Info:
    return {"name": member.name} | _features(member.features)


def _features(features: Iterable[Feature]) -> Info:
    names = [feature.name for feature in features]
    return {"features": names} if names else {}
