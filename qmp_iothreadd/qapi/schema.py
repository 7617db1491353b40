"""The checked schema as objects: what the rest of the daemon knows of the QAPI language.

All of it is plain data, resolved and immutable by convention: types refer to each other directly,
conditions have been applied and are gone. Lists are in schema order. On disk a schema is flat, with
types by name, so that cyclic and deep ones do not exhaust the stack: see :mod:`.serialization`.
The classes are written out, since dataclasses and named tuples are compiled at each import: every
start waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Row:
    """Equal to another of its class with the same values."""

    __slots__: tuple[str, ...] = ()

    def _values(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in self.__slots__])

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._values() == self._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self._values()}"


class Info(Row):
    """Where a definition stands: the file's name as it was opened, and the line, from 1."""

    __slots__ = ("file", "line")

    def __init__(self, file: str, line: int) -> None:
        self.file = file
        self.line = line


class Feature(Row):
    """A feature of a definition or of a member, such as ``deprecated`` or ``unstable``."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class SchemaType:
    """A type. ``info`` is None for built-in types and those that come with them."""

    __slots__ = ("doc", "features", "info", "name")

    def __init__(
        self,
        name: str,
        info: Info | None = None,
        doc: str | None = None,
        features: tuple[Feature, ...] = (),
    ) -> None:
        self.name = name
        self.info = info
        self.doc = doc
        self.features = features

    def json_type(self) -> str:
        """int, string, number, boolean, null, object, array, or value (which can be any of
        them).
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class BuiltinType(SchemaType):
    """A type of the language itself: ``str``, ``int8``, ``size``, ``any`` …"""

    __slots__ = ("json",)

    def __init__(self, name: str, json: str = "value") -> None:
        super().__init__(name)
        self.json = json

    def json_type(self) -> str:
        """See :meth:`SchemaType.json_type`."""
        return self.json


#: Stands in while types that refer to each other are being connected.
_UNRESOLVED = BuiltinType("any")


class EnumMember(Row):
    """A value of an enumeration."""

    __slots__ = ("features", "name")

    def __init__(self, name: str, features: tuple[Feature, ...] = ()) -> None:
        self.name = name
        self.features = features


class EnumType(SchemaType):
    """An enumeration; on the wire a string."""

    __slots__ = ("members",)

    def __init__(
        self,
        name: str,
        info: Info | None = None,
        doc: str | None = None,
        features: tuple[Feature, ...] = (),
        members: tuple[EnumMember, ...] = (),
    ) -> None:
        super().__init__(name, info, doc, features)
        self.members = members

    def json_type(self) -> str:
        """See :meth:`SchemaType.json_type`."""
        return "string"


class ArrayType(SchemaType):
    """An array, named after its element type: ``strList``."""

    __slots__ = ("element_type",)

    def __init__(
        self,
        name: str,
        info: Info | None = None,
        doc: str | None = None,
        features: tuple[Feature, ...] = (),
        element_type: SchemaType = _UNRESOLVED,
    ) -> None:
        super().__init__(name, info, doc, features)
        self.element_type = element_type

    def json_type(self) -> str:
        """See :meth:`SchemaType.json_type`."""
        return "array"


class Member(Row):
    """A member of an object, or a branch of an alternate."""

    __slots__ = ("features", "name", "optional", "type")

    def __init__(
        self,
        name: str,
        type: SchemaType,
        optional: bool = False,
        features: tuple[Feature, ...] = (),
    ) -> None:
        self.name = name
        self.type = type
        self.optional = optional
        self.features = features


class Variants(Row):
    """What a union adds: ``tag``, one of its members, and ``cases``, a type for each value of that.

    Branches come in the order of the schema, then the values without a branch, which have the
    empty type.
    """

    __slots__ = ("cases", "tag")

    def __init__(self, tag: Member, cases: dict[str, ObjectType]) -> None:
        self.tag = tag
        self.cases = cases


