"""The types that the table of models makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.bus import (
    PciBus,
    PcieBus,
    SystemBus,
    VirtioMmioBus,
    VirtioPciBus,
)
from qmp_iothreadd.machine.devices.device import Bus, Device
from qmp_iothreadd.machine.devices.model_table import (
    CLASSES,
    DeviceModel,
    ModelProperty,
    device_models,
)
from qmp_iothreadd.machine.devices.unbuilt import refusal
from qmp_iothreadd.qom.object import ObjectType, Property

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qom.types import TypeRegistry

BUSES: Final[tuple[type[Bus], ...]] = (SystemBus, PciBus, PcieBus, VirtioPciBus, VirtioMmioBus)


def find_model(types: TypeRegistry, name: str) -> DeviceModel:
    """The model of this name.

    Raises:
        QmpError: there is none that can be plugged in.
    """
    found = device_models().get(name)
    if found is None:
        raise refusal(name)
    if found.abstract:
        raise errors.not_a_device_type()
    return found


def add_device_types(machine: Machine) -> None:
    """Add the types of all models and buses."""
    types = machine.types
    for bus in BUSES:
        types.add(bus)
    for model in device_models().values():
        if model.name != "device":
            types.add_type(_make_type(types, machine, model))


def _make_type(types: TypeRegistry, machine: Machine, model: DeviceModel) -> ObjectType:
    def make(type: ObjectType) -> Device:
        module, _, name = CLASSES[model.class_name].partition(":")
        cls = getattr(errors.import_late(f"qmp_iothreadd.machine.devices.{module}"), name)
        made: Device = cls(type, machine, model)
        return made

    made = ObjectType(model.name, types[model.parent], make, abstract=model.abstract)
    inherited = device_models()[model.parent].properties
    for name, row in model.properties.items():
        if name not in inherited:
            made.add_property(_property(row))
    if model.backend is not None:
        for row in device_models()[model.backend].properties.values():
            made.add_property(_alias(row))
    return made


def _property(row: ModelProperty) -> Property:
    return Property(
        row.name,
        row.type,
        lambda device: device.load(row.name),
        lambda device, value: device.store(row.name, value),
        description=row.description,
    )


def _alias(row: ModelProperty) -> Property:
    """A property that is the backend's."""
    return Property(
        row.name,
        row.type,
        lambda proxy: proxy.backend.get_property(row.name),
        lambda proxy, value: proxy.backend.set_property(row.name, value),
        description=row.description,
    )
