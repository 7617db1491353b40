"""Which version of QEMU clients are told, and what it is read from."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.version import VERSION, read_known_version, read_version
from qmp_iothreadd.testing import MemoryClient, make_machine


@pytest.mark.parametrize("given", ["8.2", "8.2.0", (8, 2), (8, 2, 0), [8, 2]])
def test_a_version_is_a_text_or_numbers(given: Any) -> None:
    assert read_version(given) == (8, 2, 0)


@pytest.mark.parametrize(
    "given",
    [
        *("", "8", "8.x", "8.2.0.1", "8.-2", "8.²", "1" * 10 + ".0"),
        *((8,), (8, 2, 0, 0), (8, True), (8, -2), (8, 2.0), (8, None)),
    ],
)
def test_anything_else_is_refused_with_what_to_say(given: Any) -> None:
    with pytest.raises(ValueError, match=r'is no version of QEMU: say "8\.2", "8\.2\.0" or'):
        read_version(given)


def test_only_the_schemas_of_versions_that_are_out_are_known() -> None:
    assert read_known_version("11.1") == (11, 1, 0)
    assert read_known_version((2, 7)) == (2, 7, 0)
    with pytest.raises(ValueError, match=r"QEMU '2\.6' is older than 2\.7"):
        read_known_version("2.6")
    with pytest.raises(ValueError, match=r"QEMU '11\.2' is newer than 11\.1\.3, whose commands"):
        read_known_version("11.2")


def told(**options: Any) -> Any:
    with MemoryClient(make_machine(**options)) as client:
        greeting = client.negotiate()["QMP"]
        if "query-version" in client.machine.schema.commands:
            assert client.execute("query-version") == greeting["version"]
        client.machine.close()
    return greeting


def test_the_greeting_and_the_command_say_the_same() -> None:
    usual = dict(zip(("major", "minor", "micro"), VERSION, strict=True))
    assert told() == {"version": {"qemu": usual, "package": ""}, "capabilities": ["oob"]}
    assert told(version="8.2", package=" (ours)", capabilities=[]) == {
        "version": {"qemu": {"major": 8, "minor": 2, "micro": 0}, "package": " (ours)"},
        "capabilities": [],
    }


def test_a_version_alone_takes_nothing_away() -> None:
    machine = make_machine(version=(6, 0, 1))
    with MemoryClient(machine) as client:
        client.negotiate()
        client.execute("object-add", {"qom-type": "iothread", "id": "a", "poll-weight": 5})
    machine.close()


@pytest.mark.parametrize(("offered", "asked"), [([], ["oob"]), (["oob"], []), (["oob"], ["oob"])])
def test_what_was_not_offered_cannot_be_had(offered: list[str], asked: list[str]) -> None:
    machine = make_machine(capabilities=offered)
    with MemoryClient(machine) as client:
        client.take_greeting()
        request = {"execute": "qmp_capabilities", "arguments": {"enable": asked}}
        reply = client.exchange(request)
        if set(asked) <= set(offered):
            assert reply == {"return": {}}
            assert client.session.oob is bool(asked)
        else:
            assert reply["error"] == {
                "class": "GenericError",
                "desc": "Capability oob not available",
            }
            assert not client.session.negotiated
            client.exchange({"execute": "qmp_capabilities"})
        client.execute("query-status")
    machine.close()


def test_the_human_monitor_says_it_too() -> None:
    machine = make_machine(version="8.2.1", package=" (ours)")
    with MemoryClient(machine) as client:
        client.negotiate()
        line = {"command-line": "info version"}
        assert client.execute("human-monitor-command", line) == "8.2.1 (ours)\r\n"
    machine.close()


def test_an_older_qemu_has_what_it_had() -> None:
    machine = make_machine(qemu="8.2")
    with MemoryClient(machine) as client:
        version = client.negotiate()["QMP"]["version"]["qemu"]
        assert (version["major"], version["minor"]) == (8, 2)
        with pytest.raises(QmpError, match="Parameter 'poll-weight' is unexpected"):
            client.execute("object-add", {"qom-type": "iothread", "id": "a", "poll-weight": 5})
        client.execute("object-add", {"qom-type": "iothread", "id": "a"})
        assert "poll-weight" not in client.execute("query-iothreads")[0]
        names = {each["name"] for each in client.execute("qom-list", {"path": "/objects/a"})}
        assert {"poll-grow", "aio-max-batch"} <= names
        assert "poll-weight" not in names
        commands = {each["name"] for each in client.execute("query-commands")}
        assert "query-firmware-log" not in commands  # since 10.2
        assert "block-job-change" in commands  # since 8.2
    machine.close()


def test_before_2_12_nothing_was_offered() -> None:
    assert told(qemu="2.11")["capabilities"] == []
    assert told(qemu="2.12")["capabilities"] == ["oob"]
    assert told(qemu="2.11", capabilities=["oob"])["capabilities"] == ["oob"]


@pytest.mark.parametrize("version", ["2.7", "2.12", "4.2", "7.2", "9.1", "11.1"])
def test_the_functions_of_the_package_serve_each_version(version: str) -> None:
    machine = make_machine(qemu=version)
    with MemoryClient(machine) as client:
        client.negotiate()
        client.dispatcher.bind(machine.schema.commands)
        for name, command in machine.schema.commands.items():
            if name.startswith("query-") and command.arg_type is None:
                reply = client.exchange({"execute": name})
                assert "return" in reply or reply["error"]["class"] != "CommandNotFound"
    machine.close()
