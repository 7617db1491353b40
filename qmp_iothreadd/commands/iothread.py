"""The iothreads, what polling did for them, and the workloads that they serve."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.iothread.event_loop import IOThread
from qmp_iothreadd.qapi.shipped import shipped_schema
from qmp_iothreadd.qmp.registry import Context, command


@command("query-iothreads")
def query_iothreads(ctx: Context) -> list[dict[str, Any]]:
    """All iothreads with the parameters in force and the kernel's thread ids."""
    schema = ctx.machine.schema
    info: Any = schema.types.get("IOThreadInfo")
    if info is None:  # then only the human monitor asks
        info = shipped_schema(schema).types["IOThreadInfo"]
    return [iothread.info(info.members) for iothread in ctx.machine.iothreads()]


@command("x-query-iothread-stats")
def query_iothread_stats(ctx: Context, id: str | None = None) -> list[dict[str, Any]]:
    """What polling did for one iothread or all."""
    return [iothread.stats() for iothread in _iothreads(ctx, id)]


@command("x-reset-iothread-stats")
def reset_iothread_stats(ctx: Context, id: str | None = None) -> None:
    """Start the statistics of one iothread or all afresh."""
    for iothread in _iothreads(ctx, id):
        iothread.reset_stats()


@command("x-query-workload-stats")
def query_workload_stats(ctx: Context, id: str | None = None) -> list[dict[str, Any]]:
    """What one workload did, or all."""
    if id is None:
        return [workload.stats() for workload in ctx.machine.workloads()]
    from qmp_iothreadd.iothread.workload import WorkloadObject  # few have one

    found = ctx.machine.find_object(id)
    if not isinstance(found, WorkloadObject):
        raise errors.workload_not_found(id)
    return [found.stats()]


def _iothreads(ctx: Context, id: str | None) -> list[IOThread]:
    if id is None:
        return ctx.machine.iothreads()
    found = ctx.machine.find_object(id)
    if not isinstance(found, IOThread):
        raise errors.iothread_not_found(id)
    return [found]
