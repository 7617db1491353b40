"""What to say of an error that nobody raised on purpose: it is the system's, or a fault of ours."""

from __future__ import annotations

import errno
import os
import sys
from typing import Final

from qmp_iothreadd.errors.system import internal_error, name_has_nul, used_up
from qmp_iothreadd.errors.tree import QmpError

_USED_UP: Final = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC)


def of_system(error: BaseException) -> QmpError | None:
    """What the system refused where nobody expected it to; None: it is a fault of ours."""
    if isinstance(error, MemoryError):
        return used_up(errno.ENOMEM)
    if isinstance(error, OSError) and error.errno in _USED_UP:
        return used_up(error.errno)
    if isinstance(error, ImportError) and os.strerror(errno.EMFILE) in str(error):
        return used_up(errno.EMFILE)  # a library that could not be opened
    if isinstance(error, ValueError) and "embedded null " in str(error):
        return name_has_nul()  # Python 3.13 puts the function's name before it
    return None


def of_command(error: Exception) -> QmpError:
    """What to answer where a command failed; of a fault standard error has the reason."""
    found = of_system(error)
    if found is None:
        sys.excepthook(type(error), error, error.__traceback__)
        found = internal_error(type(error).__name__)
    return found
