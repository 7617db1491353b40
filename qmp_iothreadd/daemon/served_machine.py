"""A machine that is served: made of a configuration, with a dispatcher and monitors of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.daemon.machine_steps import make_backends, make_frontends, make_machine
from qmp_iothreadd.daemon.monitors import Monitors
from qmp_iothreadd.qmp.dispatch import Dispatcher
from qmp_iothreadd.qmp.registry import COMMANDS

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable

    from qmp_iothreadd.daemon.config import Config
    from qmp_iothreadd.iothread.trace_log import TraceLog
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.server.rounds import Rounds


class ServedMachine:
    """What one configuration asks for. ``ended`` is called when the machine is told to end.

    ``traces`` and ``rounds``: the process's, where it has several machines.

    Raises:
        QAPIError: the schema is wrong.
        FunctionError: a command of a schema that is not the package's asks for other arguments.
    """

    def __init__(
        self,
        config: Config,
        ended: Callable[[], None],
        traces: TraceLog | None = None,
        rounds: Rounds | None = None,
    ) -> None:
        self.config = config
        self.machine = make_machine(config, traces)
        dispatcher = Dispatcher(self.machine, stub_missing=config.stub_missing)
        if config.schema.path is not None or config.schema.defines:
            dispatcher.bind(COMMANDS)  # the functions were written for the package's schema
        self._monitors = Monitors(dispatcher, multi_client=config.multi_client, rounds=rounds)
        self._ended = ended
        self.machine.on_shutdown = self._end

    @property
    def traces(self) -> TraceLog:
        """Where its iothreads' trace events go."""
        return self.machine.traces

    @property
    def exit_status(self) -> int:
        """What the process is to end with."""
        return self.machine.exit_status

    @property
    def measured(self) -> Machine:
        """What there are metrics of."""
        return self.machine

    def machines(self) -> list[Machine]:
        """The machine."""
        return [self.machine]

    def enter(self, stack: contextlib.AsyncExitStack) -> None:
        """Let ``stack`` finalize the machine."""
        stack.callback(self.machine.close)

    async def make_backends(self, stack: contextlib.AsyncExitStack) -> None:
        """What there is before signals are read; leaving ``stack`` gives it back.

        Raises:
            QmpError, LocatedError: something cannot be had.
        """
        await make_backends(self.config, self.machine, stack)

    async def make_frontends(self, stack: contextlib.AsyncExitStack) -> None:
        """What there is afterwards: who connects is served.

        Raises:
            QmpError, LocatedError: something cannot be had.
        """
        stack.callback(self._monitors.close)
        await make_frontends(self.config, self.machine)

    def shutdown(self, reason: str) -> None:
        """End, and say why; ``reason`` is a ShutdownCause."""
        self.machine.shutdown(reason)

    def _end(self) -> None:
        self._monitors.stop()
        self._ended()
