"""Faults: what goes wrong between a session and its client, on request.

>>> faults.add("drop", command="query-status", nth=2)
1

Order: a request is read, meets with the faults «before», runs, and its reply meets with those
«after», each by number. What is to leave otherwise than at once are steps (``steps``), which the
session keeps for who carries it.
"""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from qmp_iothreadd import errors
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.scripting.moments import AFTER, BEFORE, EVENT, REPLY, command_of, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qmp.session_script import Message, ScriptableSession
    from qmp_iothreadd.scripting.fault import Fault
    from qmp_iothreadd.scripting.steps import Step, Wire

FAULTS_MAX: Final = 10_000
"""So many faults are kept at most; those that are done are forgotten first."""

_NEGOTIATION: Final = "qmp_capabilities"


class Sent(NamedTuple):
    """What becomes of a message: what it is by now, and the ``steps`` that go out instead of it.

    ``steps`` is None where it is just sent. ``fault`` names the faults that met it.
    """

    message: Message
    steps: list[Step] | None = None
    fault: str | None = None


class Faults:
    """The faults of a machine, by number."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._faults: dict[int, Fault] = {}
        self._numbers = count(1)
        self._states: dict[ScriptableSession, _State] = {}

    # -- Who asks for faults -----------------------------------------------------------------------

    def add(self, kind: str, **words: Any) -> int:
        """Let something go wrong: ``words`` are those of ``x-fault-add``, ``-`` spelled ``_``.

        Returns: the fault's number.

        Raises:
            QmpError: the words are wrong, contradict each other, or there are too many faults.
        """
        named = {name.replace("_", "-"): value for name, value in words.items()}
        return self.add_words({"kind": kind, **named})

    def add_words(self, words: Mapping[str, Any]) -> int:
        """The same for words as they are in JSON."""
        from qmp_iothreadd.scripting.fault import Fault  # a server without faults has none
        from qmp_iothreadd.scripting.fault_words import checked

        made = Fault(0, checked(self._machine.models, words))
        self._make_room()
        made.id = next(self._numbers)
        self._faults[made.id] = made
        return made.id

    def remove(self, id: int) -> None:
        """Let a fault meet no more messages, and release what it holds.

        Raises:
            QmpError: there is no such fault.
        """
        found = self._find(id)
        del self._faults[id]
        found.release()

    def release(self, id: int | None = None) -> None:
        """Let go what one fault holds, or all of them.

        Raises:
            QmpError: there is no such fault.
        """
        for fault in list(self._faults.values()) if id is None else [self._find(id)]:
            fault.release()

    def query(self) -> list[dict[str, Any]]:
        """A FaultInfo of the schema for each fault, in the order in which they were added."""
        return [fault.describe() for fault in self._faults.values()]

    def left_over(self) -> list[str]:
        """The faults that met nothing or still hold something, in words."""
        found = [fault.left_over() for fault in self._faults.values()]
        return [words for words in found if words is not None]

    def clear(self) -> None:
        """Forget all faults, and release what they hold."""
        faults, self._faults = self._faults, {}
        for fault in faults.values():
            fault.release()

    def _find(self, id: int) -> Fault:
        found = self._faults.get(id)
        if found is None:
            raise errors.fault_not_found(id)
        return found

    def _make_room(self) -> None:
        if len(self._faults) < FAULTS_MAX:
            return
        done = [fault.id for fault in self._faults.values() if not fault.active]
        if not done:
            raise errors.too_many_faults(FAULTS_MAX)
        self.remove(done[0])

    # -- What sessions ask -------------------------------------------------------------------------

    def admits(self, session: ScriptableSession, request: object) -> bool:
        """Whether a request was read before, waited for a fault, and is to run now."""
        return self._state(session).waiting.pop(id(request), None) is not None

    def incoming(self, session: ScriptableSession, request: object) -> bool:
        """A request was read: meet it before it runs. Returns whether it is to run now.

        Raises:
            QmpError: what to answer instead of running it.
        """
        met = self._meeting(session, REPLY, BEFORE, command_of(request))
        if not met:
            return True
        from qmp_iothreadd.scripting.delivery import Delivery  # few are met

        state = self._state(session)
        run = partial(_run, session, request)
        delivery = Delivery(session, None, [run])
        state.met[id(request)] = delivery.met
        try:
            for fault in met:
                fault.act(delivery)
        except QmpError:
            session.put_steps(delivery.before)
            raise
        if run in (delivery.body or ()):
            state.waiting[id(request)] = request
            session.hold_back(request)
        else:
            del state.met[id(request)]
        session.put_steps(delivery.steps() or [])
        return False

    def outgoing(
        self, session: ScriptableSession, message: Message, request: object | None
    ) -> Sent:
        """A message is about to leave, the reply to ``request`` where that is not None."""
        state = self._state(session)
        before = state.met.pop(id(request), []) if state.met else []
        previous = state.previous_id
        on, name = _moment(message, request)
        if on == REPLY:
            state.previous_id = [message["id"]] if "id" in message else []
        met = self._meeting(session, on, AFTER, name)
        if not met:
            return Sent(message, None, ", ".join(before) or None)
        from qmp_iothreadd.scripting.delivery import Delivery  # few are met

        delivery = Delivery(session, message, None, previous)
        for fault in met:
            fault.act(delivery)
        assert delivery.message is not None
        return Sent(delivery.message, delivery.steps(), ", ".join(before + delivery.met))

    def closed(self, session: ScriptableSession) -> None:
        """A connection is gone."""
        self._states.pop(session, None)

    def _meeting(
        self, session: ScriptableSession, on: str, when: str, name: str | None
    ) -> list[Fault]:
        if not self._faults:
            return []
        exempt = on == REPLY and name == _NEGOTIATION
        monitor = session.monitor.name
        return [
            fault
            for fault in self._faults.values()
            if fault.meets(on, when, name, monitor, exempt=exempt)
        ]

    def _state(self, session: ScriptableSession) -> _State:
        found = self._states.get(session)
        if found is None:
            found = self._states[session] = _State()
        return found


class _State:
    """What faults know of a session.

    ``previous_id``: that of the last reply, in a list. ``waiting`` are requests that wait for a
    fault, and ``met`` what those met before they run, by their identity.
    """

    __slots__ = ("met", "previous_id", "waiting")

    def __init__(self) -> None:
        self.previous_id: list[Any] = []
        self.waiting: dict[int, object] = {}
        self.met: dict[int, list[str]] = {}


def _moment(message: Message, request: object | None) -> tuple[str, str | None]:
    """Which of FaultMessage a message is, and the command's or the event's name."""
    kind = kind_of(message)
    if kind == EVENT:
        return kind, message["event"]
    return kind, command_of(request)


def _run(session: ScriptableSession, request: object, wire: Wire) -> None:
    """A step: let the session run what was held back."""
    session.give_back(request)
    wire.run_session()
