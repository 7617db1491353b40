"""The context that serves disks without an iothread: in QEMU the main loop does, here a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd import errors

if TYPE_CHECKING:
    from qmp_iothreadd.iothread._engine import AioContext


class MainContext:
    """The one such context of a machine: it does not poll, and is there once a disk needs it."""

    def __init__(self) -> None:
        self._context: AioContext | None = None

    def context(self) -> AioContext:
        """The context, whose thread runs.

        Raises:
            QmpError: there is no thread, or no descriptor, left for it.
        """
        if self._context is None:
            from qmp_iothreadd.iothread._engine import POLL_PARAMS, AioContext, PollParams

            params = PollParams._make([each.minimum for each in POLL_PARAMS])
            try:
                made = AioContext("main-loop", params)
                made.start()
            except OSError as error:
                raise errors.aio_context_failed(error.strerror or str(error)) from None
            self._context = made
        return self._context

    def close(self) -> None:
        """End the thread."""
        context, self._context = self._context, None
        if context is not None:
            context.close()
