"""What QEMU's tree holds for ``-M none``: the machine, and what is there without any hardware."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.machine.boards.properties import INSTANCE_PROPERTIES, MACHINE_PROPERTIES
from qmp_iothreadd.qom.links import resolve_link
from qmp_iothreadd.qom.object import Container, Object, ObjectType, Property

if TYPE_CHECKING:
    from qmp_iothreadd.qom.tree import ObjectTree
    from qmp_iothreadd.qom.types import TypeRegistry


class MachineObject(Object):
    """The abstract type of all machines. ``values`` are the properties that are not the default.

    ``read(type, value, name)`` gives a value as the schema's type has it, or refuses it.
    """

    __slots__ = ("read", "values")

    qom_name = "machine"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = MACHINE_PROPERTIES

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.read: Callable[[str, Any, str], Any] = lambda type, value, name: value
        self.values: dict[str, Any] = {}

    def configure(self, values: Mapping[str, Any]) -> None:
        """Take over what the command line says, which is checked already."""
        from qmp_iothreadd.machine.boards.values import CHECKS  # few say anything

        for name, value in values.items():
            self.values[name] = CHECKS[name](value) if name in CHECKS else value

    def store(self, name: str, type_name: str, value: Any) -> None:
        """Set a property.

        Raises:
            QmpError: the value is of another type, or the machine cannot have it.
        """
        from qmp_iothreadd.machine.boards import values as machine_values  # few set any

        if type_name.startswith("link<"):
            value = self.read("str", value, name)
            value = resolve_link(self, name, value, type_name[len("link<") : -1])
        else:
            value = self.read("str" if type_name == "string" else type_name, value, name)
        if name in machine_values.CHECKS:
            value = machine_values.CHECKS[name](value)
        elif name == "memory-encryption":
            self._protect_memory(value)
        self.values[name] = value

    def _protect_memory(self, name: str) -> None:
        """An older name for the id of confidential-guest-support."""
        objects = self.sibling("objects")
        found = objects.child(name) if objects else None
        if found is None:
            raise errors.no_memory_encryption_object(name)
        path, type_name = found.path, "confidential-guest-support"
        self.values[type_name] = resolve_link(self, type_name, path, type_name)


class NoneMachine(MachineObject):
    """The empty machine."""

    __slots__ = ()

    qom_name = "none-machine"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = INSTANCE_PROPERTIES


class MemoryRegion(Object):
    """An address space of so many bytes; no memory is in it."""

    __slots__ = ("size",)

    qom_name = "memory-region"
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("container", "link<memory-region>", lambda region: ""),
        Property("addr", "uint64", lambda region: 0),
        Property("priority", "uint32", lambda region: 0),
        Property("size", "uint64", lambda region: region.size),
    )

    def __init__(self, type: ObjectType, size: int = 0) -> None:
        super().__init__(type)
        self.size = size


def add_empty_machine(tree: ObjectTree) -> MachineObject:
    """Put ``/machine``, which is returned, and ``/audiodevs`` into a tree.

    Where names meet in a table, the first that came is first: so this is the order in which QEMU
    creates them (system/vl.c, hw/core/machine.c).
    """
    types = tree.types
    machine = NoneMachine(types.add(NoneMachine))
    tree.root.add_child("machine", machine)
    for name in ("unattached", "peripheral", "peripheral-anon"):
        machine.add_child(name, _container(types))
    assert machine.children is not None
    unattached = machine.children["unattached"]
    unattached.add_child("sysbus", types["System"].instantiate())
    for name, size in (("system[0]", 2**64 - 1), ("io[0]", 1 << 16)):
        unattached.add_child(name, MemoryRegion(types.add(MemoryRegion), size))
    tree.root.add_child("audiodevs", _container(types))
    return machine


def _container(types: TypeRegistry) -> Container:
    return Container(types.add(Container))
