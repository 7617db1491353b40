"""Commands that a migration goes to or comes from."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Sequence

from qmp_iothreadd import errors


async def run_command(arguments: Sequence[str], **streams: int) -> asyncio.subprocess.Process:
    """Start a command; ``streams`` are those of asyncio's ``create_subprocess_exec``.

    Raises:
        QmpError: there is no such command, or it cannot be run.
    """
    program, *rest = arguments or ("",)
    if not program:  # the event loop would take it for its folder
        raise errors.migration_command_failed(program, os.strerror(errno.ENOENT))
    try:
        return await asyncio.create_subprocess_exec(program, *rest, **streams)  # type: ignore[arg-type]
    except OSError as error:
        reason = error.strerror or str(error)
    except ValueError:  # a zero byte among the arguments
        reason = os.strerror(errno.EINVAL)
    raise errors.migration_command_failed(program, reason)
