"""The registry of QOM types: Python classes, and properties that the schema gives them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.qom.configurable import Setting
from qmp_iothreadd.qom.object import Object, ObjectType, Property

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import Member, SchemaType

USER_CREATABLE = "user-creatable"

# Values of these Python types need no validator, which takes its time to load: every monitor is
# made with some.
_PLAIN = {"str": str, "bool": bool}


class TypeRegistry:
    """All types there are, by name."""

    def __init__(self) -> None:
        self._types: dict[str, ObjectType] = {}
        self._declared: list[tuple[Collection[str], Callable[[str], object]]] = []
        self._later: list[Callable[[], None]] = []
        self.add_interface("interface")
        self.add_interface(USER_CREATABLE, "interface")

    def __getitem__(self, name: str) -> ObjectType:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[ObjectType]:
        self._load()
        return iter(self._types.values())

    def get(self, name: str) -> ObjectType | None:
        """The type of this name, or None."""
        # The tables that were added last, the longest, are looked into first; what is declared has
        # its module imported where it is asked for, or where nothing else has the name.
        while not (found := name in self._types or self._add_declared(name)) and self._later:
            self._add_later(-1)
        if not found:
            self._load()
        return self._types.get(name)

    def declare(self, names: Collection[str], add_type: Callable[[str], object]) -> None:
        """Types that ``add_type`` adds by their names once somebody looks for one.

        The names are kept as they are: machines share a table.
        """
        self._declared.append((names, add_type))

    def load_later(self, add_types: Callable[[], None]) -> None:
        """Types whose modules need not be loaded before somebody looks for one of them."""
        self._later.append(add_types)

    def load_next(self) -> bool:
        """Add some of the types that nobody has looked for yet; whether there were any."""
        if self._later:
            self._add_later(0)
            return True
        for names, _ in self._declared:
            for name in names:
                if name not in self._types:
                    return self._add_declared(name)
        self._declared.clear()
        return False

    def _load(self) -> None:
        while self.load_next():
            pass

    def _add_later(self, position: int) -> None:
        """Add those types; where that fails they are still to come, for who asks next."""
        add_types = self._later.pop(position)
        try:
            add_types()
        except BaseException:
            self._later.append(add_types)
            raise

    def _add_declared(self, name: str) -> bool:
        """Add the type of this name, if it is declared; whether it is."""
        for names, add_type in self._declared:
            if name in names:
                add_type(name)
                return True
        return False

    def add_interface(self, name: str, parent: str | None = None) -> None:
        """Declare an interface type; it has no instances."""
        above = self._types[parent] if parent else None
        self._types[name] = ObjectType(name, above, None, abstract=True)

    def add_type(self, made: ObjectType) -> None:
        """Declare a type that is no class: one of many that a table describes."""
        made.find = self.__getitem__
        self._types[made.name] = made

    def add(
        self,
        cls: type[Object],
        properties: tuple[Property, ...] = (),
        factory: Callable[[ObjectType], Object] | None = None,
    ) -> ObjectType:
        """Declare a class as a type, its bases first.

        ``properties`` join those that the class lists itself; ``factory`` makes the objects,
        instead of the class, from the type.
        """
        found = self._types.get(cls.qom_name)
        if found is not None:
            return found
        base = qom_base(cls)
        parent = self.add(base) if base else None
        made = ObjectType(
            cls.qom_name,
            parent,
            factory or cls,
            abstract=cls.__dict__.get("abstract", False),
            interfaces=tuple(self._types[name] for name in cls.__dict__.get("interfaces", ())),
        )
        for prop in (*cls.__dict__.get("qom_properties", ()), *properties):
            made.add_property(prop)
        self.add_type(made)
        return made


def qom_base(cls: type[Object]) -> type[Object] | None:
    """The class of the type that ``cls`` inherits; classes without a name of their own are none."""
    for base in cls.__mro__[1:]:
        if issubclass(base, Object) and "qom_name" in base.__dict__:
            return base
    return None


def schema_property(
    member: Member, validate: Callable[[Any, Any, str], Any], setting: Setting | None = None
) -> Property:
    """The property that a member of a QAPI struct describes, and what ``setting`` adds.

    ``validate(type, value, name)`` checks a value against the member's type; the object keeps it
    by its methods ``load(name)`` and ``store(name, value)``; what was never set and has no
    default, so that ``load`` gives None, is the least that the type allows. What is not QEMU's, an
    unstable member with a name in ``x-``, is not listed, so that the lists are QEMU's.
    """
    name, member_type = member.name, member.type
    plain = _PLAIN.get(member_type.name)
    setting = setting or Setting()

    def get_value(obj: Any) -> Any:
        value = obj.load(name)
        if value is None:
            from qmp_iothreadd.qapi.stub_values import stub_value  # rarely: most have defaults

            return stub_value(member_type)
        return value

    def set_value(obj: Any, value: Any) -> None:
        obj.store(name, value if type(value) is plain else validate(member_type, value, name))

    return Property(
        name,
        setting.type or qom_type_name(member_type),
        None if setting.secret else get_value,
        None if setting.fixed else set_value,
        value_type=member_type,
        listed=setting.listed or not is_own(member),
        description=setting.description,
    )


def qom_type_name(type_: SchemaType) -> str:
    """The name that QOM has for a QAPI type: all but one are the same."""
    return "string" if type_.name == "str" else type_.name


def is_own(member: Member) -> bool:
    """Whether a member is one that QEMU does not have: unstable, with a name in ``x-``."""
    return member.name.startswith("x-") and any(
        feature.name == "unstable" for feature in member.features
    )
