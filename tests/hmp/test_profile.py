"""``sync-profile``: asked for, and read."""

from __future__ import annotations

from qmp_iothreadd.testing import MemoryClient


def hmp(client: MemoryClient, line: str) -> object:
    return client.execute("human-monitor-command", {"command-line": line})


def test_profiling_is_turned_on_and_off() -> None:
    with MemoryClient() as client:
        client.negotiate()
        for state in ("on", "off"):
            assert hmp(client, f"sync-profile {state}") == ""
            assert hmp(client, "sync-profile reset") == ""
            assert hmp(client, "sync-profile") == f"sync-profile is {state}\r\n"
        refusal = "Error: invalid parameter 'x', expecting 'on', 'off', or 'reset'\r\n"
        assert hmp(client, "sync-profile x") == refusal


def test_no_lock_was_waited_for() -> None:
    with MemoryClient() as client:
        client.negotiate()
        heads, *lines = str(hmp(client, "info sync-profile -m -n 5")).splitlines()
        assert heads.split()[:3] == ["Type", "Object", "Call"]
        assert lines == ["-" * len(heads)] * 2
