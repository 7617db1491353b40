"""Trace events: which there are, and which are on."""

from __future__ import annotations

from qmp_iothreadd.commands import trace
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.qmp.registry import Context


@hmp_command(
    "info trace-events",
    "name:s?,vcpu:i?",
    params="[name] [vcpu]",
    help="show available trace-events & their state (name: event name pattern; vcpu: vCPU to "
    "query, default is any)",
)
def trace_events(ctx: Context, name: str | None, vcpu: int | None) -> str:
    """The events that a pattern fits, or all."""
    try:
        found = trace.get_state(ctx, name or "*")
    except QmpError as error:
        return f"{error.desc}\n"
    return "".join(
        [f"{each['name']} : state {int(each['state'] == 'enabled')}\n" for each in found]
    )


@hmp_command(
    "trace-event",
    "name:s,option:b,vcpu:i?",
    params="name on|off [vcpu]",
    help="changes status of a specific trace event (vcpu: vCPU to set, default is all)",
)
def trace_event(ctx: Context, name: str, option: bool, vcpu: int | None) -> str:
    """Trace the events that a pattern fits, or stop it."""
    try:
        trace.set_state(ctx, name, option)
    except QmpError as error:
        return f"{error.desc}\n"
    return ""
