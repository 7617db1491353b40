"""``-pidfile``: the process id in a file that stays locked as long as the daemon lives."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat

from qmp_iothreadd import errors


class PidFile:
    """A locked file with this process's id."""

    def __init__(self, path: str) -> None:
        """Create and lock the file.

        Raises:
            QmpError: it cannot be created, or another daemon holds it.
        """
        self._path = os.path.abspath(path)  # a daemon in the background leaves its folder
        try:
            self._fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                try:
                    fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as error:
                    raise errors.pid_file_locked(error.strerror or str(error)) from None
                self._write()
            except BaseException:
                os.close(self._fd)
                raise
        except OSError as error:
            raise errors.pid_file_failed(path, error.strerror or str(error)) from None

    def _write(self) -> None:
        try:
            os.ftruncate(self._fd, 0)
            os.write(self._fd, f"{os.getpid()}\n".encode())
        except OSError:
            # A file without the id is worse than none; a device is not ours to remove.
            if stat.S_ISREG(os.fstat(self._fd).st_mode):
                with contextlib.suppress(OSError):
                    os.unlink(self._path)
            raise

    def remove(self) -> None:
        """Remove the file, then release it."""
        with contextlib.suppress(OSError):
            os.unlink(self._path)
        os.close(self._fd)
