"""What is done to the guest, and what the guest is told to do by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.balloon import find_balloon
from qmp_iothreadd.machine.guest import Guest
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.qmp.registry import Context, command


@command("query-balloon")
def query_balloon(ctx: Context) -> dict[str, int]:
    """How much memory the guest has.

    Raises:
        QmpError: there is no balloon.
    """
    return {"actual": find_balloon(ctx.machine).actual}


@command("balloon")
def balloon(ctx: Context, value: int) -> None:
    """Ask the guest to make do with ``value`` bytes.

    Raises:
        QmpError: there is no balloon, or it is no size.
    """
    find_balloon(ctx.machine).resize(value)


@command("inject-nmi")
def inject_nmi(ctx: Context) -> None:
    """Interrupt a CPU, which executes nothing.

    Raises:
        QmpError: there is none.
    """
    if ctx.machine.board.is_empty:
        raise errors.no_interrupt()


def _suspend(machine: Machine) -> None:
    if not machine.can_suspend:
        raise errors.guest_cannot_suspend()
    machine.suspend()


_ACTS: Final[dict[str, Callable[[Machine], None]]] = {
    "shutdown": lambda machine: machine.power_off("guest-shutdown"),
    "reboot": lambda machine: machine.reset("guest-reset"),
    "suspend": _suspend,
    "panic": lambda machine: machine.part(Guest).panic(),
    "hang": lambda machine: machine.part(Guest).watchdog(),
}


@command("x-guest-act")
def guest_act(ctx: Context, act: str) -> None:
    """Let the guest do by itself what nobody asks it for.

    Raises:
        QmpError: there is no guest, it does not run, or it cannot do that.
    """
    if ctx.machine.part(Guest).behaviour == "absent":
        raise errors.no_guest()
    if not ctx.machine.running:
        raise errors.guest_not_running()
    _ACTS[act](ctx.machine)
