"""Commands of migration: settings, what is refused, and what comes of a start."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.testing import MemoryClient, make_machine


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (
            "migrate-pause",
            {},
            "migrate-pause is currently only supported during postcopy-active or "
            "postcopy-recover state",
        ),
        (
            "migrate-recover",
            {"uri": "unix:s"},
            "Migrate recover can only be run when postcopy is paused.",
        ),
        ("migrate-continue", {"state": "pre-switchover"}, "Migration not in expected state: none"),
        (
            "migrate-start-postcopy",
            {},
            "Enable postcopy with migrate_set_capability before the start of migration",
        ),
        (
            "migrate-incoming",
            {"uri": "unix:s"},
            "'-incoming' was not specified on the command line",
        ),
        ("migrate", {"uri": "zz:s"}, "unknown migration protocol: zz:s"),
        ("migrate", {"uri": "vsock:3:4"}, "vsock migration is not supported"),
        ("migrate", {"uri": "rdma:h:1"}, "RDMA migration is not supported"),
        ("migrate", {"uri": "tcp:nope"}, "error parsing address 'nope'"),
        ("migrate", {"uri": "file:x,offset=zz"}, "file URI has bad offset zz"),
        (
            "migrate",
            {"uri": "unix:s", "resume": True},
            "Cannot resume if there is no paused migration",
        ),
        ("migrate", {"uri": "fd:x"}, "File descriptor named 'x' has not been found"),
        ("migrate", {}, "need either 'uri' or 'channels' argument"),
    ],
)
def test_what_cannot_begin_does_not_run(
    client: MemoryClient, command: str, arguments: dict[str, Any], message: str
) -> None:
    assert client.request(command, arguments)["error"]["desc"] == message
    assert client.execute("query-migrate").get("status", "failed") == "failed"
    assert client.execute("query-status")["running"]


def test_settings_are_kept(client: MemoryClient) -> None:
    events = {"capability": "events", "state": True}
    client.execute("migrate-set-capabilities", {"capabilities": [events]})
    assert events in client.execute("query-migrate-capabilities")
    client.execute("migrate-set-parameters", {"downtime-limit": 123})
    assert client.execute("query-migrate-parameters")["downtime-limit"] == 123
    refused = client.request("migrate-set-parameters", {"downtime-limit": 1, "multifd-channels": 0})
    assert "error" in refused
    assert client.execute("query-migrate-parameters")["downtime-limit"] == 123


def test_only_the_empty_machine_can_migrate() -> None:
    reason = "the emulated machine has no guest whose state could be saved or sent"
    machine = make_machine(machine_type="microvm")
    with closing(machine), MemoryClient(machine) as client:
        client.negotiate()
        assert client.execute("query-migrate") == {"blocked-reasons": [reason]}
        told = client.request("migrate", {"uri": "exec:true"})["error"]["desc"]
        assert told == reason
        assert client.execute("query-migrate") == {"blocked-reasons": [reason]}


def test_what_does_not_run_is_cancelled_without_effect(client: MemoryClient) -> None:
    client.execute("migrate_cancel")
    client.execute("migrate-continue", {"state": "none"})
    assert client.execute("query-migrate") == {}


def test_postcopy_is_asked_for_too_early(client: MemoryClient) -> None:
    postcopy = {"capability": "postcopy-ram", "state": True}
    client.execute("migrate-set-capabilities", {"capabilities": [postcopy]})
    assert "error" in client.request("migrate-start-postcopy")


async def test_a_machine_comes_where_the_monitor_says(tmp_path: Path) -> None:
    machine = make_machine()
    machine.status = "inmigrate"
    with MemoryClient(machine) as client:
        client.negotiate()
        client.execute("migrate-incoming", {"uri": f"unix:{tmp_path}/s"})
        assert (tmp_path / "s").is_socket()
        again = client.request("migrate-incoming", {"uri": f"unix:{tmp_path}/t"})
        assert again["error"]["desc"] == "The incoming migration has already been started"
        assert not (tmp_path / "t").exists()
    machine.close()
    assert not (tmp_path / "s").exists()
