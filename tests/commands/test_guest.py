"""What is done to the guest, and what it does by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from qmp_iothreadd.machine.guest import Guest
from qmp_iothreadd.testing import MemoryClient, make_machine


@pytest.fixture(params=["pc", "microvm"])
def pc(request: pytest.FixtureRequest) -> Iterator[MemoryClient]:
    machine = make_machine(machine_type=request.param)
    machine.actions |= {"shutdown": "pause", "panic": "pause", "watchdog": "pause"}
    with MemoryClient(machine) as client:
        client.negotiate()
        yield client
    machine.close()


def act(client: MemoryClient, what: str) -> list[Any]:
    """The events, with the reason or the action in them."""
    *events, reply = client.send({"execute": "x-guest-act", "arguments": {"act": what}})
    if "error" in reply:
        return [reply["error"]["desc"]]
    data = [each.get("data", {}) for each in events]
    said = [each.get("reason", each.get("action")) for each in data]
    return [*zip([each["event"] for each in events], said, strict=True)]


@pytest.mark.parametrize(
    ("what", "events", "status"),
    [
        ("shutdown", [("SHUTDOWN", "guest-shutdown"), ("STOP", None)], "shutdown"),
        ("reboot", [("RESET", "guest-reset")], "running"),
        ("panic", [("GUEST_PANICKED", "pause"), ("STOP", None)], "guest-panicked"),
        ("hang", [("WATCHDOG", "pause"), ("STOP", None)], "watchdog"),
    ],
)
def test_it_does_by_itself_what_it_is_told_to(
    pc: MemoryClient, what: str, events: list[Any], status: str
) -> None:
    pc.machine.part(Guest).behaviour = "stubborn"
    assert act(pc, what) == events
    assert pc.machine.status == status


def test_it_sleeps_where_it_can_be_woken(pc: MemoryClient) -> None:
    if pc.machine.can_suspend:
        assert act(pc, "suspend") == [("SUSPEND", None)]
        assert act(pc, "reboot") == ["the guest does not run"]
        assert [each.get("event") for each in pc.send({"execute": "system_wakeup"})] == [
            "WAKEUP",
            None,
        ]
    else:
        assert act(pc, "suspend") == ["this machine cannot be suspended"]
        error = pc.request("system_wakeup")["error"]
        assert error["desc"] == "wake-up from suspend is not supported by this guest"


def test_one_that_sleeps_powers_down_once_awake(pc: MemoryClient) -> None:
    pc.machine.suspend()
    assert len(pc.send({"execute": "system_powerdown"})) == 3  # SUSPEND before
    pc.machine.wakeup()
    names = [each.get("event") for each in pc.send({"execute": "query-name"})]
    assert names == ["WAKEUP", None, "SHUTDOWN", "STOP"]


def test_where_nobody_is_nobody_acts(client: MemoryClient) -> None:
    assert act(client, "reboot") == ["there is no guest"]


def test_an_interrupt_changes_nothing(pc: MemoryClient, client: MemoryClient) -> None:
    assert pc.send({"execute": "inject-nmi"}) == [{"return": {}}]
    error = client.request("inject-nmi")["error"]
    assert error["desc"] == "machine does not provide NMIs"
