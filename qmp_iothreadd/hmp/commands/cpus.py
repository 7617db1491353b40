"""Processors: which there are, and which of them lines are about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.commands import cpus
from qmp_iothreadd.hmp.arguments import Format
from qmp_iothreadd.hmp.commands.guest_memory import UNREADABLE
from qmp_iothreadd.hmp.qmp import qmp
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.machine.cpus.places import LEVELS
from qmp_iothreadd.qmp.registry import Context

_NO_CPU: Final = "No CPU available\n"


@hmp_command("info cpus", help="show infos for each CPU")
def list_cpus(ctx: Context) -> str:
    """The CPUs with their threads, a star before the one that lines are about."""
    found = cpus.query_cpus_fast(ctx)
    chosen = _chosen(ctx)
    return "".join(
        [
            f"{'*' if each['cpu-index'] == chosen else ' '} CPU #{each['cpu-index']}:"
            f" thread_id={each['thread-id']}\n"
            for each in found
        ]
    )


@hmp_command("cpu", "index:i", params="index", help="set the default CPU")
def cpu(ctx: Context, index: int) -> str:
    """Say which CPU lines are about; it is kept with the terminal."""
    if not cpus.has_cpu(ctx, index):
        return "invalid CPU index\n"
    ctx.cpu_index = index  # type: ignore[attr-defined]  # HMP's contexts have it, QMP's not
    return ""


@hmp_command(
    "info hotpluggable-cpus", help="Show information about hotpluggable CPUs", preconfig=True
)
def hotpluggable_cpus(ctx: Context) -> str:
    """The places for CPUs."""
    found = cpus.query_hotpluggable_cpus(ctx)
    return "".join(["Hotpluggable CPUs:\n", *[line for each in found for line in _describe(each)]])


@hmp_command("info mem", help="show the active virtual memory mappings")
@hmp_command("info tlb", help="show virtual to physical memory mappings")
def mappings(ctx: Context) -> str:
    """None: a CPU that executes nothing has not turned paging on."""
    return "PG disabled\n" if _has_chosen(ctx) else _NO_CPU


@hmp_command(
    "info registers",
    "cpustate_all:-a,vcpu:i?",
    params="[-a|vcpu]",
    help="show the cpu registers (-a: show register info for all cpus; vcpu: specific vCPU to "
    "query; show the current CPU's registers if no argument is specified)",
)
def registers(ctx: Context, cpustate_all: bool, vcpu: int | None) -> str:
    """None: a CPU that executes nothing keeps none."""
    if vcpu is not None and not cpus.has_cpu(ctx, vcpu):
        return f"CPU#{vcpu} not available\n"
    return "" if cpustate_all and not _has_chosen(ctx) else _stateless(ctx)


@hmp_command(
    "info lapic",
    "apic-id:i?",
    params="[apic-id]",
    help="show local apic state (apic-id: local apic to read, default is which of current CPU)",
)
def lapic(ctx: Context, **given: int | None) -> str:
    """None is kept."""
    found, apic_id = cpus.machine_cpus(ctx), given["apic-id"]
    if apic_id is not None and (found is None or apic_id not in found.apic_ids()):
        return _NO_CPU
    return _stateless(ctx)


@hmp_command(
    "mce",
    "broadcast:-b,cpu_index:i,bank:i,status:l,mcg_status:l,addr:l,misc:l",
    params="[-b] cpu bank status mcgstatus addr misc",
    help="inject a MCE on the given CPU [and broadcast to other CPUs with -b option]",
)
def mce(ctx: Context, cpu_index: int, **arguments: Any) -> str:
    """Refuse, where there is such a CPU."""
    return _stateless(ctx) if cpus.has_cpu(ctx, cpu_index) else ""


@hmp_command(
    "gdbserver",
    "device:s?",
    params="[device]",
    help="start gdbserver on given device (default 'tcp::1234'), stop with 'none'",
)
def gdbserver(ctx: Context, device: str | None) -> str:
    """Refuse: there is nothing to debug."""
    return f"{errors.nothing_to_debug(has_cpus=_has_chosen(ctx)).desc}\n"


# -- Memory, as a CPU sees it ---------------------------------------------------------------------


@hmp_command("x", "fmt:/,addr:l", params="/fmt addr", help="virtual memory dump starting at 'addr'")
def dump_virtual(ctx: Context, fmt: Format, addr: int) -> str:
    """Refuse, as for the physical address that it is."""
    if not _has_chosen(ctx):
        return "Can not dump without CPU\n"
    return UNREADABLE.format(addr & (2**64 - 1))


@hmp_command(
    "gva2gpa",
    "addr:l",
    params="addr",
    help="print the guest physical address corresponding to a guest virtual address",
)
def gva2gpa(ctx: Context, addr: int) -> str:
    """The same address: paging is off."""
    return f"gpa: {_hexadecimal(addr)}\n" if _has_chosen(ctx) else "No cpu\n"


@hmp_command(
    "memsave",
    "val:l,size:i,filename:s",
    params="addr size file",
    help="save to disk virtual memory dump starting at 'addr' of size 'size'",
)
def memsave(ctx: Context, val: int, size: int, filename: str) -> str:
    """What memsave does, for the CPU that the line is about."""
    if not _has_chosen(ctx):
        return _NO_CPU
    qmp(ctx, "memsave", val=val, size=size, filename=filename, cpu_index=_chosen(ctx))
    return ""


def _chosen(ctx: Context) -> int:
    """The index of the CPU that the line is about."""
    index: int = getattr(ctx, "cpu_index", 0)
    return index


def _has_chosen(ctx: Context) -> bool:
    return cpus.has_cpu(ctx, _chosen(ctx))


def _stateless(ctx: Context) -> str:
    return f"{errors.cpu_without_state().desc}\n" if _has_chosen(ctx) else _NO_CPU


def _hexadecimal(value: int) -> str:
    """As C prints it with ``%#x``."""
    value &= 2**64 - 1
    return f"{value:#x}" if value else "0"


def _describe(place: dict[str, Any]) -> Iterator[str]:
    yield f'  type: "{place["type"]}"\n'
    yield f'  vcpus_count: "{place["vcpus-count"]}"\n'
    if "qom-path" in place:
        yield f'  qom_path: "{place["qom-path"]}"\n'
    yield "  CPUInstance Properties:\n"
    if "node-id" in place["props"]:
        yield f'    node-id: "{place["props"]["node-id"]}"\n'
    for level in LEVELS:
        if level.property in place["props"]:
            yield f'    {level.property}: "{place["props"][level.property]}"\n'
