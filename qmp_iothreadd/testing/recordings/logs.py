"""A recording of what a log tells: libvirt's, or one in which arrows stand before messages.

libvirt writes, with its log filter ``1:qemu_monitor``, one of these and a message of JSON::

    2026-11-28 12:00:00.123+0000: 42: info : …: QEMU_MONITOR_SEND_MSG: mon=0x7f… msg={…}
    … QEMU_MONITOR_RECV_REPLY: mon=0x7f… reply={…}
    … QEMU_MONITOR_RECV_EVENT: mon=0x7f… event={…}

Elsewhere a line begins with ``->``, ``-->`` or ``>`` before a request, and with ``<-``, ``<--``,
``<`` or ``E`` before what came back; a message may go on over more lines.
"""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Final

from qmp_iothreadd.bounded_file import read_bounded
from qmp_iothreadd.testing.recordings.format import Recording, RecordingError
from qmp_iothreadd.testing.recordings.messages import Message, is_json
from qmp_iothreadd.testing.recordings.recorder import ConnectionRecorder

SIZE_MAX: Final = 256 << 20
"""No log that is read is larger, in bytes."""

_MARK: Final = re.compile(
    r"QEMU_MONITOR_(?:(?P<sent>SEND_MSG)|RECV_REPLY|RECV_EVENT): mon=(?P<monitor>\S+) \w+=(?={)"
    r"|^[ \t]*(?:(?P<asked>-{0,2}>)|<-{0,2}|E)[ \t]*(?={)",
    re.MULTILINE,
)
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+)\+0000")
_UNTIMED_S: Final = 0.001  # between two messages whose times nobody knows


def read_log(path: str | Path) -> tuple[Recording, int]:
    """What a log tells, and how many of its messages are not legible, such as those cut off.

    Raises:
        OSError: it cannot be read, or is larger than SIZE_MAX.
        RecordingError: there is no message in it.
    """
    data = read_bounded(str(path), SIZE_MAX, regular=False)
    made, illegible = parse_log(data.decode(errors="replace"))
    if not made.entries:
        raise RecordingError(
            f"{path}: there is no message in it; of libvirt's logs those have some that were "
            "written with log_filters=1:qemu_monitor"
        )
    made.of = str(path)
    return made, illegible


def parse_log(text: str) -> tuple[Recording, int]:
    """The same of a log's text; the recording may be empty."""
    made = Recording()
    connections: dict[str, ConnectionRecorder] = {}
    clock = _Clock(text)
    decode = json.JSONDecoder().raw_decode
    illegible = 0
    for mark in _MARK.finditer(text):
        try:
            value, _ = decode(text, mark.end())
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict) or not is_json(value):
            illegible += 1
            continue
        name = mark["monitor"] or ""
        if name not in connections:
            connections[name] = ConnectionRecorder(len(connections) + 1, made.entries.append)
        connection = connections[name]
        note = connection.request if mark["sent"] or mark["asked"] else connection.answer
        note(Message(value), clock.at(mark.start()))
    for connection in connections.values():
        connection.closed("tap", clock.latest)
    return made, illegible


class _Clock:
    """When what stands at a place of a log happened, in seconds since the first.

    Places are asked for in their order.
    """

    def __init__(self, text: str) -> None:
        self.latest = 0.0
        self._text = text
        self._line = 0  # where the line of the last place begins
        self._place = 0
        self._first: datetime.datetime | None = None

    def at(self, place: int) -> float:
        """Seconds; if the line does not say, a moment later than the last."""
        self._line = self._text.rfind("\n", self._place, place) + 1 or self._line
        self._place = place
        found = _TIME.match(self._text, self._line)
        if found is None:
            self.latest += _UNTIMED_S
            return self.latest
        when = datetime.datetime.fromisoformat(found[1])
        self._first = self._first or when
        self.latest = max(self.latest, (when - self._first).total_seconds())
        return self.latest
