"""How long threads wait for each other's locks, which QEMU measures: no lock here is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qmp_iothreadd import errors
from qmp_iothreadd.hmp.commands import info  # noqa: F401 -- here are sub-commands of it
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.qmp.registry import Context

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

_HEADS: Final = "Type               Object  Call site  Wait Time (s)         Count  Average (us)"
_TABLE: Final = f"{_HEADS}\n{'-' * len(_HEADS)}\n{'-' * len(_HEADS)}\n"


class _SyncProfile:
    """Whether profiling was asked for."""

    def __init__(self, machine: Machine) -> None:
        self.enabled = False

    def close(self) -> None:
        """There is nothing to give back."""


@hmp_command(
    "sync-profile",
    "op:s?",
    params="[on|off|reset]",
    help="enable, disable or reset synchronization profiling. "
    "With no arguments, prints whether profiling is on or off.",
)
def sync_profile(ctx: Context, op: str | None) -> str:
    """Turn profiling on or off, or say which it is."""
    profile = ctx.machine.part(_SyncProfile)
    match op:
        case None:
            return f"sync-profile is {'on' if profile.enabled else 'off'}\n"
        case "on" | "off":
            profile.enabled = op == "on"
        case "reset":
            pass
        case _:
            raise errors.sync_profile_operation_unknown(op)
    return ""


@hmp_command(
    "info sync-profile",
    "mean:-m,no_coalesce:-n,max:i?",
    params="[-m] [-n] [max]",
    help="show synchronization profiling info, up to max entries (default: 10), sorted by total "
    "wait time. (-m: sort by mean wait time; -n: do not coalesce objects with the same call site)",
)
def sync_profile_table(ctx: Context, mean: bool, no_coalesce: bool, max: int | None) -> str:
    """No lock was waited for."""
    return _TABLE
