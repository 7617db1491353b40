"""Scripts, for clients that are not written in Python: responses, events, and what was said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd.json import writer
from qmp_iothreadd.json.encoded_once import EncodedText
from qmp_iothreadd.qmp.registry import Context, command
from qmp_iothreadd.scripting.history import Entry
from qmp_iothreadd.scripting.response_file import given
from qmp_iothreadd.scripting.script import Script

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

_NAME: Final = "x-query-history"

# So many entries are looked at in one turn of the loop: others are served between them.
_AT_ONCE = 100


@command("x-respond")
def respond(ctx: Context, **arguments: Any) -> None:
    """Let a command answer something else than it does by itself."""
    ctx.machine.part(Script).responses.respond(**given(arguments))


@command("x-emit")
def emit(ctx: Context, **arguments: Any) -> None:
    """Send an event under any name."""
    ctx.machine.part(Script).emit(**given(arguments))


@command(_NAME)
def query_history(
    ctx: Context,
    command: str | None = None,
    kind: str | None = None,
    monitor: str | None = None,
    since: int | None = None,
) -> list[dict[str, Any]] | Coroutine[Any, Any, EncodedText]:
    """What was said on the monitors."""

    def is_asked_for(entry: Entry) -> bool:
        return (
            entry.number >= (since or 0)
            and kind in (None, entry.kind)
            and monitor in (None, entry.monitor)
            and (command is None or entry.command == command)  # last: it parses the request
        )

    history = ctx.machine.part(Script).history
    if len(history) <= _AT_ONCE:
        return [_info(entry) for entry in history if is_asked_for(entry)]
    return _in_turns(ctx.machine, tuple(history), is_asked_for)


async def _in_turns(
    machine: Machine, entries: tuple[Entry, ...], is_asked_for: Callable[[Entry], bool]
) -> EncodedText:
    """What is asked for of many entries. It becomes text as it is found, and so is looked at: a
    hundred thousand together would hold the loop for a second.
    """
    outgoing = machine.outgoing.reply(machine.schema.commands[_NAME])
    pieces = []
    for start in range(0, len(entries), _AT_ONCE):
        infos: Any = [
            _info(entry) for entry in entries[start : start + _AT_ONCE] if is_asked_for(entry)
        ]
        if infos:
            encoded = writer.dumps(infos if outgoing is None else outgoing(infos))
            pieces.append(encoded[1:-1].decode("ascii"))
        await asyncio.sleep(0)
    text = f"[{', '.join(pieces)}]"
    return EncodedText(text, lambda: json.loads(text))


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
