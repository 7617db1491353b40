"""Guest memory: dumped, saved, and measured. Nobody has written any: it reads as zeros."""

from __future__ import annotations

import os
from typing import Any, NoReturn

from qmp_iothreadd import errors
from qmp_iothreadd.machine.guest_memory import DirtyRate, LastDump
from qmp_iothreadd.qmp.registry import Context, command

# migration/dirtyrate.h
_PERIOD_MS = (50, 60_000)
_SAMPLE_PAGES = (128, 16_384)
_SAMPLE_PAGES_DEFAULT = 512


@command("dump-guest-memory")
def dump_guest_memory(
    ctx: Context,
    paging: bool,
    protocol: str,
    detach: bool | None = None,
    begin: int | None = None,
    length: int | None = None,
    format: str | None = None,
) -> NoReturn:
    """Refuse, once the file is open and the machine was stopped for it: no memory is there.

    Raises:
        QmpError: always; for bad arguments before anything is done.
    """
    format = format or "elf"
    if format != "elf" and (paging or begin is not None or length is not None):
        raise errors.dump_format_unfiltered()
    if (begin is None) != (length is None):
        raise errors.missing_parameter("begin" if begin is None else "length")
    if format.endswith(("lzo", "snappy")):
        raise errors.dump_format_unavailable(format)
    os.close(_open_dump(ctx, protocol))
    ctx.machine.part(LastDump).status = "failed"
    if ctx.machine.running:
        ctx.machine.stop()
        ctx.machine.cont()
    raise errors.no_guest_memory()


def _open_dump(ctx: Context, protocol: str) -> int:
    if protocol.startswith("fd:"):
        name = protocol.removeprefix("fd:")
        fd = ctx.named_descriptors.pop(name, None)
        if fd is None:
            raise errors.named_descriptor_unknown(name)
        return fd
    if not protocol.startswith("file:"):
        raise errors.invalid_parameter("protocol")
    return _create(protocol.removeprefix("file:"), 0o400)


def _create(path: str, mode: int) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    try:  # a pipe that nobody reads is not waited for
        return os.open(path, flags | os.O_NONBLOCK, mode)
    except (OSError, ValueError) as error:
        raise errors.file_not_opened(path, _reason(error)) from None


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    return os.strerror(2)  # a path with a NUL inside, which C would cut


@command("query-dump")
def query_dump(ctx: Context) -> dict[str, Any]:
    """How the last dump went."""
    return {"status": ctx.machine.part(LastDump).status, "completed": 0, "total": 0}


@command("memsave")
def memsave(ctx: Context, val: int, size: int, filename: str, cpu_index: int | None = None) -> None:
    """The same as pmemsave: no CPU has turned paging on.

    Raises:
        QmpError: there is no such CPU, no such memory, or what pmemsave raises.
    """
    from qmp_iothreadd.commands.cpus import has_cpu  # few ask

    if not has_cpu(ctx, cpu_index or 0):
        raise errors.invalid_parameter_value("cpu-index", "a CPU number")
    if not 0 <= val <= val + size <= ctx.machine.board.memory["size"]:
        raise errors.bad_memory_range(val, size)
    pmemsave(ctx, val, size, filename)


@command("pmemsave")
def pmemsave(ctx: Context, val: int, size: int, filename: str) -> None:
    """Write ``size`` bytes of memory that is not there: zeros, in a file without blocks.

    Raises:
        QmpError: the file cannot be written, or not be that large.
    """
    fd = _create(filename, 0o666)
    try:
        os.ftruncate(fd, size)
    except (OSError, OverflowError):
        raise errors.memory_not_saved(filename) from None
    finally:
        os.close(fd)


@command("calc-dirty-rate")
def calc_dirty_rate(
    ctx: Context,
    calc_time: int,
    calc_time_unit: str | None = None,
    sample_pages: int | None = None,
    mode: str | None = None,
) -> None:
    """Begin to measure how fast memory is written."""
    rate = ctx.machine.part(DirtyRate)
    if rate.measuring:
        raise errors.already_measuring()
    period_ms = calc_time if calc_time_unit == "millisecond" else calc_time * 1000
    if not _PERIOD_MS[0] <= period_ms <= _PERIOD_MS[1]:
        raise errors.time_out_of_range(*_PERIOD_MS)
    mode = mode or "page-sampling"
    if sample_pages is not None:
        if mode != "page-sampling":
            raise errors.sample_pages_unused()
        if not _SAMPLE_PAGES[0] <= sample_pages <= _SAMPLE_PAGES[1]:
            raise errors.sample_pages_out_of_range(*_SAMPLE_PAGES)
    if mode == "dirty-ring":
        raise errors.measure_mode_disabled(mode)
    rate.start(mode, period_ms, sample_pages or _SAMPLE_PAGES_DEFAULT)


@command("query-dirty-rate")
def query_dirty_rate(ctx: Context, calc_time_unit: str | None = None) -> dict[str, Any]:
    """The last measurement."""
    return ctx.machine.part(DirtyRate).info(calc_time_unit or "second")
