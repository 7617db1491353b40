"""A number of ns per line: intervals as somebody made them."""

from __future__ import annotations

from qmp_iothreadd.iothread._engine import parse_intervals
from qmp_iothreadd.lab.importers.reading import BLOCK, Choice, Lines, Steps

LOOKS = rb"^[ \t]*\d+[ \t]*(#|$)"
CHOICES = ()
WARNING = ""


def read(lines: Lines, choice: Choice, steps: Steps) -> None:
    """Each number is a step, ``#`` begins a comment. Raises ValueError: there is something else."""
    for block in lines.blocks():
        try:
            intervals, _longest = parse_intervals(block, BLOCK)
        except ValueError as error:
            number = error.args[0]
            lines.number += number
            text = block.split(b"\n")[number - 1].strip().decode(errors="replace")
            raise ValueError(f"expected a number of ns up to 10^15, not {text[:40]!r}") from None
        steps.add_many(intervals)
        lines.number += block.count(b"\n")
