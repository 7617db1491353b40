"""The emulated guest: what it is asked to do, when it does it, and when not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from qmp_iothreadd.machine.guest import Guest
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing import MemoryClient
from tests.waiting import wait_until_async


@pytest.fixture
def guest(machine: Machine) -> Guest:
    """One that does at once what it is asked to."""
    guest = machine.part(Guest)
    guest.behaviour = "present"
    return guest


@pytest.fixture
def said(machine: Machine) -> list[str]:
    """The events, and what is unplugged."""
    said: list[str] = []
    machine.listeners.append(lambda event: said.append(event["event"]))
    return said


@pytest.fixture
def client(machine: Machine) -> MemoryClient:
    client = MemoryClient(machine)
    client.negotiate()
    return client


def send(client: MemoryClient, *commands: str) -> list[str]:
    """Run commands; the events that come, and ``{}`` where a reply is."""
    messages = [each for name in commands for each in client.send({"execute": name})]
    assert not any("error" in each for each in messages)
    return [each.get("event", "{}") for each in messages]


def test_nothing_is_booted_on_an_empty_machine(client: MemoryClient, said: list[str]) -> None:
    assert client.machine.part(Guest).behaviour == "absent"
    assert send(client, "system_powerdown") == ["POWERDOWN", "{}"]
    assert client.machine.running


# -- Powering down --------------------------------------------------------------------------------


def test_it_powers_down_after_the_reply(guest: Guest, client: MemoryClient) -> None:
    client.machine.actions["shutdown"] = "pause"
    assert send(client, "system_powerdown") == ["POWERDOWN", "{}", "SHUTDOWN", "STOP"]
    assert client.machine.status == "shutdown"
    assert send(client, "system_reset", "cont") == ["RESET", "{}", "RESUME", "{}"]
    assert send(client, "system_powerdown") == ["POWERDOWN", "{}", "SHUTDOWN", "STOP"]


def test_without_no_shutdown_that_is_the_end(
    guest: Guest, client: MemoryClient, said: list[str]
) -> None:
    send(client, "system_powerdown")
    assert said == ["POWERDOWN", "SHUTDOWN"]
    assert (client.machine.shutting_down, client.machine.exit_status) == (True, 0)


@pytest.mark.parametrize("behaviour", ["stubborn", "absent"])
def test_others_do_not(guest: Guest, client: MemoryClient, behaviour: str) -> None:
    guest.behaviour = behaviour
    assert send(client, "system_powerdown", "system_powerdown") == ["POWERDOWN", "{}"] * 2
    assert client.machine.running


def test_one_that_is_paused_powers_down_when_it_runs(guest: Guest, client: MemoryClient) -> None:
    assert send(client, "stop", "system_powerdown") == ["STOP", "{}", "POWERDOWN", "{}"]
    assert send(client, "cont") == ["RESUME", "{}", "SHUTDOWN"]


def test_a_reset_makes_it_forget(guest: Guest, client: MemoryClient) -> None:
    send(client, "stop", "system_powerdown")
    assert send(client, "system_reset", "cont") == ["RESET", "{}", "RESUME", "{}"]


async def test_it_takes_its_time(guest: Guest, machine: Machine, said: list[str]) -> None:
    guest.delay_ms = 1
    machine.actions["shutdown"] = "pause"
    guest.powerdown()
    guest.powerdown()
    assert said == ["POWERDOWN", "POWERDOWN"]
    await wait_until_async(lambda: machine.status == "shutdown")
    assert said == ["POWERDOWN", "POWERDOWN", "SHUTDOWN", "STOP"]


async def test_what_it_was_asked_before_a_reset_is_not_done_after_it(
    guest: Guest, machine: Machine, said: list[str]
) -> None:
    guest.delay_ms = 1
    guest.powerdown()
    machine.reset()
    guest.unplug("disk", lambda: said.append("disk"))  # takes as long, and is asked later
    await wait_until_async(lambda: not guest.is_unplugging("disk"))
    assert said == ["POWERDOWN", "RESET", "disk"]


class Waiting:
    """The timers of the event loop that are still to come."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._timers: list[asyncio.TimerHandle] = []
        loop = asyncio.get_running_loop()
        make = loop.call_later

        def call_later(*arguments: Any) -> asyncio.TimerHandle:
            self._timers.append(make(*arguments))
            return self._timers[-1]

        monkeypatch.setattr(loop, "call_later", call_later)

    def count(self) -> int:
        return sum(not each.cancelled() for each in self._timers)


