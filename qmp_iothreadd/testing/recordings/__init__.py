"""Recordings of what a monitor and its clients said to each other: made, served again, compared.

read_recording, write_recording  a file of JSON lines, one exchange a line (``format``)
read_log                         what a log, of libvirt's for one, tells
differences                      what one recording has otherwise than another, in words
differences_of_daemon            the same of the daemon's answers: a regression test in one line
redact                           a recording without passwords, keys and paths

``qmp-tap`` does these things on the command line, makes recordings, and serves them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd import late_names

if TYPE_CHECKING:
    from qmp_iothreadd.testing.recordings.asking import ask
    from qmp_iothreadd.testing.recordings.comparison import Difference, differences
    from qmp_iothreadd.testing.recordings.daemon import answers_of_daemon, differences_of_daemon
    from qmp_iothreadd.testing.recordings.format import (
        Entry,
        Recording,
        RecordingError,
        read_recording,
        write_recording,
    )
    from qmp_iothreadd.testing.recordings.logs import read_log
    from qmp_iothreadd.testing.recordings.masks import MASKS, Masking
    from qmp_iothreadd.testing.recordings.redaction import redact

__all__ = [
    "MASKS",
    "Difference",
    "Entry",
    "Masking",
    "Recording",
    "RecordingError",
    "answers_of_daemon",
    "ask",
    "differences",
    "differences_of_daemon",
    "read_log",
    "read_recording",
    "redact",
    "write_recording",
]

_MODULES = {
    "MASKS": "masks",
    "Difference": "comparison",
    "Entry": "format",
    "Masking": "masks",
    "Recording": "format",
    "RecordingError": "format",
    "answers_of_daemon": "daemon",
    "ask": "asking",
    "differences": "comparison",
    "differences_of_daemon": "daemon",
    "read_log": "logs",
    "read_recording": "format",
    "redact": "redaction",
    "write_recording": "format",
}

# A tap needs neither what compares nor what starts a daemon.
__getattr__ = late_names(__name__, _MODULES)
