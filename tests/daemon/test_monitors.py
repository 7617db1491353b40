"""Monitors come and go: on the command line, by object-add, with the client that leaves."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import Client, DaemonProcess
from tests.daemon.monitors import add, delete, in_use, objects
from tests.waiting import wait_until

GREETING = b"QEMU 11.1.3 monitor - type 'help' for more information\r\n(qemu) "


# -- On the command line --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "option",
    [
        "monitor-qmp,id=m,chardev=s",
        '{"qom-type": "monitor-qmp", "id": "m", "chardev": "s"}',
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_monitor_object_is_made_after_all_character_devices(
    option: str, first: bool, path: str
) -> None:
    chardev = ("-chardev", f"socket,id=s,path={path},server=on,wait=off")
    arguments = ("-object", option, *chardev) if first else (*chardev, "-object", option)
    with DaemonProcess(*arguments) as daemon, Client.connect(path) as client:
        client.negotiate()
        assert set(objects(client)) == {"m", "compat_monitor0"}
        assert daemon.stderr == ""


def test_every_way_makes_the_same_object(path: str) -> None:
    with (
        DaemonProcess(
            *("-chardev", "null,id=a", "-mon", "chardev=a,mode=control,pretty=on,id=x"),
            *("-chardev", "null,id=b", "-object", "monitor-qmp,id=y,chardev=b,pretty=on"),
            *("-chardev", "null,id=c", "-mon", "c"),
            *("-qmp-pretty", "null", "-monitor", "null"),
        ) as daemon,
        daemon.client() as client,
    ):
        found = {
            name: client.execute("qom-list-get", {"paths": [f"/objects/{name}"]})[0]["properties"]
            for name in objects(client)
        }
        shown = {
            name: {each["name"]: each["value"] for each in properties}
            for name, properties in found.items()
        }
        qmp = {"type": "monitor-qmp", "pretty": True, "close-action": "none"}
        hmp = {"type": "monitor-hmp", "readline": True}
        assert shown == {
            "compat_monitor0": {**qmp, "chardev": "compat_monitor0", "pretty": False},
            "compat_monitor1": {**qmp, "chardev": "compat_monitor1"},
            "compat_monitor2": {**hmp, "chardev": "compat_monitor2"},
            "compat_monitor3": {**hmp, "chardev": "c"},
            "x": {**qmp, "chardev": "a"},
            "y": {**qmp, "chardev": "b"},
        }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("-object monitor-qmp,id=m,chardev=zz", 'chardev "zz" not found'),
        ("-object monitor-qmp,id=m,chardev=c -mon c", "-mon c: chardev 'c' is already in use"),
        ("-mon c,id=m -mon c", "-mon c: chardev 'c' is already in use"),
        (
            "-object iothread,id=compat_monitor1 -mon c",
            "-mon c: attempt to add duplicate property 'compat_monitor1' to object "
            "(type 'container')",
        ),
        ("-mon zz", '-mon zz: chardev "zz" not found'),
        ("-mon mode=control", "-mon mode=control: Parameter 'chardev' is missing"),
        ("-mon mode=x", "-mon mode=x: Parameter 'mode' does not accept value 'x'"),
        ("-mon c,pretty=on", "-mon c,pretty=on: 'pretty' is not compatible with HMP monitors"),
        ("-qmp chardev:zz", '-qmp chardev:zz: chardev "zz" not found'),
        # Late objects come after the machine, and monitors after them.
        ("-object monitor-qmp,id=m,chardev=zz -mon mode=x", 'chardev "zz" not found'),
        (
            "-object monitor-qmp,id=m,chardev=zz -object iothread,id=a,poll-weight=64",
            "poll-weight value must be in range [0, 63]",
        ),
    ],
)
def test_what_cannot_be_made_ends_the_start(arguments: str, said: str) -> None:
    with pytest.raises(RuntimeError) as raised:
        DaemonProcess("-chardev", "null,id=c", *arguments.split(" ")).__enter__()
    assert str(raised.value).rstrip("\n").split("qmp-iothreadd: ")[-1] == said


# -- While it runs --------------------------------------------------------------------------------


def test_a_monitor_on_a_socket_greets_who_is_there_and_who_comes(
    daemon: DaemonProcess, path: str
) -> None:
    with daemon.client() as client, Client.connect(path) as early:
        early.send(b'{"execute": "qmp_capabilities"}')
        assert in_use(client) == {"compat_monitor0": True, "s": False, "n": False}
        add(client)
        assert in_use(client) == {"compat_monitor0": True, "s": True, "n": False}
        assert "QMP" in json.loads(early.receive_line())
        assert json.loads(early.receive_line()) == {"return": {}}
        assert early.execute("query-name") == {}
    with Client.connect(path) as late:
        late.negotiate()


def test_a_deleted_monitor_leaves_its_client_unheard_and_another_greets_it(
    daemon: DaemonProcess, path: str
) -> None:
    with daemon.client() as client:
        add(client)
        with Client.connect(path) as other:
            other.negotiate()
            delete(client)
            assert in_use(client)["s"] is False
            client.execute("stop")  # an event, which only those who are served hear
            other.send(b'{"execute": "query-name", "id": 1}')
            add(client, id="again")
            assert "QMP" in json.loads(other.receive_line())
            reply = json.loads(other.receive_line())
            assert (reply["id"], reply["error"]["class"]) == (1, "CommandNotFound")


def test_a_hundred_monitors_come_and_go_and_leave_nothing(daemon: DaemonProcess, path: str) -> None:
    with daemon.client() as client:
        with pytest.raises(QmpError):
            delete(client, "nope")  # the texts of errors are loaded, for which files are opened
        before = daemon.descriptor_count(), len(daemon.threads()), objects(client)
        for number in range(100):
            add(client, id=f"m{number}")
            if number % 3:
                with Client.connect(path) as other:
                    other.negotiate()
                    delete(client, f"m{number}")
            else:
                delete(client, f"m{number}")
        wait_until(
            lambda: (daemon.descriptor_count(), len(daemon.threads()), objects(client)) == before
        )
        assert in_use(client)["s"] is False


def test_events_reach_all_monitors_past_negotiation(daemon: DaemonProcess, path: str) -> None:
    with daemon.client() as client:
        add(client)
        add(client, id="nobody", chardev="n")
        with Client.connect(path) as other:
            assert "QMP" in json.loads(other.receive_line())
            client.execute("stop")
            other.send(b'{"execute": "qmp_capabilities"}')
            assert json.loads(other.receive_line()) == {"return": {}}
            client.execute("cont")
            assert other.receive_event()["event"] == "RESUME"


def test_pretty_acts_at_once(daemon: DaemonProcess) -> None:
    with daemon.client() as client:
        own = {"path": "/objects/compat_monitor0", "property": "pretty"}
        client.send({"execute": "qom-set", "arguments": {**own, "value": True}})
        assert client.receive_line() == b"{\r\n"
        assert client.receive_line() == b'    "return": {\r\n'
        assert client.receive_line() == b"    }\r\n"
        assert client.receive_line() == b"}\r\n"
        client.send({"execute": "qom-set", "arguments": {**own, "value": False}})
        assert client.receive_line() == b'{"return": {}}\r\n'


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chardev": "zz"}, 'chardev "zz" not found'),
        ({"chardev": "compat_monitor0"}, "chardev 'compat_monitor0' is already in use"),
        ({"pretty": 1}, "Invalid parameter type for 'pretty', expected: boolean"),
        ({"close-action": "x"}, "Parameter 'close-action' does not accept value 'x'"),
        ({"readline": True}, "Parameter 'readline' is unexpected"),
        ({"qom-type": "monitor"}, "Parameter 'qom-type' does not accept value 'monitor'"),
    ],
)
def test_what_is_refused_leaves_nothing(
    daemon: DaemonProcess, options: dict[str, Any], message: str
) -> None:
    with daemon.client() as client:
        before = objects(client), in_use(client)
        with pytest.raises(QmpError) as raised:
            add(client, **options)
        assert raised.value.desc == message
        assert (objects(client), in_use(client)) == before


def test_a_monitor_deletes_others_but_neither_itself_nor_human_ones(
    daemon: DaemonProcess, path: str
) -> None:
    with daemon.client() as client:
        add(client)
        add(client, **{"qom-type": "monitor-hmp", "id": "h", "chardev": "n"})
        for name, message in (
            ("compat_monitor0", "Cannot delete the current QMP monitor"),
            ("h", "Deleting HMP monitors is not supported"),
        ):
            with pytest.raises(QmpError) as raised:
                delete(client, name)
            assert raised.value.desc == message
            line = {"command-line": f"object_del {name}"}
            assert client.execute("human-monitor-command", line) == f"Error: {message}\r\n"
        with Client.connect(path) as other:
            other.negotiate()
            other.execute("object-del", {"id": "compat_monitor0"})
            assert set(objects(other)) == {"m", "h"}


def test_requests_that_wait_are_dropped_with_their_monitor(
    daemon: DaemonProcess, path: str
) -> None:
    with daemon.client() as client:
        add(client)
        with Client.connect(path) as other:
            other.negotiate("oob")
            # One who does not read: replies fill the socket, and requests wait.
            other.send(b'{"execute": "query-qmp-schema"}' * 64)
            delete(client)
            assert in_use(client)["s"] is False
            assert client.execute("query-status")["running"] is True


# -- What happens when the client leaves ----------------------------------------------------------


@pytest.mark.parametrize("later", [True, False])
def test_a_monitor_may_go_with_its_client(daemon: DaemonProcess, path: str, later: bool) -> None:
    with daemon.client() as client:
        add(client, **({} if later else {"close-action": "delete"}))
        with Client.connect(path) as other:
            other.negotiate()
            if later:
                own = {"path": "/objects/m", "property": "close-action", "value": "delete"}
                other.execute("qom-set", own)
        wait_until(lambda: objects(client) == ["compat_monitor0"])
        assert in_use(client) == {"compat_monitor0": True, "n": False}
        assert not Path(path).exists()


def test_the_end_of_standard_input_is_a_client_that_leaves() -> None:
    arguments = (
        *("-chardev", "stdio,id=s"),
        *("-object", "monitor-qmp,id=m,chardev=s,close-action=delete"),
    )
    with (
        DaemonProcess(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as daemon,
        daemon.client() as client,
    ):
        assert set(objects(client)) == {"m", "compat_monitor0"}
        assert daemon.process.stdin is not None
        assert daemon.process.stdout is not None
        daemon.process.stdin.write(b'{"execute": "qmp_capabilities"}')
        daemon.process.stdin.close()
        wait_until(lambda: objects(client) == ["compat_monitor0"])
        assert in_use(client) == {"compat_monitor0": True}
        assert daemon.stop() == 0
        said = daemon.process.stdout.read().splitlines()
        assert [list(json.loads(line)) for line in said] == [["QMP"], ["return"]]


def test_the_end_of_the_daemon_is_no_reason_to_delete(daemon: DaemonProcess, path: str) -> None:
    with daemon.client() as client, Client.connect(path) as other:
        add(client, **{"close-action": "delete"})
        other.negotiate()
        assert daemon.stop() == 0
        assert [other.receive_event()["event"], other.receive_line()] == ["SHUTDOWN", b""]
        assert daemon.stderr.count("\n") == 1  # the signal, and no fault


def test_without_that_it_waits_for_the_next_one(daemon: DaemonProcess, path: str) -> None:
    with daemon.client() as client:
        add(client, **{"close-action": "none"})
        for _ in range(3):
            with Client.connect(path) as other:
                other.negotiate()
        assert set(objects(client)) == {"m", "compat_monitor0"}
