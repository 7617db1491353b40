"""What device-list-properties says of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.device import Device

if TYPE_CHECKING:
    from qmp_iothreadd.qom.object import Property
    from qmp_iothreadd.qom.types import TypeRegistry


def list_properties(types: TypeRegistry, name: str) -> list[dict[str, Any]]:
    """The properties that devices of a type have, as ObjectPropertyInfo with their defaults.

    As in QEMU, a device is asked that was made for it.

    Raises:
        QmpError: DeviceNotFound; or no devices are of this type.
    """
    found = types.get(name)
    if found is None:
        raise errors.device_not_found(name)
    if found.abstract or not found.implements("device"):
        raise errors.invalid_parameter_value("typename", "a non-abstract device type")
    device = found.instantiate()
    assert isinstance(device, Device)
    common = found.find("device").properties
    return [_describe(device, prop) for prop in device.properties() if prop.name not in common]


def _describe(device: Device, prop: Property) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": prop.name, "type": prop.type}
    if prop.description is not None:
        shown["description"] = prop.description
    return shown | device.default_of(prop.name)
