"""The iothreads, what polling did for them, and the workloads that they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.iothread.event_loop import IOThread
from qmp_iothreadd.qapi.shipped import shipped_schema
from qmp_iothreadd.qmp.registry import Context, command

if TYPE_CHECKING:
    from qmp_iothreadd.json.encoded_once import EncodedOnce, EncodedText


@command("query-iothreads")
def query_iothreads(ctx: Context) -> list[EncodedOnce] | EncodedText:
    """All iothreads with the parameters in force and the kernel's thread ids.

    As text where they are not looked into on their way out.
    """
    machine = ctx.machine
    if machine.outgoing.looks or not machine.has_shipped_schema:
        return iothread_infos(ctx)
    info: Any = machine.schema.types["IOThreadInfo"]
    return machine.iothread_list.text(info.members)


def iothread_infos(ctx: Context) -> list[EncodedOnce]:
    """What query-iothreads tells of each iothread."""
    schema = ctx.machine.schema
    info: Any = schema.types.get("IOThreadInfo")
    if info is None:  # then only the human monitor asks
        info = shipped_schema(schema).types["IOThreadInfo"]
    return ctx.machine.iothread_list.infos(info.members)


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
