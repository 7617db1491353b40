"""A guest's memory, which nobody has written."""

from __future__ import annotations

from typing import Final

from qmp_iothreadd import errors
from qmp_iothreadd.hmp.arguments import Format
from qmp_iothreadd.hmp.commands import info  # noqa: F401 -- here are sub-commands of it
from qmp_iothreadd.hmp.qmp import qmp
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.qmp.registry import Context

UNREADABLE: Final = "{:016x}: Cannot access memory\n"
"""What is said of an address."""

_MEMORY_TREE: Final = """\
address-space: memory
  0000000000000000-ffffffffffffffff (prio 0, i/o): system

address-space: I/O
  0000000000000000-000000000000ffff (prio 0, i/o): io

"""
_FLAT_TREE: Final = """\
FlatView #0
 AS "memory", root: system
 Root memory region: (none)
  No rendered FlatView

FlatView #1
 AS "I/O", root: io
 Root memory region: io
  0000000000000000-000000000000ffff (prio 0, i/o): io

"""


@hmp_command(
    "info memory_size_summary",
    help="show the amount of initially allocated and present hotpluggable (if enabled) memory in "
    "bytes.",
)
def memory_size_summary(ctx: Context) -> str:
    """How much memory there is."""
    found = qmp(ctx, "query-memory-size-summary")
    return "".join([f"{name.replace('-', ' ')}: {size}\n" for name, size in found.items()])


@hmp_command(
    "info mtree",
    "flatview:-f,dispatch_tree:-d,owner:-o,disabled:-D",
    params="[-f][-d][-o][-D]",
    help="show memory tree (-f: dump flat view for address spaces;-d: dump dispatch tree, valid "
    "with -f only);-o: dump region owners/parents;-D: dump disabled regions",
)
def mtree(ctx: Context, flatview: bool, dispatch_tree: bool, owner: bool, disabled: bool) -> str:
    """The address spaces that every machine has."""
    return _FLAT_TREE if flatview else _MEMORY_TREE


@hmp_command(
    "xp", "fmt:/,addr:l", params="/fmt addr", help="physical memory dump starting at 'addr'"
)
def dump_physical(ctx: Context, fmt: Format, addr: int) -> str:
    """Refuse: nobody has put anything there."""
    return UNREADABLE.format(addr & (2**64 - 1))


@hmp_command(
    "gpa2hva",
    "addr:l",
    params="addr",
    help="print the host virtual address corresponding to a guest physical address",
)
@hmp_command(
    "gpa2hpa",
    "addr:l",
    params="addr",
    help="print the host physical address corresponding to a guest physical address",
)
def gpa2host(ctx: Context, addr: int) -> str:
    """Refuse: there is no memory."""
    return f"No memory is mapped at address 0x{addr & (2**64 - 1):x}\n"


@hmp_command(
    "pmemsave",
    "val:l,size:i,filename:s",
    params="addr size file",
    help="save to disk physical memory dump starting at 'addr' of size 'size'",
)
def pmemsave(ctx: Context, val: int, size: int, filename: str) -> None:
    """What pmemsave does."""
    qmp(ctx, "pmemsave", val=val, size=size, filename=filename)


@hmp_command(
    "dumpdtb", "filename:F", params="filename", help="dump the FDT in dtb format to 'filename'"
)
def dumpdtb(ctx: Context, filename: str) -> None:
    """Refuse: there is no device tree."""
    qmp(ctx, "dumpdtb", filename=filename)


@hmp_command(
    "sum",
    "start:l,size:i",
    params="addr size",
    help="compute the checksum of a memory region",
)
def checksum(ctx: Context, start: int, size: int) -> str:
    """That of nothing, which reads as zeros."""
    return "00000\n"


@hmp_command(
    "dump-guest-memory",
    "paging:-p,detach:-d,filename:F,begin:l?,length:l?",
    params="[-p] [-d] filename [begin length]",
    help="dump guest memory into file 'filename'.",
)
def dump_guest_memory(
    ctx: Context, paging: bool, detach: bool, filename: str, begin: int | None, length: int | None
) -> None:
    """What dump-guest-memory does."""
    qmp(ctx, "dump-guest-memory", paging=paging, protocol=f"file:{filename}")


@hmp_command(
    "info dirty_rate",
    help="show dirty rate information",
)
def dirty_rate(ctx: Context) -> str:
    """What was measured last."""
    found = qmp(ctx, "query-dirty-rate")
    rate = f"{found['dirty-rate']} (MB/s)" if "dirty-rate" in found else "(not ready)"
    return (
        f"Status: {found['status']}\nStart Time: {found['start-time']} (ms)\n"
        f"Sample Pages: {found['sample-pages']} (per GB)\nPeriod: {found['calc-time']} (sec)\n"
        f"Mode: {found['mode']}\nDirty rate: {rate}\n"
    )


@hmp_command(
    "calc_dirty_rate",
    "dirty_ring:-r,dirty_bitmap:-b,second:l,sample_pages:l?",
    params="[-r] [-b] second [sample_pages_per_GB]",
    help="start a round of guest dirty rate measurement (using -r to"
    "\n\t\t\t specify dirty ring as the method of calculation and"
    "\n\t\t\t -b to specify dirty bitmap as method of calculation)",
)
def calc_dirty_rate(
    ctx: Context, dirty_ring: bool, dirty_bitmap: bool, second: int, sample_pages: int | None
) -> str:
    """Begin to measure how fast memory is written."""
    if not second:
        return "Incorrect period length specified!\n"
    if dirty_ring and dirty_bitmap:
        return "Either dirty ring or dirty bitmap can be specified!\n"
    mode = "dirty-bitmap" if dirty_bitmap else "dirty-ring" if dirty_ring else "page-sampling"
    if sample_pages == -1:
        sample_pages = None
    qmp(ctx, "calc-dirty-rate", calc_time=second, sample_pages=sample_pages, mode=mode)
    return (
        f"Starting dirty rate measurement with period {second} seconds\n"
        "[Please use 'info dirty_rate' to check results]\n"
    )


@hmp_command(
    "set_vcpu_dirty_limit",
    "dirty_rate:l,cpu_index:l?",
    params="dirty_rate [cpu_index]",
    help="set dirty page rate limit, use cpu_index to set limit"
    "\n\t\t\t\t\t on a specified virtual cpu",
)
def set_vcpu_dirty_limit(ctx: Context, dirty_rate: int, cpu_index: int | None) -> None:
    """Refuse: KVM would do it."""
    if dirty_rate < 0:
        raise errors.dirty_limit_invalid(dirty_rate)
    qmp(ctx, "set-vcpu-dirty-limit", dirty_rate=dirty_rate)


@hmp_command(
    "cancel_vcpu_dirty_limit",
    "cpu_index:l?",
    params="[cpu_index]",
    help="cancel dirty page rate limit, use cpu_index to cancel"
    "\n\t\t\t\t\t limit on a specified virtual cpu",
)
def cancel_vcpu_dirty_limit(ctx: Context, cpu_index: int | None) -> str:
    """Nothing: there is no limit."""
    qmp(ctx, "cancel-vcpu-dirty-limit")
    return "[Please use 'info vcpu_dirty_limit' to query dirty limit for virtual CPU]\n"
