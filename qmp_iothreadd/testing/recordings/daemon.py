"""The daemon's answers to what a recording's clients asked.

>>> differences_of_daemon("recordings/iothreads.jsonl", "-object", "iothread,id=io0")
[]
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qmp_iothreadd.testing.process import DaemonProcess
from qmp_iothreadd.testing.recordings.asking import ask
from qmp_iothreadd.testing.recordings.comparison import Difference, differences
from qmp_iothreadd.testing.recordings.format import Recording, read_recording
from qmp_iothreadd.testing.recordings.masks import Masking


def answers_of_daemon(
    recording: Recording, *args: str, progress: Callable[[int], object] = id
) -> Recording:
    """What a daemon, started with these arguments, answers to the recorded requests.

    Raises:
        RuntimeError: it does not start; with what it says.
    """
    with DaemonProcess(*args) as daemon:
        return ask(recording, lambda: daemon.connect().socket, progress)


def differences_of_daemon(
    recording: Recording | str | Path, *args: str, masking: Masking | None = None
) -> list[Difference]:
    """How the daemon answers otherwise than was recorded; of a file, too.

    ``args`` are the daemon's, which are to make the machine that was recorded.

    Raises:
        OSError, RecordingError: the file cannot be read, or is no recording.
        RuntimeError: the daemon does not start.
    """
    if not isinstance(recording, Recording):
        recording = read_recording(recording)
    return differences(recording, answers_of_daemon(recording, *args), masking)
