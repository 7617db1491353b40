"""What is done for a machine's iothreads together: once in a turn of the server, not per request.

Who serves clients opens a turn, runs requests, and settles before their replies leave. Until then
an iothread's parameters are only marked, a thread that was started need not have run yet, and one
that was deleted need not have ended. Without a turn, all is done at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from qmp_iothreadd.iothread._engine import AioContext, PollParams
    from qmp_iothreadd.iothread.trace_log import TraceLog
    from qmp_iothreadd.json.encoded_once import EncodedText

ENDING_AT_ONCE: Final = 64
"""So many threads are ended together; the turn does not wait with more."""


class Changeable(Protocol):
    """What has parameters for its thread: an iothread."""

    def take_over(self) -> None:
        """Give them to the thread now."""

    def change_to_take_over(self) -> tuple[AioContext, PollParams, str] | None:
        """What is to be done for that; it is done by the caller. None: nothing."""


class Together:
    """What is put off until the turn ends.

    ``in_turn``: whether something may be put off; ``pending``: whether something was.
    ``described``: what was told of all iothreads, and holds until one of them changes; then None.
    """

    __slots__ = ("_changed", "_ending", "_started", "described", "in_turn", "pending")

    def __init__(self) -> None:
        self.described: EncodedText | None = None
        self.in_turn = False
        self.pending = False
        self._changed: list[Changeable] = []
        self._started: list[AioContext] = []
        self._ending: list[tuple[AioContext, TraceLog | None]] = []

    def end_turn(self) -> None:
        """Do what was put off, and put off no more."""
        self.in_turn = False
        if self.pending:
            self.settle()

    def change(self, iothread: Changeable) -> None:
        """Let the thread take over its parameters, which were marked; once, however often."""
        if self.in_turn:
            self.pending = True
            self._changed.append(iothread)
        else:
            iothread.take_over()

    def start(self, name: str, params: PollParams, policy: str) -> tuple[AioContext, int]:
        """Make a context and start its thread. Returns: it, and the thread's id.

        Raises:
            OSError: there is no descriptor, or no thread, to be had.
        """
        try:
            return self._start(name, params, policy)
        except OSError:
            if not self._ending:
                raise
        self.settle()  # there may be room once what was deleted before has ended
        return self._start(name, params, policy)

    def _start(self, name: str, params: PollParams, policy: str) -> tuple[AioContext, int]:
        from qmp_iothreadd.iothread._engine import AioContext  # loaded with the first iothread

        context = AioContext(name, params, policy=policy)
        thread_id = context.start(wait=not self.in_turn)
        if self.in_turn:
            self.pending = True
            self._started.append(context)
        return context, thread_id

    def end(self, context: AioContext, traces: TraceLog | None) -> None:
        """Stop and join a thread, write the last of what it traced, and free its context."""
        self.pending = True
        self._ending.append((context, traces))
        if not self.in_turn or len(self._ending) >= ENDING_AT_ONCE:
            self.settle()

    def settle(self) -> None:
        """Do what was put off. Clients may hear of it afterwards."""
        from qmp_iothreadd.iothread import _engine  # loaded with the first iothread

        self.pending = False
        changed, self._changed = self._changed, []
        started, self._started = self._started, []
        ending, self._ending = self._ending, []
        if changed:
            changes = [each.change_to_take_over() for each in changed]
            _engine.apply_poll_params([each for each in changes if each is not None])
        if started:
            _engine.await_started(started)
        if ending:
            _engine.stop_all([context for context, _ in ending])
            for context, traces in ending:
                if traces is not None:
                    traces.detach(context)
                context.close()
