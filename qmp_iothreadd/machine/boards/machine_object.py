"""``/machine``: the properties that every machine has, and how they are set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.machine.boards.properties import (
    INSTANCE_PROPERTIES,
    MACHINE_PROPERTIES,
    SMP,
)
from qmp_iothreadd.qom.object import Object, ObjectType, Property

if TYPE_CHECKING:
    from qmp_iothreadd.machine.boards.chips import Chip
    from qmp_iothreadd.machine.boards.machine_types import MachineType


class MachineObject(Object):
    """The abstract type of all machines. ``values`` are the properties that are not the default.

    ``read(type, value, name)`` gives a value as the schema's type has it, or refuses it.
    ``clock_offset``: seconds that its clock is ahead of UTC. A class says in ``defaults`` which of
    the properties that it inherits begin with another value.
    """

    __slots__ = ("clock_offset", "read", "values")

    qom_name = "machine"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = MACHINE_PROPERTIES
    defaults: ClassVar[Mapping[str, Any]] = {}
    # The name of the board's own PCI bus, where it has one.
    pci_bus: ClassVar[str] = ""
    # Those of ``qom_properties`` that QEMU gives to each machine and not to their type: help does
    # not show them.
    instance_properties: ClassVar[tuple[Property, ...]] = INSTANCE_PROPERTIES

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.read: Callable[[str, Any, str], Any] = lambda type, value, name: value
        self.values: dict[str, Any] = {}
        self.clock_offset = 0

    @property
    def machine_type(self) -> MachineType:
        """Its row of the table of types."""
        from qmp_iothreadd.machine.boards.machine_types import machine_type  # none seldom needs it

        return machine_type(self.type.name.removesuffix("-machine"))

    @property
    def is_empty(self) -> bool:
        """Whether it is the machine without anything."""
        return self.type.name == "none-machine"

    @property
    def smp(self) -> dict[str, int]:
        """The topology of its CPUs, an SMPConfiguration with all members that the type knows."""
        topology: dict[str, int] = self.values.get("smp", SMP)
        return topology

    @property
    def memory(self) -> dict[str, int]:
        """How much there is, a MemorySizeConfiguration with a size."""
        size: dict[str, int] = self.get_property("memory")
        return size

    def chips(self) -> Iterable[Chip]:
        """The devices that its board has from its start, in their order."""
        return ()

    def has(self, name: str) -> bool:
        """Whether a property says that something is there: it is on, or left to the machine."""
        return self.get_property(name) not in (False, "off")

    def port_count(self, kind: str) -> int:
        """How many ports there are of a kind: serial, parallel, or debugcon."""
        return 0

    @property
    def hot_plug_bus(self) -> str | None:
        """The name of the board's own bus that devices are plugged into while it runs, if any."""
        return None

    @property
    def has_acpi_device(self) -> bool:
        """Whether a device of its tells about slots that ACPI knows."""
        return False

    def configure(self, values: Mapping[str, Any]) -> None:
        """Take over what the command line says, which is checked already."""
        from qmp_iothreadd.machine.boards.values import check_value  # few say anything

        for name, value in values.items():
            self.values[name] = check_value(self.machine_type, name, value)

    def store(self, name: str, type_name: str, value: Any) -> None:
        """Set a property.

        Raises:
            QmpError: the value is of another type, or the machine cannot have it.
        """
        from qmp_iothreadd.machine.boards.values import check_value, schema_type  # few set any

        if type_name.startswith("link<"):
            from qmp_iothreadd.qom.links import resolve_link  # few lead anywhere

            value = self.read("str", value, name)
            value = resolve_link(self, name, value, type_name[len("link<") : -1])
        else:
            value = self.read(schema_type(type_name), value, name)
        value = check_value(self.machine_type, name, value)
        if name == "memory-encryption":
            self._protect_memory(value)
        self.values[name] = value

    def _protect_memory(self, name: str) -> None:
        """An older name for the id of confidential-guest-support."""
        objects = self.sibling("objects")
        found = objects.child(name) if objects else None
        if found is None:
            raise errors.no_memory_encryption_object(name)
        from qmp_iothreadd.qom.links import resolve_link  # few lead anywhere

        path, type_name = found.path, "confidential-guest-support"
        self.values[type_name] = resolve_link(self, type_name, path, type_name)
