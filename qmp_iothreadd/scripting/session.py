"""One session of a scripted machine: what is written down of it, and what is done otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.json import writer
from qmp_iothreadd.scripting.control import names_control
from qmp_iothreadd.scripting.moments import command_of, kind_of

if TYPE_CHECKING:
    from qmp_iothreadd.qmp.dispatch import BoundCommand
    from qmp_iothreadd.qmp.session_script import Message, ScriptableSession
    from qmp_iothreadd.scripting.faults import Faults
    from qmp_iothreadd.scripting.history import History
    from qmp_iothreadd.scripting.responses import Responses


class ScriptedSession:
    """The hooks of a session (``qmp.session_script``). ``client`` is its number, from 1 on."""

    def __init__(
        self,
        session: ScriptableSession,
        client: int,
        *,
        responses: Responses,
        faults: Faults,
        history: History,
        closed: Callable[[ScriptedSession], None],
        hides_control: bool,
    ) -> None:
        self.session = session
        self.client = client
        self._responses = responses
        self._faults = faults
        self._history = history
        self._closed = closed
        self._hides_control = hides_control
        # What was read and is not answered yet, by identity: requests may be equal.
        self._unanswered: dict[int, object] = {}
        self._running: object = None

    def incoming(self, request: object) -> bool:
        """Write a request down; whether no fault takes it, or one gives it back.

        What controls scripts is none of their business.
        """
        if self._controls(request):
            return True
        self._unanswered[id(request)] = self._running = request
        if self._faults.admits(self.session, request):
            return True
        is_error = isinstance(request, Exception)
        self._note("request", None if is_error else writer.message(request))
        goes_on = self._faults.incoming(self.session, request)
        if not goes_on:
            self.answered(request)
        return goes_on

    def find(self, name: str) -> BoundCommand:
        """What is scripted for a command, or else the command itself."""
        if self._hides_control and names_control(self.session.machine.schema, name):
            raise errors.command_not_found(name)
        found = self._responses.find(name, self.session.dispatcher)
        if not found.success_response:
            self.answered(self._running)  # by silence, unless it fails
        return found

    def outgoing(self, message: Message, request: object | None) -> bytes | None:
        """Give a message to the faults, and write down what they leave of it."""
        if request is not None and not self._was_noted(request):
            return self.session.monitor.encode(message)
        self.answered(request)
        sent = self._faults.outgoing(self.session, message, request)
        data = self.session.monitor.encode(sent.message)
        self._note(kind_of(message), data, sent.fault)
        if sent.steps is None:
            return data
        self.session.put_steps(sent.steps)
        return None

    def answered(self, request: object) -> None:
        """Nobody waits for the reply to a request any more."""
        self._unanswered.pop(id(request), None)

    def left_over(self) -> list[str]:
        """The requests that are not answered, in words."""
        where = f"client {self.client} of {self.session.monitor.name}"
        names = [command_of(each) for each in self._unanswered.values()]
        return [
            f"no reply to {repr(name) if name else 'a request that names no command'} ({where})"
            for name in names
        ]

    def close(self) -> None:
        """The connection is gone."""
        self._closed(self)
        self._faults.closed(self.session)

    def _controls(self, request: object) -> bool:
        """Whether a request is for the script itself: no other monitor is there for that."""
        name = command_of(request)
        return not self._hides_control and names_control(self.session.machine.schema, name)

    def _was_noted(self, request: object) -> bool:
        return request is self._running or id(request) in self._unanswered

    def _note(self, kind: str, data: bytes | None, fault: str | None = None) -> None:
        self._history.add(kind, data, self.session.monitor.name, self.client, fault)
