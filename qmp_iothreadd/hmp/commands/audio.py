"""Recording of sound: there is none, and 11.1 warns once that the lines will go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qmp_iothreadd.hmp.commands import info  # noqa: F401 -- here are sub-commands of it
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.qmp.registry import Context

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine


class _Warned:
    """The lines of which a machine's users were warned."""

    def __init__(self, machine: Machine) -> None:
        self.lines: set[str] = set()

    def close(self) -> None:
        """There is nothing to give back."""


def _warning(ctx: Context, line: str) -> str:
    """What is said when a line is used for the first time."""
    warned = ctx.machine.part(_Warned).lines
    if line in warned:
        return ""
    warned.add(line)
    return f"warning: '{line}' is deprecated since v10.2, to be removed\n"


@hmp_command("info capture", help="show capture information")
def capture(ctx: Context) -> str:
    """Nothing is recorded."""
    return _warning(ctx, "info capture")


@hmp_command(
    "wavcapture",
    "path:F,audiodev:s,freq:i?,bits:i?,nchannels:i?",
    params="path audiodev [frequency [bits [channels]]]",
    help="capture audio to a wave file (default frequency=44100 bits=16 channels=2)",
)
def wavcapture(ctx: Context, path: str, audiodev: str, **format: Any) -> str:
    """Refuse: there is no audio device."""
    return _warning(ctx, "wavcapture") + f"audiodev '{audiodev}' not found\n"


@hmp_command("stopcapture", "n:i", params="capture index", help="stop capture")
def stopcapture(ctx: Context, n: int) -> str:
    """Nothing is recorded."""
    return _warning(ctx, "stopcapture")
