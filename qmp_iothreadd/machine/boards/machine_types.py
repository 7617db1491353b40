"""The one table of machine types: what QEMU 11.1 says of each, and what ours need beside it.

A type's row of ``data/machines.json`` is what query-machines was recorded to say; what the types of
a family have in common stands here. A family without a board cannot be had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from qmp_iothreadd import errors
from qmp_iothreadd.machine.boards import EMPTY
from qmp_iothreadd.machine.recorded_lists import recorded_list

_MIB: Final = 1 << 20


class Family(NamedTuple):
    """What machine types have in common that differ in their versions.

    ``board`` is the class of ``/machine``, with its module of ``machine.boards``; empty where there
    is none. ``levels`` are those of the topology of CPUs beside sockets, cores and threads.
    ``memory`` is how many bytes there are where nobody says. ``boot_order``: the drives to boot
    from can be others the first time. ``nic``: the model of network cards where nobody says; empty
    where there is no bus for them, nor for graphic cards.
    """

    description: str
    board: str = ""
    levels: tuple[str, ...] = ()
    memory: int = 128 * _MIB
    boot_order: bool = False
    nic: str = ""


_FAMILIES: Final = {
    "isapc": Family("ISA-only PC", "pc:IsaPcMachine", ("modules", "dies"), boot_order=True),
    "microvm": Family("microvm (i386)", "microvm:MicrovmMachine"),
    "nitro": Family("AWS Nitro Enclave"),
    "none": Family("empty machine", "empty_machine:NoneMachine", memory=0),
    "pc-i440fx": Family(
        "Standard PC (i440FX + PIIX, 1996)",
        "pc:I440fxMachine",
        ("modules", "dies"),
        boot_order=True,
        nic="e1000",
    ),
    "pc-q35": Family(
        "Standard PC (Q35 + ICH9, 2009)",
        "pc:Q35Machine",
        ("modules", "dies"),
        boot_order=True,
        nic="e1000e",
    ),
    "x-remote": Family("Experimental remote machine"),
}

# Families of types come first in help, each with the newest of its names first.
_FIRST: Final = ("microvm", "pc-i440fx", "pc-q35")


class MachineType:
    """A type of machine. ``info`` is its MachineInfo, as query-machines has it.

    ``cpu_max``: how many CPUs it can have. ``default_cpu_type``: the QOM type of its CPUs where
    nobody names a model; None: it has no CPUs. ``default_ram_id``: the id of its memory.
    """

    def __init__(self, info: Mapping[str, Any]) -> None:
        self.info = info
        self.name: str = info["name"]
        self.alias: str | None = info.get("alias")
        self.cpu_max: int = info["cpu-max"]
        self.hotpluggable_cpus: bool = info["hotpluggable-cpus"]
        self.default_cpu_type: str | None = info.get("default-cpu-type")
        self.default_ram_id: str = info.get("default-ram-id", "ram")
        self.deprecated: bool = info["deprecated"]
        self.family = _FAMILIES[_family(self.name)]

    @property
    def is_built(self) -> bool:
        """Whether a machine of this type can be had."""
        return bool(self.family.board)

    @property
    def qom_name(self) -> str:
        """The name of the QOM type of ``/machine``."""
        return f"{self.name}-machine"


# What query-machines says of it: a start without another machine need not read the whole list.
_EMPTY_INFO: Final = {
    "hotpluggable-cpus": False,
    "name": EMPTY,
    "numa-mem-supported": False,
    "acpi": False,
    "cpu-max": 1,
    "deprecated": False,
    "default-ram-id": "ram",
}


def machine_type(name: str) -> MachineType:
    """The type with this name or alias, of which there can be a machine.

    Raises:
        QmpError: there is no such type, or it is not built in.
    """
    found = find_machine(name)
    if found is None:
        raise errors.machine_unsupported(name)
    if not found.is_built:
        raise errors.machine_not_built(found.name)
    return found


@cache
def find_machine(name: str) -> MachineType | None:
    """The type with this name or alias, or None."""
    if name == EMPTY:
        return MachineType(_EMPTY_INFO)
    for each in recorded_list("machines"):
        if name == each["name"]:
            return MachineType(each)
        if name == each.get("alias"):
            return find_machine(each["name"])
    return None


def list_machines() -> str:
    """What ``-machine help`` says."""
    found = {each["name"]: each for each in recorded_list("machines")}
    ordered = sorted((name for name in found if _family(name) in _FIRST), reverse=True)
    ordered.sort(key=_family)
    ordered += sorted(name for name in found if _family(name) not in _FIRST)
    lines = [line for name in ordered for line in _describe(found[name])]
    return "\n".join(["Supported machines are:", *lines])


def _describe(machine: dict[str, Any]) -> Iterator[str]:
    name, alias = machine["name"], machine.get("alias")
    description = _FAMILIES[_family(name)].description
    if alias is not None:
        yield f"{alias:<20} {description} (alias of {name})"
    default = " (default)" if machine.get("is-default") else ""
    deprecated = " (deprecated)" if machine["deprecated"] else ""
    yield f"{name:<20} {description}{default}{deprecated}"


def _family(name: str) -> str:
    """The name without its version."""
    family, _, version = name.rpartition("-")
    return family if version[:1].isdecimal() else name
