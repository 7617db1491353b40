"""What QEMU's tree holds for ``-M none``: the machine, and what is there without any hardware."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qmp_iothreadd.machine.boards.machine_object import MachineObject
from qmp_iothreadd.machine.boards.properties import INSTANCE_PROPERTIES
from qmp_iothreadd.qom.object import Container, Object, ObjectType, Property

if TYPE_CHECKING:
    from qmp_iothreadd.qom.tree import ObjectTree
    from qmp_iothreadd.qom.types import TypeRegistry


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


def add_machine(tree: ObjectTree, cls: type[MachineObject] = NoneMachine) -> MachineObject:
    """Put ``/machine``, which is returned, and ``/audiodevs`` into a tree.

    Where names meet in a table, the first that came is first: so this is the order in which QEMU
    creates them (system/vl.c, hw/core/machine.c).
    """
    types = tree.types
    machine = cls(types.add(cls))
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
