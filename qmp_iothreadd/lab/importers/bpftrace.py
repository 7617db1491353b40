"""What a script of bpftrace prints that has ``printf("%llu %d %s\\n", nsecs, tid, probe)``.

The thread and the name may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qmp_iothreadd.lab.importers.reading import Choice, Lines, Steps
from qmp_iothreadd.lab.importers.timed import Event, add_intervals

LOOKS = rb"^Attach(?:ing|ed) \d+ probe|^\d{1,19} \d{1,10} [a-z]\w*:"
CHOICES = ("events", "thread")
WARNING = ""
_LINE = rb"^\s*(\d{1,19})(?:\s+(\d{1,10}))?(?:\s+([a-zA-Z_]\S*))?\s*$"


def read(lines: Lines, choice: Choice, steps: Steps) -> None:
    """A step for each event but the first. Raises ValueError: fewer than two."""
    add_intervals(_events(lines), choice, steps)


def _events(lines: Lines) -> Iterator[Event]:
    matches = re.compile(_LINE).match
    for line in lines:
        if line.startswith(b"Lost "):
            raise ValueError(
                f"bpftrace says {line.decode(errors='replace')!r}: record anew, with"
                " BPFTRACE_PERF_RB_PAGES=1024"
            )
        if found := matches(line):
            thread = int(found[2]) if found[2] else None
            yield Event(int(found[1]), thread, (found[3] or b"").decode(errors="replace"))
