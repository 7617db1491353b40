"""The checked schema as objects: what the rest of the daemon knows of the QAPI language.

All of it is plain data, resolved and immutable by convention: types refer to each other directly,
conditions have been applied and are gone. Lists are in schema order. On disk a schema is flat, with
types by name, so that cyclic and deep ones do not exhaust the stack: see :mod:`.serialization`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Info(NamedTuple):
    """Where a definition stands: the file's name as it was opened, and the line, from 1."""

    file: str
    line: int


class Feature(NamedTuple):
    """A feature of a definition or of a member, such as ``deprecated`` or ``unstable``."""

    name: str


@dataclass(slots=True, eq=False, repr=False)
class SchemaType:
    """A type. ``info`` is None for built-in types and those that come with them."""

    name: str
    info: Info | None = None
    doc: str | None = None
    features: tuple[Feature, ...] = ()

    def json_type(self) -> str:
        """int, string, number, boolean, null, object, array, or value (which can be any of
        them).
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


@dataclass(slots=True, eq=False, repr=False)
class BuiltinType(SchemaType):
    """A type of the language itself: ``str``, ``int8``, ``size``, ``any`` …"""

    json: str = "value"

    def json_type(self) -> str:
        """See :meth:`SchemaType.json_type`."""
        return self.json


#: Stands in while types that refer to each other are being connected.
_UNRESOLVED = BuiltinType("any")


class EnumMember(NamedTuple):
    """A value of an enumeration."""

    name: str
    features: tuple[Feature, ...] = ()


@dataclass(slots=True, eq=False, repr=False)
class EnumType(SchemaType):
    """An enumeration; on the wire a string."""

    members: tuple[EnumMember, ...] = ()

    def json_type(self) -> str:
        """See :meth:`SchemaType.json_type`."""
        return "string"


@dataclass(slots=True, eq=False, repr=False)
class ArrayType(SchemaType):
    """An array, named after its element type: ``strList``."""

    element_type: SchemaType = _UNRESOLVED

    def json_type(self) -> str:
        """See :meth:`SchemaType.json_type`."""
        return "array"


class Member(NamedTuple):
    """A member of an object, or a branch of an alternate."""

    name: str
    type: SchemaType
    optional: bool = False
    features: tuple[Feature, ...] = ()


class Variants(NamedTuple):
    """What a union adds: ``tag``, one of its members, and ``cases``, a type for each value of that.

    Branches come in the order of the schema, then the values without a branch, which have the
    empty type.
    """

    tag: Member
    cases: dict[str, ObjectType]


@dataclass(slots=True, eq=False, repr=False)
class ObjectType(SchemaType):
    """A struct, a union, or the implicit type of a command's arguments (``q_obj_NAME-arg``).

    ``members`` are all that are common to every value, the base's first; ``local_members`` those
    that the definition itself names.
    """

    base: ObjectType | None = None
    local_members: tuple[Member, ...] = ()
    members: tuple[Member, ...] = ()
    variants: Variants | None = None

    @property
    def implicit(self) -> bool:
        """Whether the schema itself gives the type no name: anonymous, or the empty object."""
        return self.name.startswith("q_")

    def json_type(self) -> str:
        """See :meth:`SchemaType.json_type`."""
        return "object"


@dataclass(slots=True, eq=False, repr=False)
class AlternateType(SchemaType):
    """A choice between types that look different in JSON; branches are not named there."""

    branches: tuple[Member, ...] = ()

    def json_type(self) -> str:
        """See :meth:`SchemaType.json_type`."""
        return "value"


@dataclass(slots=True, eq=False)
class Command:
    """A command. ``arg_type`` and ``ret_type`` are None where it takes or returns nothing."""

    name: str
    arg_type: ObjectType | None = None
    ret_type: SchemaType | None = None
    boxed: bool = False
    gen: bool = True
    success_response: bool = True
    allow_oob: bool = False
    allow_preconfig: bool = False
    coroutine: bool = False
    features: tuple[Feature, ...] = ()
    info: Info | None = None
    doc: str | None = None


@dataclass(slots=True, eq=False)
class Event:
    """An event. ``arg_type`` is None where it carries no data."""

    name: str
    arg_type: ObjectType | None = None
    boxed: bool = False
    features: tuple[Feature, ...] = ()
    info: Info | None = None
    doc: str | None = None


Entity = SchemaType | Command | Event


class Schema:
    """A checked schema under one configuration.

    ``definitions`` has everything by name in schema order, implicit types where they are first
    needed; ``types``, ``commands`` and ``events`` are its parts. One that comes from the cache
    makes definitions when they are looked up. ``files`` are those that were read, the top one
    first, as absolute paths.
    """

    __slots__ = ("commands", "definitions", "events", "files", "types")

    def __init__(
        self,
        files: Iterable[str],
        definitions: Mapping[str, Entity],
        types: Mapping[str, SchemaType],
        commands: Mapping[str, Command],
        events: Mapping[str, Event],
    ) -> None:
        self.files = list(files)
        self.definitions = definitions
        self.types = types
        self.commands = commands
        self.events = events

    @classmethod
    def of(cls, files: Iterable[str], definitions: Iterable[Entity]) -> Schema:
        """The schema with just these definitions."""
        types: dict[str, SchemaType] = {}
        commands: dict[str, Command] = {}
        events: dict[str, Event] = {}
        every: dict[str, Entity] = {}
        for entity in definitions:
            every[entity.name] = entity
            if isinstance(entity, SchemaType):
                types[entity.name] = entity
            elif isinstance(entity, Command):
                commands[entity.name] = entity
            else:
                events[entity.name] = entity
        return cls(files, every, types, commands, events)

    def __repr__(self) -> str:
        counts = (
            f"{len(self.types)} types, {len(self.commands)} commands, {len(self.events)} events"
        )
        return f"<Schema {counts}>"
