"""Objects of the tree, and their types: an object has properties of its type, and children."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from qmp_iothreadd import errors
from qmp_iothreadd.json.string_table import StringTable, iteration_order

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import SchemaType


class Property:
    """A named value of an object.

    ``type`` is the name that qom-list shows (``int``, ``string``, ``bool``, or a QAPI type's).
    ``get`` and ``set`` take the object; a property without ``get`` cannot be read, one without
    ``set`` cannot be written. One that is not ``listed`` is reached by its name alone.
    ``description`` says what it is for, where QEMU says so. ``value_type`` is the schema's type of
    its values, where that is not what ``type`` names.
    """

    __slots__ = ("description", "get", "listed", "name", "set", "type", "value_type")

    def __init__(
        self,
        name: str,
        type: str,
        get: Callable[[Any], Any] | None = None,
        set: Callable[[Any, Any], None] | None = None,
        *,
        value_type: SchemaType | None = None,
        listed: bool = True,
        description: str | None = None,
    ) -> None:
        self.name = name
        self.type = type
        self.get = get
        self.set = set
        self.value_type = value_type
        self.listed = listed
        self.description = description


class ObjectType:
    """A QOM type: its name, its parent, its properties with the inherited ones first.

    ``find`` gives another type of the same registry by its name, which there must be.
    """

    __slots__ = (
        "_listed",
        "abstract",
        "factory",
        "find",
        "instance_names",
        "interfaces",
        "listed_as_added",
        "name",
        "parent",
        "properties",
    )

    find: Callable[[str], ObjectType]

    def __init__(
        self,
        name: str,
        parent: ObjectType | None,
        factory: Callable[[ObjectType], Object] | None,
        *,
        abstract: bool = False,
        interfaces: tuple[ObjectType, ...] = (),
    ) -> None:
        self.name = name
        self.parent = parent
        self.factory = factory
        self.abstract = abstract
        self.interfaces = interfaces
        self.properties: dict[str, Property] = dict(parent.properties) if parent else {}
        # Properties that QEMU gives to each object and not to their type: they share a table with
        # the object's children.
        self.instance_names: tuple[str, ...] = parent.instance_names if parent else ()
        # Its own properties were added in the order of QEMU's lists, which needs not be found.
        self.listed_as_added = False
        self._listed: tuple[Property, ...] | None = None

    def implements(self, name: str) -> bool:
        """Whether this is the type ``name``, inherits it or has it as an interface."""
        current: ObjectType | None = self
        while current is not None:
            if name == current.name:
                return True
            for above in current.interfaces:
                if above.implements(name):
                    return True
            current = current.parent
        return False

    def add_property(self, prop: Property) -> None:
        """Give the type a property of its own; types that inherit it come later."""
        self.properties[prop.name] = prop
        self._listed = None

    def add_instance_property(self, prop: Property) -> None:
        """Give each object of the type a property that is not the type's; they come last."""
        self.add_property(prop)
        self.instance_names = (*self.instance_names, prop.name)

    def listed_properties(self) -> tuple[Property, ...]:
        """The type's properties, without those that are reached by their names alone.

        In QEMU's order: the lists of qom/qom-qmp-cmds are built from their ends, so that the
        root's properties come first, and those of each type backwards through its table.
        """
        if self._listed is None:
            inherited = self.parent.properties if self.parent else {}
            own = [name for name in self._listed_names() if name not in inherited]
            if not self.listed_as_added:
                own = [*reversed(iteration_order(own))]
            above = self.parent.listed_properties() if self.parent else ()
            self._listed = (*above, *(self.properties[name] for name in own))
        return self._listed

    def _listed_names(self) -> list[str]:
        instance = self.instance_names
        return [
            name for name, prop in self.properties.items() if prop.listed and name not in instance
        ]

    def instantiate(self) -> Object:
        """A new object of this type, not yet in the tree."""
        if self.factory is None or self.abstract:
            raise errors.invalid_object_type(self.name)
        return self.factory(self)


class Children(dict[str, "Object"]):
    """The children of an object by name, in the order in which they came.

    They are written by ``add``, ``remove`` and ``remove_while_iterating`` alone, which keep QEMU's
    order: that of the string table (GLib's) in which qom/object keeps what is an instance's own.
    """

    __slots__ = ("_in_table_order", "_table")

    def __init__(self) -> None:
        super().__init__()
        self._table = StringTable()
        self._in_table_order: tuple[Object, ...] | None = None

    def add(self, name: str, child: Object) -> None:
        """Add a child under a name that is free."""
        self[name] = child
        self._table.insert(name)
        self._in_table_order = None

    def remove(self, name: str) -> None:
        """Take a child out by its name; the table may shrink."""
        del self[name]
        self._table.remove(name)
        self._in_table_order = None

    def remove_while_iterating(self, name: str) -> None:
        """Take a child out that was found by going through the table, whose size stays."""
        del self[name]
        self._table.remove_while_iterating(name)
        self._in_table_order = None

    def in_table_order(self) -> tuple[Object, ...]:
        """The children in the order of QEMU's iteration; worked out once per change."""
        if self._in_table_order is None:
            self._in_table_order = tuple([self[name] for name in self._table.in_order()])
        return self._in_table_order


class Index(Protocol):
    """What finds objects of a tree by their names."""

    def add(self, top: Object) -> None:
        """An object came, with all below it."""

    def remove(self, top: Object) -> None:
        """It is about to go."""


class Object:
    """Base of every object; also QOM's root type ``object``.

    A subclass is a QOM type: ``qom_name`` names it, Python's inheritance is QOM's, and ``struct``,
    in classes that say so, is the struct of the schema that has its properties. Subclasses that
    object-add can create override ``complete`` (properties are set, make it work) and ``finalize``
    (undo that).
    """

    __slots__ = ("children", "name", "parent", "type")

    name_index: Index | None = None
    """Where it is the root of a tree: what is to be told who comes and goes, if anything."""

    qom_name: ClassVar[str] = "object"
    abstract: ClassVar[bool] = False
    interfaces: ClassVar[tuple[str, ...]] = ()
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("type", "string", lambda obj: obj.type.name),
    )

    def __init__(self, type: ObjectType) -> None:
        self.type = type
        self.parent: Object | None = None
        self.name = ""
        self.children: Children | None = None

    # -- Life of an object that object-add makes --------------------------------------------------

    def complete(self) -> None:
        """Start working. Called once, with the properties set and the object in its place.

        Raises:
            QmpError: the properties do not fit together; the object is taken out again.
        """

    def check_deletable(self) -> None:
        """Veto object-del by raising QmpError."""

    def finalize(self) -> None:
        """Stop working and give everything back. Called once, after the object left the tree."""

    # -- Properties -------------------------------------------------------------------------------

    def find_property(self, name: str) -> Property:
        """The property of this name, a child's too.

        Raises:
            QmpError: ``Property 'TYPE.NAME' not found``.
        """
        found = self.type.properties.get(name)
        if found is None:
            child = self.children.get(name) if self.children else None
            if child is None:
                raise errors.property_not_found(self.type.name, name)
            return child_property(child)
        return found

    def get_property(self, name: str) -> Any:
        """The value of a property; of a child its path.

        Raises:
            QmpError: no such property, or it cannot be read.
        """
        prop = self.find_property(name)
        if prop.get is None:
            raise errors.property_not_readable(self.type.name, name)
        return prop.get(self)

    def set_property(self, name: str, value: Any) -> None:
        """Set a property.

        Raises:
            QmpError: no such property, it cannot be written, or it refuses the value.
        """
        prop = self.find_property(name)
        if prop.set is None:
            raise errors.property_not_writable(self.type.name, name)
        prop.set(self, value)

    def properties(self) -> Iterator[Property]:
        """All properties that are listed: the type's first, then one per child, in QEMU's order."""
        yield from self.type.listed_properties()
        if not self.type.instance_names:
            for child in reversed(self.children_in_order()):
                yield child_property(child)
            return
        children: dict[str, Object] = self.children or {}
        known = self.type.properties
        for name in reversed(iteration_order([*self.type.instance_names, *children])):
            yield known[name] if name in known else child_property(children[name])

    # -- The tree ---------------------------------------------------------------------------------

    def add_child(self, name: str, child: Object) -> None:
        """Put ``child`` below this object.

        Raises:
            QmpError: ``attempt to add duplicate property …``.
        """
        if self.children is None:
            self.children = Children()
        if name in self.children or name in self.type.properties:
            raise errors.duplicate_property(name, self.type.name)
        self.children.add(name, child)
        child.parent, child.name = self, name
        index = self.root().name_index
        if index is not None:
            index.add(child)

    def remove_child(self, name: str) -> None:
        """Take back a child that was just added, as QEMU does where completing it failed."""
        if self.children is not None:
            self.children[name]._leave()
            self.children.remove(name)

    def child(self, name: str) -> Object | None:
        """The child of this name, or None."""
        return self.children.get(name) if self.children else None

    def unparent(self) -> None:
        """Take this object out of the tree.

        QEMU's object_unparent goes through the parent's table and removes what it stands on, so
        the table does not shrink before the next child comes.
        """
        if self.parent is not None and self.parent.children is not None:
            self.parent.children.remove_while_iterating(self.name)
            self._leave()

    def _leave(self) -> None:
        index = self.root().name_index
        if index is not None:
            index.remove(self)
        self.parent = None

    def children_in_order(self) -> tuple[Object, ...]:
        """The children as QEMU iterates over them; its lists show them so, or backwards."""
        return self.children.in_table_order() if self.children else ()

    def root(self) -> Object:
        """What the tree begins with that this object is in."""
        current = self
        while current.parent is not None:
            current = current.parent
        return current

    def sibling(self, name: str) -> Object | None:
        """What is in the same folder under this name, or None."""
        return self.parent.child(name) if self.parent else None

    @property
    def path(self) -> str:
        """The canonical path: ``/objects/io0``."""
        parts = []
        current = self
        while current.parent is not None:
            parts.append(current.name)
            current = current.parent
        return "/" + "/".join(reversed(parts))


def child_property(child: Object) -> Property:
    """How a child shows among its parent's properties: it reads as its path."""
    return Property(child.name, f"child<{child.type.name}>", lambda _: child.path)


class Container(Object):
    """A folder of the tree."""

    __slots__ = ()

    qom_name = "container"
    qom_properties: ClassVar[tuple[Property, ...]] = ()
