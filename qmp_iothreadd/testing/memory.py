"""A client without a socket: a session in memory, which is as fast as tests can be.

client = MemoryClient()
client.negotiate()
client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
client.close()
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.chardevs import ChardevSocket, MonitorQMP
from qmp_iothreadd.commands import COMMANDS
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine import Machine
from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.qapi.cache import load_schema_cached
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qmp.dispatch import Dispatcher
from qmp_iothreadd.qmp.session import IDLE, Session

if TYPE_CHECKING:
    from qmp_iothreadd.commands.registry import CommandFunction

Message = dict[str, Any]

_models: dict[str | None, Models] = {}


def make_machine(schema_path: str | None = None, **options: Any) -> Machine:
    """A machine on the daemon's schema or another one; ``options`` are Machine's.

    A schema is loaded once. ``close`` the machine when done: it may have threads.
    """
    models = _models.get(schema_path)
    if models is None:
        schema = load_schema(schema_path) if schema_path else load_schema_cached()
        models = _models[schema_path] = Models(schema)
    return Machine(models.schema, models, **options)


def add_monitor(machine: Machine, name: str, path: str) -> tuple[ChardevSocket, MonitorQMP]:
    """Put the objects of a QMP monitor on a Unix socket into the tree."""
    chardev = ChardevSocket(machine.types.add(ChardevSocket))
    chardev.address = {"type": "unix", "path": path}
    chardev.server = True
    machine.tree.chardevs.add_child(name, chardev)
    monitor = MonitorQMP(machine.types.add(MonitorQMP))
    monitor.chardev = name
    machine.tree.objects.add_child(name, monitor)
    return chardev, monitor


class MemoryClient:
    """A session with the monitor ``compat_monitor0``, and the client on its other side.

    ``machine`` is made, and closed in the end, where none is given. ``functions`` are commands by
    name, which join the daemon's; they need to be in the machine's schema.
    """

    def __init__(
        self,
        machine: Machine | None = None,
        *,
        functions: Mapping[str, CommandFunction] | None = None,
        pretty: bool = False,
    ) -> None:
        self.machine = machine or make_machine()
        self._owned = machine is None
        self._objects = add_monitor(self.machine, "compat_monitor0", "in memory")
        self.dispatcher = Dispatcher(self.machine, functions={**COMMANDS, **(functions or {})})
        self.session = Session(self.dispatcher, "compat_monitor0", pretty=pretty)

    def __enter__(self) -> MemoryClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up, and close the machine if it is this client's."""
        self.session.close()
        for made in self._objects:
            made.unparent()
        if self._owned:
            self.machine.close()

    def feed(self, data: bytes) -> bytes:
        """Give the session bytes and take all that it answers; after ``quit`` nothing is run."""
        self.session.receive_data(data)
        while not self.machine.shutting_down and (outcome := self.session.step()) is not IDLE:
            if outcome is not None:
                raise NotImplementedError("commands that take their time need an event loop")
        return self.session.data_to_send()

    def send(self, request: bytes | str | Message) -> list[Message]:
        """Send bytes as they are, or a message as JSON. Returns the messages that come back."""
        if isinstance(request, dict):
            request = json.dumps(request)
        answer = self.feed(request.encode() if isinstance(request, str) else request)
        return [json.loads(line) for line in answer.split(b"\r\n") if line]

    def negotiate(self, *capabilities: str) -> Message:
        """Take the greeting and end negotiation. Returns the greeting."""
        (greeting,) = self.send(b"")
        self.execute("qmp_capabilities", {"enable": [*capabilities]} if capabilities else None)
        return greeting

    def request(self, command: str, arguments: Message | None = None, **members: Any) -> Message:
        """Run a command and return its reply, without the events before it."""
        request: Message = {"execute": command, **members}
        if arguments is not None:
            request["arguments"] = arguments
        return self.send(request)[-1]

    def execute(self, command: str, arguments: Message | None = None) -> Any:
        """Run a command and return its value.

        Raises:
            QmpError: the command failed; class and text are those of the reply.
        """
        reply = self.request(command, arguments)
        if "error" in reply:
            raise QmpError(reply["error"]["desc"], reply["error"]["class"])
        return reply["return"]
