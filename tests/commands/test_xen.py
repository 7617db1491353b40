"""What Xen's tools ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmp_iothreadd.testing import MemoryClient


def test_the_state_of_no_devices_is_saved_and_loaded(client: MemoryClient, tmp_path: Path) -> None:
    path = str(tmp_path / "state")
    request = {"execute": "xen-save-devices-state", "arguments": {"filename": path}}
    stopped, resumed, reply = client.send(request)
    assert (stopped["event"], resumed["event"], reply) == ("STOP", "RESUME", {"return": {}})
    reply = client.request("xen-load-devices-state", {"filename": path})
    assert reply["error"]["desc"] == "Cannot update device state while vm is running"
    client.execute("stop")
    assert client.request("xen-load-devices-state", {"filename": path}) == {"return": {}}
    assert len(client.send(request)) == 1


def test_a_file_that_cannot_be_opened_is_named(client: MemoryClient) -> None:
    arguments = {"filename": "/no/x"}
    error = "Unable to open /no/x: No such file or directory"
    messages = client.send({"execute": "xen-save-devices-state", "arguments": arguments})
    assert [message.get("event") for message in messages] == ["STOP", "RESUME", None]
    assert messages[-1]["error"]["desc"] == error
    client.execute("stop")
    reply = client.request("xen-load-devices-state", arguments)
    assert reply["error"]["desc"] == error


@pytest.mark.parametrize("junk", [b"", b"hello", b"QEVM\0\0\0\x04\0", b"QEVM\0\0\0\x03\0\0"])
def test_what_is_no_state_is_refused(client: MemoryClient, tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "state").write_bytes(junk)
    client.execute("stop")
    for path in (tmp_path / "state", tmp_path):
        reply = client.request("xen-load-devices-state", {"filename": str(path)})
        assert reply["error"]["desc"] == "loading Xen device state failed"


def test_a_disk_that_is_full_is_said(client: MemoryClient) -> None:
    reply = client.request("xen-save-devices-state", {"filename": "/dev/full"})
    assert reply["error"]["desc"] == "saving Xen device state failed"


def test_replication_is_taken_over_when_it_stops(client: MemoryClient) -> None:
    arguments = {"enable": True, "primary": True, "failover": True}
    reply = client.request("xen-set-replication", arguments)
    assert reply["error"]["desc"] == "Parameter 'failover' is only for stopping replication"
    arguments["enable"] = False
    assert client.request("xen-set-replication", arguments) == {"return": {}}
