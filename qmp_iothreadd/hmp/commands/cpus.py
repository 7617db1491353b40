"""Processors: which there are, and which of them lines are about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qmp_iothreadd.commands import cpus as cpu_commands
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.machine.cpus.places import LEVELS
from qmp_iothreadd.qmp.registry import Context


@hmp_command("info cpus", help="show infos for each CPU")
def cpus(ctx: Context) -> str:
    """The CPUs with their threads, a star before the one that lines are about."""
    found = cpu_commands.query_cpus_fast(ctx)
    chosen = getattr(ctx, "cpu_index", 0)
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
    if not cpu_commands.has_cpu(ctx, index):
        return "invalid CPU index\n"
    ctx.cpu_index = index  # type: ignore[attr-defined]  # HMP's contexts have it, QMP's not
    return ""


@hmp_command(
    "info hotpluggable-cpus", help="Show information about hotpluggable CPUs", preconfig=True
)
def hotpluggable_cpus(ctx: Context) -> str:
    """The places for CPUs."""
    found = cpu_commands.query_hotpluggable_cpus(ctx)
    return "".join(["Hotpluggable CPUs:\n", *[line for each in found for line in _describe(each)]])


@hmp_command("info mem", help="show the active virtual memory mappings")
@hmp_command("info tlb", help="show virtual to physical memory mappings")
def mappings(ctx: Context) -> str:
    """None: a CPU that executes nothing has not turned paging on."""
    has_one = cpu_commands.has_cpu(ctx, getattr(ctx, "cpu_index", 0))
    return "PG disabled\n" if has_one else "No CPU available\n"


def _describe(place: dict[str, Any]) -> Iterator[str]:
    yield f'  type: "{place["type"]}"\n'
    yield f'  vcpus_count: "{place["vcpus-count"]}"\n'
    if "qom-path" in place:
        yield f'  qom_path: "{place["qom-path"]}"\n'
    yield "  CPUInstance Properties:\n"
    for level in LEVELS:
        if level.property in place["props"]:
            yield f'    {level.property}: "{place["props"][level.property]}"\n'
