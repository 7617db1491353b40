"""QEMU's own log of trace events, with times: intervals between requests.

Lines are ``THREAD@SECONDS.MICROSECONDS:EVENT ARGUMENTS``, or begin with a time of ISO 8601.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from qmp_iothreadd.lab.importers.reading import Choice, Lines, Steps
from qmp_iothreadd.lab.importers.timed import Event, add_intervals, nanoseconds

LOOKS = (
    rb"^(?:(?P<thread>\d{1,10})@(?P<seconds>\d{1,10})\.(?P<micros>\d{6}):"
    rb"|(?P<date>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?Z )"
    rb"(?P<name>[a-z]\w*)(?: |$)"
)
CHOICES = ("events", "thread")
WARNING = (
    "a line of QEMU's log takes 2 to 3 µs of the thread that writes it, and says the time to the"
    " microsecond: of intervals below some 20 µs it shows itself (iothread-lab record --pid)"
)
REQUESTS = (
    *("virtio_blk_handle_read", "virtio_blk_handle_write", "virtio_scsi_cmd_req"),
    *("pci_nvme_io_cmd", "nvme_submit_command"),
)


def read(lines: Lines, choice: Choice, steps: Steps) -> None:
    """A step for each request but the first. Raises ValueError: fewer than two."""
    add_intervals(_events(lines), choice, steps, REQUESTS)


def _events(lines: Lines) -> Iterator[Event]:
    matches = re.compile(LOOKS).match
    for line in lines:
        if not (found := matches(line)):
            continue  # QEMU says other things there, too
        name = found["name"].decode()
        if found["thread"]:
            time_ns = nanoseconds(found["seconds"], found["micros"])
            yield Event(time_ns, int(found["thread"]), name)
        else:
            date = datetime.fromisoformat(found["date"].decode()).replace(tzinfo=UTC)
            seconds = str(int(date.timestamp())).encode()
            yield Event(nanoseconds(seconds, found["fraction"] or b""), None, name)
