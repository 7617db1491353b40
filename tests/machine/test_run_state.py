"""The run state: what changes it, and what is said of that."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing import make_machine


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in events]


def test_stop_and_cont_say_so_once(machine: Machine, heard: list[dict[str, Any]]) -> None:
    for action in (machine.cont, machine.stop, machine.stop, machine.cont, machine.cont):
        action()
    assert names(heard) == ["STOP", "RESUME"]
    assert (machine.running, machine.status) == (True, "running")


def test_reset_while_paused_leaves_prelaunch(machine: Machine, heard: list[dict[str, Any]]) -> None:
    machine.stop()
    assert machine.status == "paused"
    machine.reset()
    assert machine.status == "prelaunch"
    machine.cont()
    machine.reset()
    assert machine.status == "running"
    assert names(heard) == ["STOP", "RESET", "RESUME", "RESET"]
    assert heard[1]["data"] == {"guest": False, "reason": "host-qmp-system-reset"}


def test_a_machine_that_was_not_started_waits_for_cont(heard: list[dict[str, Any]]) -> None:
    machine = make_machine(running=False)
    assert machine.status == "prelaunch"
    machine.stop()
    assert machine.status == "prelaunch"


def test_shutdown_happens_once(machine: Machine, heard: list[dict[str, Any]]) -> None:
    ended: list[bool] = []
    machine.on_shutdown = lambda: ended.append(machine.shutting_down)
    machine.shutdown("host-signal")
    machine.shutdown("host-qmp-quit")
    assert ended == [True]
    assert [event["data"]["reason"] for event in heard] == ["host-signal"]


@pytest.mark.parametrize("after", ["pause", "poweroff"])
def test_a_reset_that_is_to_be_a_shutdown(
    machine: Machine, heard: list[dict[str, Any]], after: str
) -> None:
    machine.actions |= {"reboot": "shutdown", "shutdown": after}
    machine.reset()
    assert heard[0]["data"] == {"guest": False, "reason": "host-qmp-system-reset"}
    if after == "poweroff":
        assert names(heard) == ["SHUTDOWN"]
        assert machine.shutting_down
        return
    assert names(heard) == ["SHUTDOWN", "STOP"]
    assert (machine.status, machine.shutting_down) == ("shutdown", False)
    with pytest.raises(QmpError, match="Resetting the Virtual Machine is required"):
        machine.cont()


@pytest.mark.parametrize(("starts_running", "status"), [(True, "running"), (False, "prelaunch")])
def test_preconfig_holds_a_machine_back(starts_running: bool, status: str) -> None:
    machine = make_machine(running=False)
    machine.preconfig, machine.starts_running = True, starts_running
    machine.exit_preconfig()
    assert machine.status == status
    with pytest.raises(QmpError, match="permitted only before machine initialization"):
        machine.exit_preconfig()
    machine.close()


def test_one_that_is_paused_stays_so_when_it_is_shut_down(
    machine: Machine, heard: list[dict[str, Any]]
) -> None:
    machine.actions |= {"reboot": "shutdown", "shutdown": "pause"}
    machine.stop()
    machine.reset()
    assert names(heard) == ["STOP", "SHUTDOWN"]
    assert machine.status == "paused"
    machine.cont()
    assert machine.running


# -- Sleep ----------------------------------------------------------------------------------------


def test_a_guest_sleeps_until_it_is_woken(machine: Machine, heard: list[dict[str, Any]]) -> None:
    with pytest.raises(QmpError, match="guest is not in suspended state"):
        machine.wakeup()
    machine.suspend()
    machine.suspend()
    assert (machine.status, machine.running) == ("suspended", False)
    machine.cont()
    assert machine.status == "suspended"
    machine.wakeup()
    assert machine.running
    assert names(heard) == ["SUSPEND", "WAKEUP"]


def test_a_pause_does_not_wake_a_guest(machine: Machine, heard: list[dict[str, Any]]) -> None:
    machine.suspend()
    machine.stop()
    assert machine.status == "paused"
    machine.cont()
    assert machine.status == "suspended"
    machine.reset()
    assert machine.status == "prelaunch"
    machine.cont()
    assert machine.running
    assert names(heard) == ["SUSPEND", "STOP", "RESUME", "RESET", "RESUME"]


# -- What a guest does by itself ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actions", "said", "status", "ends"),
    [
        ({"panic": "none"}, ["GUEST_PANICKED run"], "running", None),
        ({"panic": "pause"}, ["GUEST_PANICKED pause", "STOP"], "guest-panicked", None),
        ({}, ["GUEST_PANICKED poweroff", "SHUTDOWN guest-panic"], "running", 0),
        (
            {"panic": "exit-failure"},
            ["GUEST_PANICKED poweroff", "SHUTDOWN guest-panic"],
            "running",
            1,
        ),
        ({"shutdown": "pause"}, ["GUEST_PANICKED pause", "STOP"], "guest-panicked", None),
        (
            {"panic": "exit-failure", "shutdown": "pause"},
            ["GUEST_PANICKED poweroff", "SHUTDOWN guest-panic", "STOP"],
            "shutdown",
            None,
        ),
    ],
)
def test_a_panic_has_the_consequences_that_were_asked_for(
    machine: Machine,
    heard: list[dict[str, Any]],
    actions: dict[str, str],
    said: list[str],
    status: str,
    ends: int | None,
) -> None:
    machine.actions |= actions
    machine.panic()
    assert [described(event) for event in heard] == said
    assert machine.status == status
    assert (machine.exit_status if machine.shutting_down else None) == ends


def described(event: dict[str, Any]) -> str:
    """An event, with what it says was done, or why."""
    data = event.get("data", {})
    return " ".join([event["event"], *(data[key] for key in ("action", "reason") if key in data)])


def test_who_depends_on_it_is_told_of_resets_and_of_runs(machine: Machine) -> None:
    told: list[str] = []
    machine.reset_handlers.append(lambda: told.append("reset"))
    machine.run_handlers.append(lambda: told.append("run"))
    for act in (machine.reset, machine.stop, machine.cont, machine.suspend, machine.wakeup):
        act()
    assert told == ["reset", "run", "run"]
