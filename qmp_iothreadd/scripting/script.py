"""The script of a machine: its parts, and the sessions that play it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, cast

from qmp_iothreadd.scripting.faults import Faults
from qmp_iothreadd.scripting.history import History
from qmp_iothreadd.scripting.responses import Responses
from qmp_iothreadd.scripting.session import ScriptedSession

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qmp.session_script import ScriptableSession


class Script:
    """What was scripted, and what was said: ``responses``, ``faults`` and ``history``.

    ``control`` are the names of monitors that only script the others: nothing is scripted on those,
    and what is said there is in no history.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.control: set[str] = set()
        self.history = History()
        self.responses = Responses(machine)
        self.faults = Faults()
        self.sessions: list[ScriptedSession] = []
        self._clients = count(1)
        machine.script = self
        for session in cast("list[ScriptableSession]", machine.sessions):
            session.script = self.join(session)

    def join(self, session: ScriptableSession) -> ScriptedSession | None:
        """What plays the script on a session, None on a control monitor's."""
        if session.monitor.name in self.control:
            return None
        made = ScriptedSession(
            session,
            next(self._clients),
            responses=self.responses,
            faults=self.faults,
            history=self.history,
            closed=self.sessions.remove,
        )
        self.sessions.append(made)
        return made

    def left_over(self) -> list[str]:
        """What a test left open, in words: responses and faults not used, requests not answered."""
        found = [*self.responses.left_over(), *self.faults.left_over()]
        for session in self.sessions:
            found += session.left_over()
        return found

    def close(self) -> None:
        """Forget all: sessions go on by themselves."""
        for session in [*self.sessions]:
            session.session.script = None
            session.close()
        self.faults.close()
        self.machine.script = None
