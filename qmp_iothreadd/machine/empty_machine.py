"""What QEMU's tree holds for ``-M none``: the machine, and what is there without any hardware."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qmp_iothreadd.machine.machine_properties import INSTANCE_PROPERTIES, MACHINE_PROPERTIES
from qmp_iothreadd.qom.object import Container, Object, Property

if TYPE_CHECKING:
    from qmp_iothreadd.qom.tree import ObjectTree
    from qmp_iothreadd.qom.types import TypeRegistry


class MachineObject(Object):
    """The abstract type of all machines."""

    __slots__ = ()

    qom_name = "machine"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = MACHINE_PROPERTIES


class NoneMachine(MachineObject):
    """The empty machine."""

    __slots__ = ()

    qom_name = "none-machine"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = INSTANCE_PROPERTIES


class MemoryRegion(Object):
    """An address space; no memory is in it."""

    __slots__ = ()

    qom_name = "memory-region"
    qom_properties: ClassVar[tuple[Property, ...]] = ()


class Device(Object):
    """The abstract type of all devices, of which there are none."""

    __slots__ = ()

    qom_name = "device"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("realized", "bool"),
        Property("hotpluggable", "bool"),
        Property("hotplugged", "bool"),
        Property("parent_bus", "link<bus>"),
    )


class Bus(Object):
    """The abstract type of what devices are plugged into."""

    __slots__ = ()

    qom_name = "bus"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = ()


class SystemBus(Bus):
    """The bus that every machine has."""

    __slots__ = ()

    qom_name = "System"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()


def add_empty_machine(tree: ObjectTree) -> None:
    """Put ``/machine`` and ``/audiodevs`` into a tree.

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
    unattached.add_child("sysbus", SystemBus(types.add(SystemBus)))
    for name in ("system[0]", "io[0]"):
        unattached.add_child(name, MemoryRegion(types.add(MemoryRegion)))
    tree.root.add_child("audiodevs", _container(types))


def _container(types: TypeRegistry) -> Container:
    return Container(types.add(Container))
