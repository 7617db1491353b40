"""A machine's script: the sessions that play it, and what they write down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.monitors import MonitorQMP
from qmp_iothreadd.qmp.session import Session
from qmp_iothreadd.scripting.script import Script
from qmp_iothreadd.testing import MemoryClient, make_machine


def test_a_machine_that_nobody_scripts_has_no_script() -> None:
    with MemoryClient() as client:
        client.negotiate()
        assert client.machine.script is None
        assert client.session.script is None


def test_live_sessions_and_new_ones_play_it_until_it_is_closed() -> None:
    with MemoryClient() as client:
        client.negotiate()
        script = client.machine.part(Script)
        assert client.machine.script is script
        client.execute("query-name")
        assert isinstance(client.monitor, MonitorQMP)
        other = Session(client.dispatcher, client.monitor)
        assert [(each.client, each.kind) for each in script.history] == [
            (1, "request"),
            (1, "reply"),
            (2, "greeting"),
        ]
        other.close()
        assert [each.client for each in script.sessions] == [1]
        script.close()
        assert client.machine.script is None
        assert client.session.script is None
        client.execute("query-name")
        assert len(script.history) == 3


def test_a_control_monitor_is_left_alone() -> None:
    with MemoryClient() as client:
        script = client.machine.part(Script)
        script.control.add(client.monitor.name)
        assert isinstance(client.monitor, MonitorQMP)
        control = Session(client.dispatcher, client.monitor)
        assert control.script is None
        control.close()
        assert [*script.history] == []


def test_what_is_said_is_written_down() -> None:
    with MemoryClient() as client:
        script = client.machine.part(Script)
        client.negotiate()
        client.send(b'{"execute": "qom-get", "arguments": {"path": "/"}, "id": 1} {]')
        client.send({"execute": "quit"})
        assert [(each.kind, each.command) for each in script.history] == [
            ("request", "qmp_capabilities"),
            ("reply", None),
            ("request", "qom-get"),
            ("reply", None),
            ("request", None),
            ("reply", None),
            ("request", "quit"),
            ("event", None),
            ("reply", None),
        ]
        assert script.history[3].message["id"] == 1
        assert script.history[4].message is None
        assert script.history[7].message["event"] == "SHUTDOWN"
        assert script.history.requests("qom-get") == [{"path": "/"}]
        assert {each.monitor for each in script.history} == {"compat_monitor0"}


def test_a_command_without_reply_leaves_nothing_over(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text("{ 'command': 'x-hush', 'data': { '*n': 'int' }, 'success-response': false }")
    machine = make_machine(str(schema))
    with MemoryClient(machine, functions={"x-hush": lambda ctx, n=None: None}) as client:
        script = machine.part(Script)
        assert client.send({"execute": "x-hush"}) == []
        assert script.left_over() == []
        assert "error" in client.request("x-hush", {"n": "a"})
        assert [each.kind for each in script.history] == ["request", "request", "reply"]
    machine.close()


def test_a_request_that_a_fault_takes_is_not_run(
    client: MemoryClient, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script.faults, "incoming", lambda *request: False)
    assert client.send({"execute": "stop"}) == []
    assert [each.kind for each in script.history] == ["request"]
    assert script.left_over() == []
    assert client.machine.status == "running"


@pytest.mark.parametrize(
    ("text", "is_json"),
    [
        ("[" * 1024 + "]" * 1024, True),
        ('"\\u0000"', True),
        ('{"execute": "\\udfff"}', False),
        ("1e400", False),
    ],
)
def test_any_request_can_be_written_down(
    client: MemoryClient, script: Script, text: str, is_json: bool
) -> None:
    client.send(f"{text}\n")
    assert b'"kind": "request"' in client.feed(b'{"execute": "x-query-history"}')
    assert [each.kind for each in script.history] == ["request", "reply"]
    assert script.history.requests("a") == []
    assert (script.history[0].message is not None) == is_json


def test_requests_without_a_reply_are_left_over() -> None:
    with MemoryClient() as client:
        script = client.machine.part(Script)
        hooks = client.session.script
        assert hooks is not None
        for request in ({"execute": "stop"}, {"exec-oob": "a"}, {"execute": 1}, ["b"]):
            hooks.incoming(request)
        assert script.left_over() == [
            "no reply to 'stop' (client 1 of compat_monitor0)",
            "no reply to 'a' (client 1 of compat_monitor0)",
            "no reply to a request that names no command (client 1 of compat_monitor0)",
            "no reply to a request that names no command (client 1 of compat_monitor0)",
        ]


@pytest.mark.parametrize(
    ("event", "data", "words"),
    [
        ("X_NEWS", {"a": (1, 2)}, {}),
        ("X_NEWS", None, {}),
        ("RESUME", None, {"strict": True}),
        ("SHUTDOWN", {"guest": True, "reason": "guest-panic"}, {}),
        ("STOP", {"odd": 1}, {"check": False}),
    ],
)
def test_events_are_sent_under_any_name(
    client: MemoryClient, script: Script, event: str, data: Any, words: dict[str, Any]
) -> None:
    script.emit(event, data, **words)
    (sent,) = client.send(b"")
    assert sent["event"] == event
    assert sent.get("data") == ({"a": [1, 2]} if event == "X_NEWS" and data else data)
    assert script.history[-1].kind == "event"


@pytest.mark.parametrize(
    ("event", "data", "words", "message"),
    [
        ("STPO", None, {"strict": True}, "no event 'STPO'; did you mean 'STOP'"),
        ("STOP", {"odd": 1}, {}, "'STOP' does not fit the schema"),
        ("SHUTDOWN", None, {}, "'SHUTDOWN' does not fit the schema"),
        ("X_NEWS", [1], {}, "The data of the event 'X_NEWS' is an object"),
        ("X_NEWS", {"a": object()}, {}, "'X_NEWS' is not a JSON value"),
        (None, None, {}, "The name of a scripted event"),
    ],
)
def test_events_that_cannot_be_are_refused(
    client: MemoryClient, script: Script, event: Any, data: Any, words: Any, message: str
) -> None:
    with pytest.raises(QmpError, match=message):
        script.emit(event, data, **words)
    assert client.send(b"") == []


def test_what_controls_scripts_is_for_its_monitor_alone() -> None:
    with MemoryClient() as client:
        script = client.machine.part(Script)
        script.control.add("control")
        assert isinstance(client.monitor, MonitorQMP)
        client.session.close()
        client.session = Session(client.dispatcher, client.monitor)
        client.negotiate()
        reply = client.request("x-script-reset")
        assert reply["error"]["class"] == "CommandNotFound"
        names = {each["name"] for each in client.execute("query-commands")}
        described = {each["name"] for each in client.execute("query-qmp-schema")}
        assert client.execute("query-qmp-schema")
        assert len(script.history.requests("x-script-reset")) == 1
    with MemoryClient() as other:
        other.negotiate()
        other.machine.part(Script)
        all_names = {each["name"] for each in other.execute("query-commands")}
        assert {"x-respond", "x-script-reset"} <= all_names - names
        assert {"x-respond", "x-script-reset"} <= {
            each["name"] for each in other.execute("query-qmp-schema")
        } - described


def test_what_controls_scripts_is_not_in_the_history_of_its_own_monitor(
    client: MemoryClient, script: Script
) -> None:
    client.send({"exec-oob": "x-query-history"})
    client.execute("x-query-left-over")
    assert client.request("x-emit")["error"]["desc"] == "Parameter 'event' is missing"
    assert [*script.history] == []


def test_a_script_can_begin_anew(client: MemoryClient, script: Script) -> None:
    script.responses.respond("stop", error="no")
    client.request("stop")
    script.reset()
    assert [*script.history] == script.responses.names() == []
    assert client.execute("stop") == {}