async def test_a_reset_and_the_end_of_the_machine_end_what_takes_its_time(
    guest: Guest, machine: Machine, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    guest.delay_ms = 10**6
    waiting = Waiting(monkeypatch)
    for _ in range(3):
        guest.powerdown()
        machine.reset()
        guest.powerdown()
    assert waiting.count() == 1
    guest.unplug("disk", lambda: said.append("disk"))
    guest.forget("disk")
    assert waiting.count() == 1
    machine.close()
    assert waiting.count() == 0
    assert said == ["POWERDOWN", "RESET", "POWERDOWN"] * 3


# -- Unplugging -----------------------------------------------------------------------------------


def test_it_lets_go_of_devices_in_the_order_asked_for(guest: Guest, client: MemoryClient) -> None:
    let_go: list[str] = []
    for device in ("b", "a", "b"):
        guest.unplug(device, lambda device=device: let_go.append(device))  # type: ignore[misc]
    assert (let_go, guest.is_unplugging("a")) == ([], True)
    send(client, "query-status")
    assert (let_go, guest.is_unplugging("a")) == (["b", "a"], False)


@pytest.mark.parametrize("behaviour", ["present", "stubborn", "absent"])
def test_a_reset_lets_go_of_devices_before_its_reply(
    guest: Guest, client: MemoryClient, behaviour: str
) -> None:
    guest.behaviour = behaviour
    send(client, "stop")
    guest.unplug("disk", lambda: client.machine.emit("DEVICE_DELETED", {"path": "/disk"}))
    assert send(client, "query-status") == ["{}"]
    assert send(client, "system_reset") == ["RESET", "DEVICE_DELETED", "{}"]
    assert not guest.is_unplugging("disk")
    assert send(client, "cont") == ["RESUME", "{}"]


def test_a_reset_lets_go_of_a_bridge_and_of_what_is_behind_it(
    guest: Guest, client: MemoryClient
) -> None:
    guest.behaviour = "stubborn"
    gone: list[str] = []

    def let_go_of_the_bridge() -> None:
        guest.forget("behind")
        gone.extend(("behind", "bridge"))

    guest.unplug("bridge", let_go_of_the_bridge)
    guest.unplug("behind", lambda: gone.append("behind, twice"))
    assert send(client, "system_reset") == ["RESET", "{}"]
    assert gone == ["behind", "bridge"]


def test_what_is_gone_already_is_not_let_go(guest: Guest, client: MemoryClient) -> None:
    let_go: list[str] = []
    for device in ("a", "b"):
        guest.unplug(device, lambda device=device: let_go.append(device))  # type: ignore[misc]
    guest.forget("a")
    guest.forget("c")
    send(client, "query-status", "system_reset")
    assert let_go == ["b"]


def test_after_the_end_nothing_is_let_go(guest: Guest, client: MemoryClient) -> None:
    guest.unplug("disk", lambda: client.machine.emit("DEVICE_DELETED", {"path": "/disk"}))
    client.machine.shutdown("host-signal")
    send(client, "query-status")
    assert guest.is_unplugging("disk")


# -- Crashing -------------------------------------------------------------------------------------


def test_one_that_crashes_does_so_at_each_boot(guest: Guest, client: MemoryClient) -> None:
    client.machine.actions["panic"] = "pause"
    guest.crashes = True
    guest.start()
    assert send(client, "query-status") == ["{}", "GUEST_PANICKED", "STOP"]
    assert send(client, "cont") == ["RESUME", "{}"]
    assert send(client, "system_reset") == ["RESET", "{}", "GUEST_PANICKED", "STOP"]


def test_one_that_crashed_does_nothing_more(guest: Guest, client: MemoryClient) -> None:
    client.machine.actions |= {"panic": "none", "shutdown": "pause"}
    send(client, "stop", "system_powerdown")
    guest.panic()
    assert send(client, "cont", "system_powerdown") == [
        "GUEST_PANICKED",
        *("RESUME", "{}"),
        *("POWERDOWN", "{}"),
    ]
    assert send(client, "system_reset") == ["RESET", "{}"]
    assert send(client, "system_powerdown") == ["POWERDOWN", "{}", "SHUTDOWN", "STOP"]


@pytest.mark.parametrize(
    ("behaviour", "said"), [("stubborn", ["{}", "GUEST_PANICKED", "STOP"]), ("absent", ["{}"])]
)
def test_who_is_there_can_crash(
    guest: Guest, client: MemoryClient, behaviour: str, said: list[str]
) -> None:
    client.machine.actions["panic"] = "pause"
    guest.behaviour, guest.crashes = behaviour, True
    guest.start()
    assert send(client, "query-status") == said


def test_one_that_was_not_started_crashes_when_it_is(guest: Guest, client: MemoryClient) -> None:
    client.machine.status = "prelaunch"
    guest.crashes = True
    guest.start()
    assert send(client, "query-status") == ["{}"]
    client.machine.actions["panic"] = "none"
    assert send(client, "cont", "query-status") == ["RESUME", "{}", "GUEST_PANICKED", "{}"]


# -- The watchdog ---------------------------------------------------------------------------------


def described(event: dict[str, Any]) -> str:
    """An event, with what it says was done, or why."""
    data = event.get("data", {})
    return " ".join([event["event"], *(data[key] for key in ("action", "reason") if key in data)])


@pytest.mark.parametrize(
    ("action", "said", "status", "ends"),
    [
        ("reset", ["RESET guest-reset"], "running", False),
        ("shutdown", ["POWERDOWN"], "running", False),
        ("poweroff", [], "running", True),
        ("pause", ["STOP"], "watchdog", False),
        ("none", [], "running", False),
        ("debug", [], "running", False),
        ("inject-nmi", [], "running", False),
    ],
)
def test_a_watchdog_that_bites(
    guest: Guest,
    machine: Machine,
    action: str,
    said: list[str],
    status: str,
    ends: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    heard: list[str] = []
    machine.listeners.append(lambda event: heard.append(described(event)))
    machine.actions["watchdog"] = action
    guest.watchdog()
    assert heard == [f"WATCHDOG {action}", *said]
    assert (machine.status, machine.shutting_down) == (status, ends)
    fired = "watchdog: timer fired\n" if action == "debug" else ""
    assert capsys.readouterr().err == fired
    machine.end()
    assert machine.shutting_down
