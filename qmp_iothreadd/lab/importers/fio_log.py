"""A latency log of fio: ``MS, LATENCY, DIRECTION, SIZE[, OFFSET][, 0xPRIORITY][, ISSUED]``.

The latency is in ns. The time of issue, in ns, is there with ``log_issue_time=1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qmp_iothreadd.lab.importers.reading import Choice, Lines, Steps
from qmp_iothreadd.lab.importers.timed import Event, add_intervals

LOOKS = rb"^[ \t]*\d+, \d+, [0-3], \d+(?:, |[ \t]*$)"
CHOICES = ("events", "take")
WARNING = ""
TAKES = ("latency", "issue")
DIRECTIONS = (b"read", b"write", b"trim", b"sync")
_LINE = (
    rb"^\s*(?P<ms>\d+), (?P<latency>\d{1,18}), (?P<direction>[0-3]), \d+"
    rb"(?:, \d+){0,2}(?:, 0x[0-9a-fA-F]+(?:, (?P<issued>\d{1,18}))?)?\s*$"
)


def read(lines: Lines, choice: Choice, steps: Steps) -> None:
    """A step for each request (``latency``), or for each but the first (``issue``).

    Handlers are of directions.

    Raises:
        ValueError: a line is something else, or has no time of issue.
    """
    if choice.take == "issue":
        add_intervals(_issued(lines), choice, steps)
        return
    groups = choice.events
    steps.target.handlers = max(len(groups), 1)
    bits = {name: 1 << handler for handler, names in enumerate(groups) for name in names}
    for found in _found(lines):
        if word := bits.get(_direction(found), 0) if groups else 1:
            steps.add(int(found["latency"]), word)


def _issued(lines: Lines) -> Iterator[Event]:
    for found in _found(lines):
        if not found["issued"]:
            raise ValueError("without a time of issue: let fio run with log_issue_time=1")
        yield Event(int(found["issued"]), None, _direction(found))


def _direction(found: re.Match[bytes]) -> str:
    return DIRECTIONS[int(found["direction"])].decode()


def _found(lines: Lines) -> Iterator[re.Match[bytes]]:
    matches = re.compile(_LINE).match
    for line in lines:
        if found := matches(line):
            yield found
        elif line.strip():
            text = line[:40].decode(errors="replace")
            raise ValueError(f"expected a line of a latency log, not {text!r}")
