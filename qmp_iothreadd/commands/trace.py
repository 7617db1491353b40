"""Trace events: which are on."""

from __future__ import annotations

from qmp_iothreadd.qmp.registry import Context, command


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
