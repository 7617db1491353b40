"""The machine types that QEMU 11.1 has: their names, and how many CPUs they can have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qmp_iothreadd.machine.recorded_lists import recorded_list

_DESCRIPTIONS = {
    "isapc": "ISA-only PC",
    "microvm": "microvm (i386)",
    "nitro": "AWS Nitro Enclave",
    "none": "empty machine",
    "pc-i440fx": "Standard PC (i440FX + PIIX, 1996)",
    "pc-q35": "Standard PC (Q35 + ICH9, 2009)",
    "x-remote": "Experimental remote machine",
}

# Families of types come first, each with the newest of its names first.
_FAMILIES = ("microvm", "pc-i440fx", "pc-q35")


def find_machine(name: str) -> dict[str, Any] | None:
    """What query-machines says of the type with this name or alias."""
    for each in recorded_list("machines"):
        if name in (each["name"], each.get("alias")):
            return each
    return None


def list_machines() -> str:
    """What ``-machine help`` says."""
    found = {each["name"]: each for each in recorded_list("machines")}
    ordered = sorted((name for name in found if _family(name) in _FAMILIES), reverse=True)
    ordered.sort(key=_family)
    ordered += sorted(name for name in found if _family(name) not in _FAMILIES)
    lines = [line for name in ordered for line in _describe(found[name])]
    return "\n".join(["Supported machines are:", *lines])


def _describe(machine: dict[str, Any]) -> Iterator[str]:
    name, alias = machine["name"], machine.get("alias")
    description = _DESCRIPTIONS.get(_family(name), name)
    if alias is not None:
        yield f"{alias:<20} {description} (alias of {name})"
    default = " (default)" if machine.get("is-default") else ""
    deprecated = " (deprecated)" if machine["deprecated"] else ""
    yield f"{name:<20} {description}{default}{deprecated}"


def _family(name: str) -> str:
    """The name without its version."""
    family, _, version = name.rpartition("-")
    return family if version[:1].isdecimal() else name
