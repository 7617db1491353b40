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
    from qmp_iothreadd.machine.guest import Guest  # few are asked to

    ctx.machine.part(Guest).powerdown()


@command("x-exit-preconfig")
def exit_preconfig(ctx: Context) -> None:
    """Go on with what -preconfig held back."""
    ctx.machine.exit_preconfig()


@command("system_wakeup")
def system_wakeup(ctx: Context) -> None:
    """Wake the guest up.

    Raises:
        QmpError: it does not sleep, or could not on this machine.
    """
    if not ctx.machine.can_suspend:
        raise errors.wakeup_unsupported()
    ctx.machine.wakeup()


# -- What happens when a guest ends ---------------------------------------------------------------


@command("set-action")
def set_action(
    ctx: Context,
    reboot: str | None = None,
    shutdown: str | None = None,
    panic: str | None = None,
    watchdog: str | None = None,
) -> None:
    """Say what is to follow from a reset, a shutdown, a panic, or a watchdog."""
    given = {"reboot": reboot, "shutdown": shutdown, "panic": panic, "watchdog": watchdog}
    ctx.machine.actions.update({key: value for key, value in given.items() if value is not None})


@command("watchdog-set-action")
def watchdog_set_action(ctx: Context, action: str) -> None:
    """Say what is to follow when a watchdog bites."""
    ctx.machine.actions["watchdog"] = action
