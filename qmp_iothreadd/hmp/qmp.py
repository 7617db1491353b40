"""QMP's commands, for those of the human monitor that say the same."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.qmp.registry import COMMANDS, Context


def qmp(ctx: Context, name: str, /, **arguments: Any) -> Any:
    """What a QMP command answers."""
    return COMMANDS[name](ctx, **arguments)
