"""What a session lets a script do, and asks of it: here one that a test writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qmp.dispatch import BoundCommand
from qmp_iothreadd.qmp.session_protocol import IDLE
from qmp_iothreadd.qmp.session_script import Message, ScriptableSession, SessionScript
from qmp_iothreadd.testing import MemoryClient, make_machine


class Hooks(SessionScript):
    """Lets all pass but what a test puts into ``held``; notes what it is asked."""

    def __init__(self, session: ScriptableSession) -> None:
        self.session = session
        self.held: set[str] = set()
        self.requests: list[Any] = []
        self.closed = False

    def incoming(self, request: object) -> bool:
        self.requests.append(request)
        name = request.get("execute", request.get("exec-oob")) if isinstance(request, dict) else ""
        if name not in self.held:
            return True
        self.session.hold_back(request)
        return False

    def find(self, name: str) -> BoundCommand:
        return self.session.dispatcher.find(name)

    def outgoing(self, message: Message, request: object | None) -> bytes | None:
        if isinstance(request, dict) and request.get("id") == "later":
            self.session.put_steps([b"step"])
        return self.session.monitor.encode(message)

    def close(self) -> None:
        self.closed = True


class Machines:
    """Gives each new session its hooks."""

    def join(self, session: ScriptableSession) -> SessionScript | None:
        return Hooks(session)


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate("oob")
        client.session.script = Hooks(client.session)
        yield client


def hooks_of(client: MemoryClient) -> Hooks:
    assert isinstance(client.session.script, Hooks)
    return client.session.script


def run(client: MemoryClient, data: bytes) -> bytes:
    session = client.session
    session.receive_data(data)
    while session.step() is not IDLE:
        pass
    return session.data_to_send()


def test_what_is_held_back_in_band_holds_back_the_others(client: MemoryClient) -> None:
    hooks = hooks_of(client)
    hooks.held = {"query-name"}
    sent = b'{"execute":"query-name","id":1}{"execute":"query-uuid","id":2}'
    assert run(client, sent) == b""
    assert client.session.running
    hooks.held.clear()
    client.session.give_back(hooks.requests[0])
    first, second = run(client, b"").splitlines()
    assert b'"id": 1' in first
    assert b'"id": 2' in second
    assert [each["id"] for each in hooks.requests] == [1, 1, 2]


def test_what_is_held_back_out_of_band_holds_back_nobody(client: MemoryClient) -> None:
    hooks = hooks_of(client)
    hooks.held = {"migrate-pause"}
    sent = b'{"exec-oob":"migrate-pause","id":1}{"execute":"query-name","id":2}'
    assert b'"id": 2' in run(client, sent)
    hooks.held.clear()
    client.session.give_back(hooks.requests[0])
    assert b'"id": 1' in run(client, b"")


def test_steps_go_out_in_order_and_end_the_turn(client: MemoryClient) -> None:
    session = client.session
    sent = b'{"execute":"query-name","id":"a"}{"execute":"query-name","id":"later"}'
    session.receive_data(sent)
    while session.step() is not IDLE:
        pass
    assert session.plan is not None
    before, step, after = session.plan
    assert (b'"a"' in before, step, b'"later"' in after) == (True, b"step", True)
    assert session.output_size > 1 << 40


def test_a_session_joins_its_machines_script_and_leaves_it() -> None:
    machine = make_machine()
    try:
        machine.script = Machines()
        with MemoryClient(machine) as client:
            hooks = hooks_of(client)
            assert client.session.data_to_send()  # the greeting went by them
        assert hooks.closed
        assert client.session.script is None
    finally:
        machine.close()


def test_capabilities_that_are_not_offered() -> None:
    with MemoryClient() as client, pytest.raises(QmpError, match="foo"):
        client.session.negotiate(["foo"])
