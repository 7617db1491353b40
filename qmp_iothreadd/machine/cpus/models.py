"""The x86 CPU models that QEMU 11.1 knows, and the properties of CPUs.

A CPU executes nothing: its properties say what it would be able to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple

from qmp_iothreadd import errors
from qmp_iothreadd.machine.recorded_lists import recorded_list

MODEL_SUFFIX: Final = "-x86_64-cpu"
"""What the name of a model's type has behind the model's."""

# Models that depend on the host or the accelerator, which are listed last.
_UNVERSIONED = {
    "base": "base CPU model type with no features enabled",
    "host": "processor with all supported host features",
    "max": "Enables all features supported by the accelerator in the current host",
}


def cpu_definitions() -> list[dict[str, Any]]:
    """Each model as a CpuDefinitionInfo, in the order of query-cpu-definitions."""
    return recorded_list("cpu_models")


def cpu_models() -> Iterator[tuple[str, str]]:
    """Each name with what ``-cpu help`` says of it, in the order there."""
    versioned = [each for each in cpu_definitions() if each["name"] not in _UNVERSIONED]
    yield from sorted((each["name"], _alias(each)) for each in versioned)
    yield from _UNVERSIONED.items()


def _alias(definition: dict[str, Any]) -> str:
    name, version = definition["name"], definition.get("alias-of")
    if version is None:
        return ""
    if re.fullmatch(rf"{re.escape(name)}-v\d+", version):
        return "(alias configured by machine type)"  # another type may have another version
    return f"(alias of {version})"


def is_cpu_model(name: str) -> bool:
    """Whether there is a model of this name."""
    return name in _by_name()


def find_cpu_model(name: str) -> dict[str, Any]:
    """The model of this name, as a CpuDefinitionInfo.

    Raises:
        QmpError: there is none.
    """
    found = _by_name().get(name)
    if found is None:
        raise errors.unknown_cpu_model(name)
    return found


@cache
def _by_name() -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in cpu_definitions()}


# -- Their types ----------------------------------------------------------------------------------


class CpuProperty(NamedTuple):
    """A property of CPUs; one that is not ``listed`` is reached by its name alone.

    QEMU lists them all. Clients ask for each that they find, hundreds per CPU.
    """

    name: str
    type: str
    default: Any
    listed: bool


@cache
def cpu_properties() -> dict[str, CpuProperty]:
    """The properties of all CPUs by name."""
    found = {}
    for row in recorded_list("cpu_properties"):
        for name in row["names"] if "names" in row else [row["name"]]:
            found[name] = CpuProperty(name, row["type"], row["default"], row.get("listed", False))
    return found


def cpu_device_rows() -> Iterator[dict[str, Any]]:
    """Rows for the table of devices' models: the types of CPUs, each after its parent."""
    yield {"name": "cpu", "parent": "device", "abstract": True}
    listed = [
        [each.name, each.type, each.default] for each in cpu_properties().values() if each.listed
    ]
    yield {"name": "x86_64-cpu", "parent": "cpu", "abstract": True, "properties": listed}
    for definition in cpu_definitions():
        row = {"name": definition["typename"], "parent": "x86_64-cpu"}
        if definition["name"] in ("host", "max"):  # those that can be more than can migrate
            migratable = cpu_properties()["migratable"]
            row["properties"] = [[migratable.name, migratable.type, migratable.default]]
        yield row
