"""Scripts, for clients that are not written in Python: responses, events, and what was said."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.qmp.registry import Context, command
from qmp_iothreadd.scripting.history import Entry
from qmp_iothreadd.scripting.response_file import given
from qmp_iothreadd.scripting.script import Script


@command("x-respond")
def respond(ctx: Context, **arguments: Any) -> None:
    """Let a command answer something else than it does by itself."""
    ctx.machine.part(Script).responses.respond(**given(arguments))


@command("x-emit")
def emit(ctx: Context, **arguments: Any) -> None:
    """Send an event under any name."""
    ctx.machine.part(Script).emit(**given(arguments))


@command("x-query-history")
def query_history(
    ctx: Context,
    command: str | None = None,
    kind: str | None = None,
    monitor: str | None = None,
    since: int | None = None,
) -> list[dict[str, Any]]:
    """What was said on the monitors."""
    return [
        _info(entry)
        for entry in ctx.machine.part(Script).history
        if entry.number >= (since or 0)
        and kind in (None, entry.kind)
        and monitor in (None, entry.monitor)
        and (command is None or entry.command == command)  # last: it parses the request
    ]


@command("x-query-left-over")
def query_left_over(ctx: Context) -> list[dict[str, Any]]:
    """What was scripted and not used, and what was not answered."""
    return [{"description": words} for words in ctx.machine.part(Script).left_over()]


@command("x-script-reset")
def script_reset(ctx: Context) -> None:
    """Begin anew."""
    ctx.machine.part(Script).reset()


def _info(entry: Entry) -> dict[str, Any]:
    members = ("number", "kind", "monitor", "client", "time")
    info = {name: getattr(entry, name) for name in members}
    message = entry.message
    if message is not None:
        info["message"] = message
    if entry.fault is not None:
        info["fault"] = entry.fault
    return info
