"""What a CPU model stands for: its features, as query-cpu-model-expansion tells them.

Recorded of QEMU's translator. Of other models than these it is not known what it leaves of them:
they are no more than what a client adds to them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.cpus.models import MODEL_SUFFIX, cpu_properties, is_cpu_model

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

# Models that have what another has: its first version, and, without KVM, ``host``, for which
# libvirt 9.0 asks to learn what <cpu mode="host-model"> is.
_SAME_AS: Final = {"qemu64-v1": "qemu64", "host": "max"}
# A level is the least that a model asks for.
_LEVELS: Final = {"min-level": "level", "min-xlevel": "xlevel"}


def expand(
    machine: Machine, kind: str, name: str, given: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The model ``name`` with ``given`` properties, as a model and all its properties.

    ``kind`` is a CpuModelExpansionType: ``static`` names ``base`` and all features, ``full`` the
    model itself and every property.

    Raises:
        QmpError: there is no such model, or it has no such property, or one of another type.
    """
    if not is_cpu_model(name):
        raise errors.no_cpu_model(name)
    values = _features_of(name)
    aliases = _table()["aliases"]
    rest: dict[str, Any] = {}
    for each, value in given.items():
        checked = _check(machine, name, each, value)
        feature = aliases.get(each, each)
        (values if feature in _static() else rest)[feature] = checked
    if kind == "static":
        return "base", values
    if not values:
        return name, rest
    levels = {level: values[least] for least, level in _LEVELS.items()}
    named_twice = {alias: values[feature] for alias, feature in aliases.items()}
    return name, {**_table()["full"], **values, **named_twice, **levels, **rest}


def _check(machine: Machine, model: str, name: str, value: Any) -> Any:
    row = cpu_properties().get(name)
    if row is None:
        raise errors.property_not_found(f"{model}{MODEL_SUFFIX}", name)
    value_type = machine.schema.types["str" if row.type == "string" else row.type]
    return machine.models.validate(value_type, value, name)


def _features_of(name: str) -> dict[str, Any]:
    """Every feature of a model, and its numbers; nothing where that is not known."""
    known = _table()["models"].get(_SAME_AS.get(name, name))
    if known is None and name != "base":
        return {}
    values = dict(_static())
    if known is not None:
        values |= {**dict.fromkeys(known["has"], True), **known["values"]}
    return values


@cache
def _static() -> dict[str, Any]:
    """A model that has nothing."""
    numbers = {name: type(value)() for name, value in _table()["models"]["max"]["values"].items()}
    return {**dict.fromkeys(_table()["features"], False), **numbers}


@cache
def _table() -> dict[str, Any]:
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with open(os.path.join(folder, "data", "cpu_features.json"), encoding="ascii") as file:
        found: dict[str, Any] = json.load(file)
    return found