class ObjectType(SchemaType):
    """A struct, a union, or the implicit type of a command's arguments (``q_obj_NAME-arg``).

    ``members`` are all that are common to every value, the base's first; ``local_members`` those
    that the definition itself names.
    """

    __slots__ = ("base", "local_members", "members", "variants")

    def __init__(
        self,
        name: str,
        info: Info | None = None,
        doc: str | None = None,
        features: tuple[Feature, ...] = (),
        members: tuple[Member, ...] = (),
    ) -> None:
        super().__init__(name, info, doc, features)
        self.base: ObjectType | None = None
        self.local_members = members
        self.members = members
        self.variants: Variants | None = None

    @property
    def implicit(self) -> bool:
        """Whether the schema itself gives the type no name: anonymous, or the empty object."""
        return self.name.startswith("q_")

    def json_type(self) -> str:
        """See :meth:`SchemaType.json_type`."""
        return "object"


class AlternateType(SchemaType):
    """A choice between types that look different in JSON; branches are not named there."""

    __slots__ = ("branches",)

    def __init__(
        self,
        name: str,
        info: Info | None = None,
        doc: str | None = None,
        features: tuple[Feature, ...] = (),
    ) -> None:
        super().__init__(name, info, doc, features)
        self.branches: tuple[Member, ...] = ()

    def json_type(self) -> str:
        """See :meth:`SchemaType.json_type`."""
        return "value"


class Command:
    """A command. ``arg_type`` and ``ret_type`` are None where it takes or returns nothing."""

    __slots__ = (
        "allow_oob",
        "allow_preconfig",
        "arg_type",
        "boxed",
        "coroutine",
        "doc",
        "features",
        "gen",
        "info",
        "name",
        "ret_type",
        "success_response",
    )

    def __init__(
        self,
        name: str,
        arg_type: ObjectType | None = None,
        ret_type: SchemaType | None = None,
        *,
        boxed: bool = False,
        gen: bool = True,
        success_response: bool = True,
        allow_oob: bool = False,
        allow_preconfig: bool = False,
        coroutine: bool = False,
        features: tuple[Feature, ...] = (),
        info: Info | None = None,
        doc: str | None = None,
    ) -> None:
        self.name = name
        self.arg_type = arg_type
        self.ret_type = ret_type
        self.boxed = boxed
        self.gen = gen
        self.success_response = success_response
        self.allow_oob = allow_oob
        self.allow_preconfig = allow_preconfig
        self.coroutine = coroutine
        self.features = features
        self.info = info
        self.doc = doc


class Event:
    """An event. ``arg_type`` is None where it carries no data."""

    __slots__ = ("arg_type", "boxed", "doc", "features", "info", "name")

    def __init__(
        self,
        name: str,
        arg_type: ObjectType | None = None,
        *,
        boxed: bool = False,
        features: tuple[Feature, ...] = (),
        info: Info | None = None,
        doc: str | None = None,
    ) -> None:
        self.name = name
        self.arg_type = arg_type
        self.boxed = boxed
        self.features = features
        self.info = info
        self.doc = doc


Entity = SchemaType | Command | Event


class Schema:
    """A checked schema under one configuration.

    ``definitions`` has everything by name in schema order, implicit types where they are first
    needed; ``types``, ``commands`` and ``events`` are its parts. One that comes from the cache
    makes definitions when they are looked up. ``files`` are those that were read, the top one
    first, as absolute paths. ``version`` is the version of QEMU (major, minor) of which it has no
    more than there was; None where nothing was left out.
    """

    __slots__ = ("commands", "definitions", "events", "files", "types", "version")

    def __init__(
        self,
        files: Iterable[str],
        definitions: Mapping[str, Entity],
        types: Mapping[str, SchemaType],
        commands: Mapping[str, Command],
        events: Mapping[str, Event],
    ) -> None:
        self.files = list(files)
        self.version: tuple[int, int] | None = None
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
