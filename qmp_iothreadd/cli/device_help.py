"""What ``help`` says about devices: ``-device help``, ``-device virtio-blk-pci,help``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.model_table import DeviceModel, device_models, find_row

if TYPE_CHECKING:
    from qmp_iothreadd.cli.command_line import CommandLine

_CATEGORIES: Final = (
    *("Controller/Bridge/Hub", "USB", "Storage", "Network", "Input", "Display", "Sound", "Misc"),
    *("CPU", "Watchdog", "Uncategorized"),
)
_COLUMN: Final = 24
"""Where descriptions begin."""


def list_devices() -> str:
    """The models that users can plug in, by category and name."""
    models = [each for each in device_models().values() if not each.abstract and not each.internal]
    models.sort(key=lambda each: each.name.lower())
    parts = []
    for category in _CATEGORIES:
        lines = [_describe(each) for each in models if _category(each) == category]
        parts.append("\n".join([f"{category} devices:", *lines]))
    return "\n\n".join(parts)


def describe_device(line: CommandLine, driver: str) -> str:
    """The properties of a model, by name.

    Raises:
        QmpError: there is no such model, or there are no devices of it.
    """
    from qmp_iothreadd.machine.machine import Machine  # only to be asked

    found = find_row(driver)
    if found is None:
        raise errors.device_not_found(driver)
    models = line.config.schema.models()
    machine = Machine(models.schema, models)
    try:
        listed = _device_properties(machine, found)
    finally:
        machine.close()
    if not listed:
        return f"There are no options for {found.name}."
    return "\n".join([f"{found.name} options:", *sorted(_line(each) for each in listed)])


def _device_properties(machine: Any, model: DeviceModel) -> list[dict[str, Any]]:
    from qmp_iothreadd.machine.devices.listing import list_properties

    return list_properties(machine.types, model.name)


def _category(model: DeviceModel) -> str:
    if model.name.endswith("-x86_64-cpu"):
        return "CPU"
    return model.category or "Uncategorized"


def _describe(model: DeviceModel) -> str:
    parts = [f'name "{model.name}"']
    if model.bus is not None:
        parts.append(f"bus {model.bus}")
    if model.alias is not None:
        parts.append(f'alias "{model.alias}"')
    if model.description is not None:
        parts.append(f'desc "{model.description}"')
    return ", ".join(parts)


def _line(shown: dict[str, Any]) -> str:
    text = f"  {shown['name']}=<{shown['type']}>"
    description, known = shown.get("description"), "default-value" in shown
    if description is None and not known:
        return text
    text = f"{text:<{_COLUMN}} - {description or ''}"
    return f"{text} (default: {json.dumps(shown['default-value'])})" if known else text
