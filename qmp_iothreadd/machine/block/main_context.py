"""The context that serves disks without an iothread: in QEMU the main loop does, here a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.iothread.event_loop import MainLoop

if TYPE_CHECKING:
    from qmp_iothreadd.iothread._engine import AioContext
    from qmp_iothreadd.machine.machine import Machine


class MainContext:
    """The one such context of a machine: it does not poll, and is there once a disk needs it.

    The machine's main-loop object, where there is one, says how many threads its pool has.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._context: AioContext | None = None
        self._main_loop: MainLoop | None = None

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
        if self._main_loop is None:
            self._find_main_loop(self._context)
        return self._context

    def _find_main_loop(self, context: AioContext) -> None:
        for each in self._machine.tree.objects.children_in_order():
            if isinstance(each, MainLoop):  # it stays
                self._main_loop = each
                each.serve(context)

    def close(self) -> None:
        """End the thread."""
        context, self._context = self._context, None
        if self._main_loop is not None:
            self._main_loop.serve(None)
        if context is not None:
            context.close()
