"""Name, run state, and what changes it."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.qmp.registry import Context, command


@command("query-name")
def query_name(ctx: Context) -> dict[str, str]:
    """The guest's name, where it has one."""
    name = ctx.machine.name
    return {} if name is None else {"name": name}


@command("query-uuid")
def query_uuid(ctx: Context) -> dict[str, str]:
    """The guest's UUID."""
    return {"UUID": ctx.machine.uuid}


@command("query-status")
def query_status(ctx: Context) -> dict[str, Any]:
    """Whether the machine runs."""
    machine = ctx.machine
    return {"running": machine.running, "status": machine.status}


@command("stop")
def stop(ctx: Context) -> None:
    """Pause the machine."""
    ctx.machine.stop()


@command("cont")
def cont(ctx: Context) -> None:
    """Let the machine run."""
    ctx.machine.cont()


@command("system_reset")
def system_reset(ctx: Context) -> None:
    """Reset the machine."""
    ctx.machine.reset()


@command("system_powerdown")
def system_powerdown(ctx: Context) -> None:
    """Ask the guest to power down."""
    ctx.machine.powerdown()


@command("x-exit-preconfig")
def exit_preconfig(ctx: Context) -> None:
    """Go on with what -preconfig held back."""
    ctx.machine.exit_preconfig()


@command("system_wakeup")
def system_wakeup(ctx: Context) -> None:
    """Refuse: a guest that is not there cannot be suspended."""
    raise errors.wakeup_unsupported()
