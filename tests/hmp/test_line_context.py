"""A line that comes through QMP acts on that session."""

from __future__ import annotations

from qmp_iothreadd.hmp.line_context import LineContext
from qmp_iothreadd.testing import MemoryClient


def test_what_a_line_does_is_done_to_the_session() -> None:
    with MemoryClient() as client:
        context = LineContext(client.session)
        assert context.machine is client.machine
        assert context.monitor is client.session.monitor
        client.take_greeting()
        assert "error" in client.request("query-status")
        context.negotiate([])
        assert client.execute("query-status")["running"]
