"""The script of a machine: its parts, and the sessions that play it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from qmp_iothreadd import errors
from qmp_iothreadd.scripting.control import introspect_without_control, names_control
from qmp_iothreadd.scripting.faults import Faults
from qmp_iothreadd.scripting.history import History
from qmp_iothreadd.scripting.responses import Responses
from qmp_iothreadd.scripting.session import ScriptedSession
from qmp_iothreadd.scripting.values import as_json, check_fits, check_name

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qmp.session_script import ScriptableSession
    from qmp_iothreadd.scripting.transcript import TranscriptFile


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
        self.faults = Faults(machine)
        self.sessions: list[ScriptedSession] = []
        self.transcript: TranscriptFile | None = None
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
            hides_control=bool(self.control),
        )
        self.sessions.append(made)
        return made

    def emit(
        self,
        event: str,
        data: Mapping[str, Any] | None = None,
        *,
        strict: bool = False,
        check: bool = True,
    ) -> None:
        """Send an event to every monitor that is past negotiation, under any name.

        ``check``: where the schema has the event, its data is held against it. ``strict`` refuses
        a name that the schema lacks.

        Raises:
            QmpError: it is refused, or the data is no object of JSON's.
        """
        schema = self.machine.schema
        check_name("event", event, schema.events, strict=strict)
        data = as_json("event", event, data)
        if not isinstance(data, dict | None):
            raise errors.event_data_malformed(event)
        described = schema.events.get(event)
        if described is not None and check:
            check_fits(self.machine, "event", event, described.arg_type, data)
        self.machine.send_event(event, data)

    def names(self, known: list[str], monitor: str) -> list[str]:
        """The commands that a monitor's clients can call, of ``known`` and those scripted."""
        if self.hides_control(monitor):
            known = [name for name in known if not names_control(self.machine.schema, name)]
        return [*known, *(name for name in self.responses.names() if name not in known)]

    def hides_control(self, monitor: str) -> bool:
        """Whether a monitor lacks what controls scripts, as another is there for that."""
        return bool(self.control) and monitor not in self.control

    def introspection(self) -> list[dict[str, Any]]:
        """What query-qmp-schema returns where ``hides_control``."""
        return introspect_without_control(self.machine.schema)

    def reset(self) -> None:
        """Forget responses, faults and the history; sessions go on."""
        self.responses.clear()
        self.faults.clear()
        self.history.clear()

    def left_over(self) -> list[str]:
        """What a test left open, in words: responses and faults not used, requests not answered."""
        found = [*self.responses.left_over(), *self.faults.left_over()]
        for session in self.sessions:
            found += session.left_over()
        return found

    def write_transcript(self, path: str) -> None:
        """Write down in a file what is said from now on.

        Raises:
            QmpError: it cannot be written.
        """
        from qmp_iothreadd.scripting.transcript import TranscriptFile  # few want one

        try:
            self.transcript = TranscriptFile(path, self.history)
        except OSError as error:
            raise errors.cannot_open(path, error.strerror or str(error)) from None

    def close(self) -> None:
        """Forget all: sessions go on by themselves."""
        if self.transcript is not None:
            self.transcript.close()
            self.transcript = None
        for session in [*self.sessions]:
            session.session.script = None
            session.close()
        self.faults.clear()
        self.machine.script = None
