"""The folder that a fleet's sockets are in."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from qmp_iothreadd import errors
from qmp_iothreadd.daemon.default_socket import check_free as check_free


@contextlib.contextmanager
def fleet_folder(folder: str) -> Iterator[None]:
    """Make the folder, for this user alone, unless it is there; leaving removes what was made.

    Raises:
        QmpError: it cannot be made, or is no folder.
    """
    made = False
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)
            made = True
        os.close(os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
    except OSError as error:
        raise errors.fleet_folder_failed(folder, error.strerror or str(error)) from None
    path = os.path.abspath(folder)  # a daemon leaves the folder that it was started in
    try:
        yield
    finally:
        if made:
            with contextlib.suppress(OSError):
                os.rmdir(path)
