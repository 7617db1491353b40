"""``-machine`` and ``-smp``: there is no machine, but what makes no sense to QEMU is refused."""

from __future__ import annotations

import math
import re
from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.qom import c_numbers, keyval

_TYPES = re.compile(r"none|microvm|isapc|pc|q35|x-remote|pc-(i440fx|q35)-[0-9]+\.[0-9]+")
MACHINES = {
    "isapc": "ISA-only PC",
    "microvm": "microvm (i386)",
    "none": "empty machine",
    "pc": "Standard PC (i440FX + PIIX, 1996)",
    "q35": "Standard PC (Q35 + ICH9, 2009)",
}
_MAX_CPUS = {"none": 1, "isapc": 1, "microvm": 288, "x-remote": 1}
_MAX_CPUS_PC = 4096

# The properties of the empty machine. Those of the others are taken as they come.
_BOOLEANS = ("aux-ram-share", "dump-guest-core", "graphics", "mem-merge", "suppress-vmdesc", "usb")
_PROPERTIES = frozenset(
    (
        *("accel", "append", "boot", "confidential-guest-support", "dt-compatible", "dtb"),
        *("dumpdtb", "firmware", "initrd", "kernel", "memory", "memory-backend"),
        *("memory-encryption", "phandle-start", "shim", "smp", "type"),
        *_BOOLEANS,
    )
)

_LEVELS = ("drawers", "books", "sockets", "dies", "clusters", "modules", "cores", "threads")
_TOPOLOGY = ("cpus", *_LEVELS, "maxcpus")


class MachineOptions:
    """All ``-machine`` and ``-smp`` options, merged; the last word counts."""

    def __init__(self) -> None:
        self._values: keyval.KeyVal = {}

    @property
    def type_name(self) -> str:
        """The machine's type."""
        return str(self._values.get("type", "none"))

    def machine(self, text: str) -> bool:
        """``-machine``; False if it asks for help.

        Raises:
            QmpError: the text is not keyval.
        """
        values, wants_help = keyval.parse(text, "type")
        _merge(self._values, values)
        return not wants_help and self._values.get("type") not in ("help", "?")

    def smp(self, text: str) -> None:
        """``-smp``.

        Raises:
            QmpError: the text is not keyval.
        """
        values, _ = keyval.parse(text, "cpus")
        _merge(self._values, {"smp": values})

    def check_type(self) -> None:
        """Raises:
        QmpError: there is no such machine.
        """
        if not _TYPES.fullmatch(self.type_name):
            raise errors.machine_unsupported(self.type_name)

    def check_properties(self) -> None:
        """Raises:
        QmpError: a property that the empty machine does not have, or refuses.
        """
        if self.type_name != "none":
            return
        for name, value in self._values.items():
            if name not in _PROPERTIES:
                raise errors.property_not_found("none-machine", name)
            if name in _BOOLEANS and c_numbers.boolean(str(value)) is None:
                raise errors.invalid_parameter_value(name, "'on' or 'off'")

    def check_cpus(self) -> None:
        """Raises:
        QmpError: ``-smp`` makes no sense, or asks for more than the machine can have.
        """
        given = self._values.get("smp", {})
        counts = _topology(given if isinstance(given, dict) else {"cpus": given})
        if 0 in counts.values():
            raise errors.no_cpus()
        cpus = counts.get("cpus") or counts.get("maxcpus") or _product(counts)
        maximum = _MAX_CPUS.get(self.type_name, _MAX_CPUS_PC)
        if not 0 < cpus <= maximum:
            raise errors.too_many_cpus(cpus, self.type_name, maximum)


def list_machines() -> str:
    """What ``-machine help`` says."""
    lines = [f"{name:<20} {text}" for name, text in MACHINES.items()]
    return "\n".join(["Supported machines are:", *lines])


def _merge(into: keyval.KeyVal, values: keyval.KeyVal) -> None:
    for name, value in values.items():
        present = into.get(name)
        if isinstance(present, dict) and isinstance(value, dict):
            _merge(present, value)
        else:
            into[name] = value


def _topology(given: dict[str, Any]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in _TOPOLOGY:
        if name in given:
            text = given[name]
            if not isinstance(text, str):
                raise errors.keyval_unexpected(f"smp.{name}")
            value = c_numbers.int64(text)
            if value is None:
                raise errors.invalid_parameter_value(f"smp.{name}", "integer")
            counts[name] = value
    for name in given:
        if name not in _TOPOLOGY:
            raise errors.unexpected_parameter(f"smp.{name}")
    return counts


def _product(counts: dict[str, int]) -> int:
    return math.prod(counts.get(level, 1) for level in _LEVELS)
