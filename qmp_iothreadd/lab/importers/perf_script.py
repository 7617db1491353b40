"""What ``perf script`` prints: ``COMM TID [CPU] SECONDS.FRACTION: EVENT: ARGUMENTS``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qmp_iothreadd.lab.importers.reading import Choice, Lines, Steps
from qmp_iothreadd.lab.importers.timed import Event, add_intervals, nanoseconds

# The name of a thread may have spaces. With -F +pid it is PID/TID. Before the event may be a count.
LOOKS = (
    rb"^[ \t]*\S.*?[ \t](?:\d+/)?(?P<thread>\d{1,10})[ \t]+(?:\[\d+\][ \t]+)?"
    rb"(?P<seconds>\d{1,10})\.(?P<fraction>\d{6,9}):[ \t]+(?:\d+[ \t]+)?"
    rb"(?P<name>[\w:.\-/]*[\w])(?::|$)"
)
CHOICES = ("events", "thread")
WARNING = ""


def read(lines: Lines, choice: Choice, steps: Steps) -> None:
    """A step for each event but the first. Raises ValueError: fewer than two."""
    add_intervals(_events(lines), choice, steps)


def _events(lines: Lines) -> Iterator[Event]:
    matches = re.compile(LOOKS).match
    for line in lines:
        if found := matches(line[:1000]):
            time_ns = nanoseconds(found["seconds"], found["fraction"])
            yield Event(time_ns, int(found["thread"]), found["name"].decode())
        # The lines between are call chains.
