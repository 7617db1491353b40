"""The file that a log goes to."""

from __future__ import annotations

import contextlib
import os

from qmp_iothreadd import errors


class LogFile:
    """A file that is complete after each write.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, path: str) -> None:
        self._file = open(path, "w", encoding="utf-8")  # noqa: SIM115 -- closed by close()

    def write(self, text: str) -> None:
        """Write whole lines."""
        self._file.write(text)
        self._file.flush()

    def close(self) -> None:
        """Give the descriptor back; what a full disk did not take is lost."""
        with contextlib.suppress(OSError):
            self._file.close()


def open_log_file(path: str) -> LogFile:
    """Make the file, or empty it; a ``%d`` in its name stands for the process id.

    Raises:
        QmpError: it cannot be written.
    """
    before, percent, after = path.partition("%")
    if percent:
        if not after.startswith("d") or "%" in after:
            raise errors.bad_log_file_template(path)
        path = f"{before}{os.getpid()}{after[1:]}"
    try:
        return LogFile(path)
    except OSError as error:
        raise errors.log_file_failed(path, error.strerror or str(error)) from None
