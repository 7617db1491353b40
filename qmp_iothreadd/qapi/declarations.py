"""Definitions whose shape has been checked, with types still by name, for :mod:`.resolve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.conditions import Condition
    from qmp_iothreadd.qapi.docs import Doc
    from qmp_iothreadd.qapi.source import Location


class FeatureDecl(NamedTuple):
    """A feature, present where its condition holds."""

    name: str
    condition: Condition


class TypeRef(NamedTuple):
    """A type by name, or an array of it."""

    name: str
    array: bool = False

    @property
    def type_name(self) -> str:
        """The name of the type itself, the array's where it is one."""
        return self.name + "List" if self.array else self.name


class MemberDecl:
    """A member, an enumeration value, or a branch (``role``) of the type called ``owner``."""

    __slots__ = ("condition", "features", "name", "optional", "owner", "ref", "role", "type")

    def __init__(
        self,
        role: str,
        name: str,
        ref: TypeRef | None,
        condition: Condition,
        features: list[FeatureDecl],
        optional: bool = False,
    ) -> None:
        self.role = role
        self.name = name
        self.ref = ref
        self.optional = optional
        self.condition = condition
        self.features = features
        self.owner = ""
        #: Set when it is resolved.
        self.type: Decl | None = None

    def describe(self, location: Location) -> str:
        """How messages about the definition at ``location`` call it."""
        role, owner, meta = self.role, self.owner, "type"
        if owner.startswith("q_obj_"):
            owner = owner.removeprefix("q_obj_")
            if owner.endswith("-base"):
                role, owner = f"base {role}", owner.removesuffix("-base")
            else:
                # QEMU's schema.py says "command" of an event, too.
                role, owner, meta = "parameter", owner.removesuffix("-arg"), "command"
        of_owner = f" of {meta} '{owner}'" if owner != location.name else ""
        return f"{role} '{self.name}'{of_owner}"


class Decl:
    """Anything with a name of its own. ``location`` is None for what is predefined."""

    __slots__ = ("condition", "doc", "features", "location", "name")
    #: What kind of type it is.
    meta = ""

    def __init__(self, name: str, location: Location | None = None) -> None:
        self.name = name
        self.location = location
        self.doc: Doc | None = None
        self.condition: Condition = None
        self.features: list[FeatureDecl] = []

    def describe(self) -> str:
        """How messages call it: ``struct type 'X'``."""
        return f"{self.meta} type '{self.name}'"


class BuiltinDecl(Decl):
    """A type of the language itself."""

    __slots__ = ("json",)
    meta = "built-in"

    def __init__(self, name: str, json: str) -> None:
        super().__init__(name)
        self.json = json


class EnumDecl(Decl):
    """An enumeration."""

    __slots__ = ("values",)
    meta = "enum"

    def __init__(self, name: str, location: Location | None, values: list[MemberDecl]) -> None:
        super().__init__(name, location)
        self.values = values


class ArrayDecl(Decl):
    """An array, declared where it is first mentioned."""

    __slots__ = ("element", "element_name")
    meta = "array"

    def __init__(self, element_name: str, location: Location | None) -> None:
        super().__init__(element_name + "List", location)
        self.element_name = element_name
        self.element: Decl | None = None

    def describe(self) -> str:
        """See :meth:`Decl.describe`."""
        return f"array type ['{self.element_name}']"


class ObjectDecl(Decl):
    """A struct, or a union where ``tag_name`` is not None.

    ``base`` names the base, or is the list of its members where that has no name. Once resolved,
    ``members`` has all common members, the base's first, ``tag`` the discriminator, and
    ``branches`` one for each of its values.
    """

    __slots__ = (
        "base",
        "base_type",
        "branches",
        "checking",
        "local",
        "members",
        "possible",
        "tag",
        "tag_name",
    )

    def __init__(self, name: str, location: Location | None, local: list[MemberDecl]) -> None:
        super().__init__(name, location)
        self.local = local
        self.base: str | list[MemberDecl] | None = None
        self.tag_name: str | None = None
        self.branches: list[MemberDecl] = []
        self.base_type: ObjectDecl | None = None
        self.tag: MemberDecl | None = None
        self.members: list[MemberDecl] | None = None
        self.checking = False
        #: By C name, all that any value can have; filled in where a union has it as a branch.
        self.possible: dict[str, MemberDecl] | None = None

    @property
    def is_union(self) -> bool:
        """Whether it names a discriminator, even one that is refused later."""
        return self.tag_name is not None

    def describe(self) -> str:
        """See :meth:`Decl.describe`."""
        return f"{'union' if self.is_union else 'struct'} type '{self.name}'"


class AlternateDecl(Decl):
    """An alternate."""

    __slots__ = ("branches",)
    meta = "alternate"

    def __init__(self, name: str, location: Location, branches: list[MemberDecl]) -> None:
        super().__init__(name, location)
        self.branches = branches


class ActionDecl(Decl):
    """A command or an event: ``data`` names the type of its arguments or is the list of them."""

    __slots__ = ("arg_type", "boxed", "data")

    def __init__(
        self,
        name: str,
        location: Location,
        data: str | list[MemberDecl] | None,
        boxed: bool,
    ) -> None:
        super().__init__(name, location)
        self.data = data
        self.boxed = boxed
        self.arg_type: ObjectDecl | None = None


class CommandDecl(ActionDecl):
    """A command; ``flags`` are those that differ from their default."""

    __slots__ = ("flags", "ret_type", "returns")
    meta = "command"

    def __init__(
        self,
        name: str,
        location: Location,
        data: str | list[MemberDecl] | None,
        flags: frozenset[str],
        returns: TypeRef | None,
    ) -> None:
        super().__init__(name, location, data, "boxed" in flags)
        self.flags = flags
        self.returns = returns
        self.ret_type: Decl | None = None


class EventDecl(ActionDecl):
    """An event."""

    __slots__ = ()
    meta = "event"
