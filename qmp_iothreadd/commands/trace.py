"""Trace events: which are on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.qmp.registry import Context, command

if TYPE_CHECKING:
    from qmp_iothreadd.iothread._engine import AioContext


@command("trace-event-get-state")
def get_state(ctx: Context, name: str) -> list[dict[str, str]]:
    """The events that a name or pattern fits, and whether they are traced."""
    return [
        {"name": event, "state": "enabled" if enabled else "disabled"}
        for event, enabled in ctx.machine.traces.states(name)
    ]


@command("trace-event-set-state")
def set_state(
    ctx: Context, name: str, enable: bool, ignore_unavailable: bool | None = None
) -> None:
    """Trace the events that a name or pattern fits, or stop it. None is unavailable."""
    ctx.machine.traces.set_state(name, enable)


@command("x-record-iothread")
def record_iothread(ctx: Context, id: str, file: str) -> None:
    """Write an iothread's decisions to a file from now on."""
    from qmp_iothreadd.iothread.recording import Recording  # few record

    context = _context(ctx, id)
    if ctx.machine.traces.is_recorded(context):
        raise errors.iothread_recorded(id)
    ctx.machine.traces.record(context, Recording(file))


@command("x-stop-iothread-recording")
def stop_iothread_recording(ctx: Context, id: str) -> dict[str, str | int]:
    """Close the file, and tell what is in it."""
    context = _context(ctx, id)
    if not ctx.machine.traces.is_recorded(context):
        raise errors.iothread_not_recorded(id)
    done = ctx.machine.traces.stop_recording(context)
    return {"file": done.path, "decisions": done.records, "dropped": done.dropped}


def _context(ctx: Context, id: str) -> AioContext:
    from qmp_iothreadd.iothread.event_loop import IOThread  # a start without one needs none

    found = ctx.machine.find_object(id)
    if not isinstance(found, IOThread) or found.context is None:
        raise errors.iothread_not_found(id)
    return found.context
