"""The log of x_aio_adjust, as a daemon writes it: iterations, with each handler's part in them."""

from __future__ import annotations

from qmp_iothreadd.iothread.trace_lines import ADJUST, parse_adjust
from qmp_iothreadd.lab.importers.nodes import Nodes
from qmp_iothreadd.lab.importers.reading import Choice, Lines, Steps

LOOKS = rb"\bx_aio_adjust "
CHOICES = ()
WARNING = (
    "a line of a log takes 2 to 3 µs of CPU time: what it shows is slower than what it does not"
    " (iothread-lab record writes a binary trace instead)"
)
_MARK = f"{ADJUST} ".encode()


def read(lines: Lines, choice: Choice, steps: Steps) -> None:
    """Each decision is a step. Raises ValueError: a line that was cut off, a second iothread."""
    nodes = Nodes(steps)
    context = None
    for line in lines:
        if _MARK not in line:
            continue  # of another event
        adjustment = parse_adjust(line.decode(errors="replace"))
        if context not in (None, adjustment.ctx):
            raise ValueError("a second iothread: a trace is of one, so let others not poll")
        context = adjustment.ctx
        word = nodes.word((handler.node, handler.event) for handler in adjustment.handlers)
        steps.add(adjustment.block_ns, word)
