"""What was said on a server's monitors, as lines to read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qmp_iothreadd.scripting.history import Entry, History

# Of long transcripts the end is shown, and of long messages the beginning.
_ENTRIES = 200
_CHARACTERS = 500

_ARROWS = {"request": "→", "reply": "←", "event": "←", "greeting": "←"}


def transcript(history: History) -> str:
    """The history as lines: seconds since the first entry, the monitor where there are several, the
    way, the message, and the faults that met it.
    """
    entries = list(history)
    shown = entries[-_ENTRIES:]
    missing = history.dropped + len(entries) - len(shown)
    several = len({each.monitor for each in shown}) > 1
    lines = [_line(each, each.time - entries[0].time, several=several) for each in shown]
    return "\n".join([f"({missing} before)", *lines] if missing else lines)


def _line(entry: Entry, seconds: float, *, several: bool) -> str:
    text = json.dumps(entry.message, ensure_ascii=False) if entry.message is not None else "no JSON"
    if len(text) > _CHARACTERS:
        text = f"{text[:_CHARACTERS]}… ({len(text)} characters)"
    where = f" {entry.monitor}" if several else ""
    met = f"  [{entry.fault}]" if entry.fault else ""
    return f"{seconds:9.4f}{where} {_ARROWS[entry.kind]} {text}{met}"
