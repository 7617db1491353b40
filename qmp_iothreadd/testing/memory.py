"""A client without a socket: a session in memory, which is as fast as tests can be.

>>> with MemoryClient() as client:
...     greeting = client.negotiate()
...     client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
...     client.execute("qom-get", {"path": "/objects/io0", "property": "poll-weight"})
{}
3
"""

from __future__ import annotations

import json
from collections import ChainMap
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from qmp_iothreadd import commands, hmp  # noqa: F401 -- they register their functions
from qmp_iothreadd.machine.background_work import BackgroundWork
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.machine.monitors import MonitorQMP
from qmp_iothreadd.machine.version import greeting_of, read_known_version
from qmp_iothreadd.qapi import load_schema
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.shipped import served_schema
from qmp_iothreadd.qmp.dispatch import Dispatcher
from qmp_iothreadd.qmp.registry import COMMANDS
from qmp_iothreadd.qmp.session import Session
from qmp_iothreadd.qmp.session_protocol import IDLE
from qmp_iothreadd.testing.requests import Message, Requests

if TYPE_CHECKING:
    from qmp_iothreadd.qmp.registry import CommandFunction
    from qmp_iothreadd.testing.memory_wire import MemoryWire

_models: dict[tuple[str | None, tuple[int, int] | None], Models] = {}


def make_machine(
    schema_path: str | None = None, *, qemu: str | Sequence[int] | None = None, **options: Any
) -> Machine:
    """A machine on the daemon's schema or another one; ``options`` are Machine's.

    With ``qemu``, a version such as "8.2", it says that it is that version, and has neither
    commands, events, members, values nor objects that came later.

    What it returns and emits is checked against the schema, unless ``check_replies`` is False. A
    schema is loaded once. The board is ready, whatever machine it is. ``close`` the machine when
    done: it may have threads.
    """
    if qemu is not None:
        version = read_known_version(qemu)
        options = greeting_of(version) | options
        models = _find_models(schema_path, version[:2])
    else:
        models = _find_models(schema_path, None)
    machine = Machine(models.schema, models, **{"check_replies": True, **options})
    if not machine.board.is_empty:
        from qmp_iothreadd.machine.boards.board import Board  # most tests need none

        machine.part(Board).init()
    return machine


def _find_models(schema_path: str | None, version: tuple[int, int] | None) -> Models:
    models = _models.get((schema_path, version))
    if models is None:
        load = load_schema if schema_path else served_schema
        models = _models[schema_path, version] = Models(load(schema_path, version=version))
    return models


def make_dispatcher(
    machine: Machine, functions: Mapping[str, CommandFunction] | None = None
) -> Dispatcher:
    """The daemon's commands, and these ``functions`` by name.

    Raises:
        FunctionError: one of ``functions`` does not fit its command.
    """
    own = dict(functions or {})
    made = Dispatcher(machine, functions=ChainMap(own, cast("dict[str, Any]", COMMANDS)))
    made.bind(own)
    return made


class MemoryClient(Requests):
    """A session with the monitor ``compat_monitor0``, and the client on its other side.

    ``machine`` is made, and closed in the end, where none is given. ``functions`` are commands by
    name, which join the daemon's; they need to be in the machine's schema. One that does not fit
    its command raises FunctionError.
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
        self.dispatcher = make_dispatcher(self.machine, functions)
        label = "compat_monitor0"
        address = {"type": "unix", "data": {"path": "in memory"}}
        backend = {"type": "socket", "data": {"addr": address, "server": True, "wait": False}}
        chardev = self.machine.chardevs.make(label, backend)  # as if somebody had opened it
        self.machine.tree.chardevs.add_child(label, chardev)
        options = {"chardev": label, "pretty": pretty}
        self.monitor = self.machine.add_object(MonitorQMP.qom_name, label, options)
        self._chardev = chardev
        assert isinstance(self.monitor, MonitorQMP)
        self.session = Session(self.dispatcher, self.monitor)
        self._wire: MemoryWire | None = None

    def __enter__(self) -> MemoryClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up, and close the machine if it is this client's."""
        if self._wire is not None:
            self._wire.close()
        self.session.close()
        self.monitor.unparent()
        self.monitor.finalize()
        self._chardev.unparent()
        if self._owned:
            self.machine.close()

    @property
    def hung_up(self) -> bool:
        """Whether a fault closed the connection."""
        return self._wire is not None and self._wire.hung_up

    def feed(self, data: bytes) -> bytes:
        """Give the session bytes and take all that it answers; after ``quit`` nothing is run.

        What a fault lets wait for a time does not wait: there is no time in memory.
        """
        self.session.receive_data(data)
        if self._wire is None:
            self._work()
        if self._wire is None and self.session.plan is not None:
            from qmp_iothreadd.testing.memory_wire import MemoryWire  # few have faults

            self._wire = MemoryWire(self.session)
        if self._wire is not None:
            return self._wire.play(self._work)
        return self.session.data_to_send()

    def _work(self) -> None:
        """Run what was read, as far as a fault has no say in what comes next."""
        while not (self.machine.shutting_down or self.session.plan):
            outcome = self.session.step()
            if outcome is IDLE:
                break
            if outcome is not None:
                cast("Coroutine[Any, Any, None]", outcome).close()
                raise NotImplementedError("commands that take their time need an event loop")
        self.machine.part(BackgroundWork).run()

    def send(self, request: bytes | str | Message) -> list[Message]:
        """Send bytes as they are, or a message as JSON. Returns the messages that come back."""
        if isinstance(request, dict):
            request = json.dumps(request)
        answer = self.feed(request.encode() if isinstance(request, str) else request)
        return [json.loads(line) for line in answer.split(b"\r\n") if line]

    def take_greeting(self) -> Message:
        """The first message of the session."""
        (greeting,) = self.send(b"")
        return greeting

    def exchange(self, request: Message) -> Message:
        """Send a request and return its reply, without the events around it."""
        return next(each for each in self.send(request) if "event" not in each)
