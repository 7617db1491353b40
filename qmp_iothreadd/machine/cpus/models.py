"""The x86 CPU models that QEMU 11.1 knows. No CPU is there without a guest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from qmp_iothreadd.machine.recorded_lists import recorded_list

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
    return any(name == found["name"] for found in cpu_definitions())
