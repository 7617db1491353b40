"""The types that the table of models makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices import bus as kinds
from qmp_iothreadd.machine.devices.device import Bus, Device, SystemBus
from qmp_iothreadd.machine.devices.model_table import (
    CLASSES,
    DeviceModel,
    ModelProperty,
    device_models,
    find_row,
)
from qmp_iothreadd.qom.object import ObjectType, Property

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qom.types import TypeRegistry

BUSES: Final[tuple[type[Bus], ...]] = (
    SystemBus,
    kinds.PciBus,
    kinds.PcieBus,
    kinds.IsaBus,
    kinds.HdaBus,
    kinds.IdeBus,
    kinds.ScsiBus,
    kinds.UsbBus,
    kinds.VirtioSerialBus,
    kinds.VirtioPciBus,
    kinds.VirtioMmioBus,
)
_INTERFACES: Final = ("conventional-pci-device", "pci-express-device", "hotplug-handler")


def find_model(name: str, *, has_buses: bool) -> DeviceModel:
    """The model of this name, or with this alias.

    ``has_buses``: there are some, so that those are no reason to refuse what is not built in.

    Raises:
        QmpError: there is none that can be plugged in.
    """
    found = find_row(name)
    if found is None:
        if has_buses:
            raise errors.bad_device_model(name)
        from qmp_iothreadd.machine.devices.unbuilt import refusal  # loads the texts of all errors

        raise refusal(name)
    if found.abstract:
        raise errors.not_a_device_type()
    return found


def add_device_types(machine: Machine) -> None:
    """Add the types of all models and buses."""
    types = machine.types
    for name in _INTERFACES:
        types.add_interface(name, "interface")
    for kind in BUSES:
        types.add(kind)
    for model in device_models().values():
        if model.name != "device":
            types.add_type(_make_type(types, machine, model))


def _make_type(types: TypeRegistry, machine: Machine, model: DeviceModel) -> ObjectType:
    def make(type: ObjectType) -> Device:
        module, _, name = CLASSES[model.class_name].partition(":")
        cls = getattr(errors.import_late(f"qmp_iothreadd.machine.devices.{module}"), name)
        made: Device = cls(type, machine, model)
        return made

    interfaces = tuple(types[name] for name in model.interfaces)
    made = ObjectType(
        model.name, types[model.parent], make, abstract=model.abstract, interfaces=interfaces
    )
    made.listed_as_added = True
    inherited = device_models()[model.parent].properties
    for name, row in model.properties.items():
        if name in model.instance:
            made.add_instance_property(_property(row))
        elif name not in inherited:
            made.add_property(_property(row))
    if model.backend is not None:
        for row in device_models()[model.backend].properties.values():
            if row.name not in model.properties:
                made.add_instance_property(_alias(row))
    return made


def _property(row: ModelProperty) -> Property:
    name = row.name
    return Property(
        name,
        row.type,
        lambda device: device.load(name),
        lambda device, value: device.store(name, value),
        description=row.description,
    )


def _alias(row: ModelProperty) -> Property:
    """A property that is the backend's."""
    name = row.name
    return Property(
        name,
        row.type,
        lambda proxy: proxy.backend.load(name),
        lambda proxy, value: proxy.backend.store(name, value),
        description=row.description,
    )
