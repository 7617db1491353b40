"""A machine's script: the sessions that play it, and what they write down."""

from __future__ import annotations

from qmp_iothreadd.machine.monitors import MonitorQMP
from qmp_iothreadd.qmp.session import Session
from qmp_iothreadd.scripting.script import Script
from qmp_iothreadd.testing import MemoryClient


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
