"""Faults that clients ask for: what goes wrong between the server and others, or themselves."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.qmp.registry import Context, command
from qmp_iothreadd.scripting.script import Script


@command("x-fault-add")
def add_fault(ctx: Context, arg: dict[str, Any]) -> dict[str, int]:
    """Let something go wrong.

    Raises:
        QmpError: the words contradict each other, or are out of bounds.
    """
    return {"id": ctx.machine.part(Script).faults.add_words(arg)}


@command("x-fault-remove")
def remove_fault(ctx: Context, id: int) -> None:
    """Let a fault meet no more messages, and release what it holds.

    Raises:
        QmpError: there is no such fault.
    """
    ctx.machine.part(Script).faults.remove(id)


@command("x-fault-release")
def release_fault(ctx: Context, id: int | None) -> None:
    """Let go what a fault holds, or all of them.

    Raises:
        QmpError: there is no such fault.
    """
    ctx.machine.part(Script).faults.release(id)


@command("x-query-faults")
def query_faults(ctx: Context) -> list[dict[str, Any]]:
    """Which faults there are, and what they did."""
    return ctx.machine.part(Script).faults.query()
