"""The commands about the run state, the monitor itself, and what there is none of."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.chardev.peer import Peer
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing import MemoryClient, make_machine


def events(messages: list[dict[str, Any]]) -> list[str]:
    return [message["event"] for message in messages if "event" in message]


# -- Run state ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("commands", "said", "status"),
    [
        (["stop"], ["STOP"], "paused"),
        (["stop", "stop"], ["STOP"], "paused"),
        (["cont"], [], "running"),
        (["stop", "cont"], ["STOP", "RESUME"], "running"),
        (["system_reset"], ["RESET"], "running"),
        (["stop", "system_reset"], ["STOP", "RESET"], "prelaunch"),
        (["system_powerdown"], ["POWERDOWN"], "running"),
    ],
)
def test_run_state(client: MemoryClient, commands: list[str], said: list[str], status: str) -> None:
    messages = [message for each in commands for message in client.send({"execute": each})]
    assert events(messages) == said
    assert client.execute("query-status") == {"running": status == "running", "status": status}


def test_no_accelerator_is_in_use(client: MemoryClient) -> None:
    assert client.execute("query-kvm") == {"enabled": False, "present": True}


def test_what_follows_from_a_reset_can_be_said(client: MemoryClient) -> None:
    client.execute("watchdog-set-action", {"action": "none"})
    client.execute("set-action", {"reboot": "shutdown", "shutdown": "pause"})
    client.execute("system_reset")
    assert client.execute("query-status") == {"running": False, "status": "shutdown"}


def test_there_is_nothing_to_wake_up(client: MemoryClient) -> None:
    reply = client.request("system_wakeup")
    assert reply["error"]["desc"] == "wake-up from suspend is not supported by this guest"


def test_a_guest_is_woken_where_there_can_be_one(
    client: MemoryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "can_suspend", True)
    error = client.request("system_wakeup")["error"]
    assert error["desc"] == "Unable to wake up: guest is not in suspended state"
    client.machine.suspend()
    said = events(client.send({"execute": "system_wakeup"}))
    assert said == ["SUSPEND", "WAKEUP"]


def test_quit_says_why_and_runs_nothing_after(client: MemoryClient) -> None:
    messages = client.send(b'{"execute":"quit"}{"execute":"query-name"}')
    assert events(messages) == ["SHUTDOWN"]
    assert messages[1:] == [{"return": {}}]


# -- Name, version, commands ----------------------------------------------------------------------


def test_name_and_uuid_are_the_machines() -> None:
    machine: Machine = make_machine(name="é", uuid="11111111-2222-3333-4444-555555555555")
    with MemoryClient(machine) as client:
        client.negotiate()
        assert client.execute("query-name") == {"name": "é"}
        assert client.execute("query-uuid") == {"UUID": "11111111-2222-3333-4444-555555555555"}


def test_without_a_name_there_is_none(client: MemoryClient) -> None:
    assert client.execute("query-name") == {}
    assert client.execute("query-uuid") == {"UUID": "00000000-0000-0000-0000-000000000000"}


def test_the_version_is_the_greetings() -> None:
    with MemoryClient() as client:
        greeting = client.negotiate()
        assert client.execute("query-version") == greeting["QMP"]["version"]


def test_query_commands_is_complete(client: MemoryClient) -> None:
    names = [each["name"] for each in client.execute("query-commands")]
    assert len(names) == len(set(names))
    assert set(names) == set(client.machine.schema.commands)  # all have a function behind them
    for name in names:
        error = client.request(name, {"no-such-argument": 1}).get("error", {"class": ""})
        assert error["class"] != "CommandNotFound" or name == "qmp_capabilities"


def test_the_schema_names_the_commands_and_events(client: MemoryClient) -> None:
    entities = client.execute("query-qmp-schema")
    commands = {each["name"] for each in entities if each["meta-type"] == "command"}
    assert commands == {each["name"] for each in client.execute("query-commands")}
    said = {each["name"] for each in entities if each["meta-type"] == "event"}
    assert said >= {"SHUTDOWN", "RESET", "POWERDOWN", "STOP", "RESUME"}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("query-target", {"arch": "x86_64"}),
        ("query-jobs", []),
        ("query-block", []),
        ("query-fdsets", []),
        ("query-cpus-fast", []),
    ],
)
def test_what_there_is_none_of(client: MemoryClient, command: str, expected: Any) -> None:
    assert client.execute(command) == expected


# -- Character devices and yank -------------------------------------------------------------------


def test_a_character_device_is_described(client: MemoryClient) -> None:
    (device,) = client.execute("query-chardev")
    assert device["label"] == "compat_monitor0"
    assert device["frontend-open"] is True
    assert device["filename"].startswith("disconnected:unix:")
    instance = {"type": "chardev", "id": "compat_monitor0"}
    assert client.execute("query-yank") == [instance]


@pytest.mark.parametrize(
    "instance",
    [
        {"type": "chardev", "id": "nope"},
        {"type": "migration"},
        {"type": "block-node", "node-name": "a"},
    ],
)
def test_yank_does_all_or_nothing(client: MemoryClient, instance: dict[str, str]) -> None:
    class Connected(Peer):
        def cut_off(self) -> None:
            cut.append(True)

    cut: list[bool] = []
    (device,) = client.machine.chardevs
    device.peers.append(Connected(device.peers.remove))
    own = {"type": "chardev", "id": "compat_monitor0"}
    reply = client.request("yank", {"instances": [own, instance]})
    assert reply["error"] == {"class": "DeviceNotFound", "desc": "Instance not found"}
    assert cut == []
    assert client.execute("yank", {"instances": [own]}) == {}
    assert cut == [True]
