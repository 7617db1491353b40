"""Scripts of a daemon, as a suite in another language uses them: a file, and a second monitor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.testing import Client, DaemonProcess


@pytest.fixture
def daemon(tmp_path: Path, path: str) -> Iterator[DaemonProcess]:
    responses = tmp_path / "responses"
    line = {"command": "query-status", "error": "busy", "error-class": "Busy", "nth": 1}
    responses.write_text(json.dumps(line))
    with DaemonProcess("--control", f"unix:{path}", "--respond", str(responses)) as made:
        yield made


@pytest.fixture
def control(daemon: DaemonProcess, path: str) -> Iterator[Client]:
    with Client.connect(path) as made:
        made.negotiate()
        yield made


def names(client: Client, command: str) -> set[str]:
    return {each["name"] for each in client.execute(command)}


def test_a_suite_scripts_and_asserts(daemon: DaemonProcess, control: Client) -> None:
    control.execute("x-respond", {"command": "migrate-frob", "value": [1, 2]})
    with daemon.client() as client:
        assert client.request("query-status")["error"] == {"class": "Busy", "desc": "busy"}
        assert client.execute("query-status")["status"] == "running"
        assert client.execute("migrate-frob", {"uri": "a"}) == 1
        control.execute("x-emit", {"event": "NEWS", "data": {"a": 1}})
        assert client.receive_event()["data"] == {"a": 1}
        found = control.execute("x-query-history", {"command": "migrate-frob"})
        (request,) = [entry["message"] for entry in found]
        assert request["arguments"] == {"uri": "a"}
        (left,) = control.execute("x-query-left-over")
        assert left["description"] == "1 of 2 responses to 'migrate-frob' were not used"
        control.execute("x-script-reset")
        assert client.request("migrate-frob")["error"]["class"] == "CommandNotFound"
    found = control.execute("x-query-history")
    assert {entry["monitor"] for entry in found} == {"compat_monitor0"}


def test_the_monitor_under_test_is_qemus(daemon: DaemonProcess, control: Client) -> None:
    with daemon.client() as client:
        for question in ("query-commands", "query-qmp-schema"):
            ours = names(control, question) - names(client, question)
            assert {"x-respond", "x-emit", "x-query-history"} <= ours
        for command in ("x-respond", "x-script-reset", "x-nope"):
            error = client.request(command)["error"]
            assert error["desc"] == f"The command {command} has not been found"


async def test_a_schema_needs_commands_for_a_monitor_of_control(
    in_process: Any, tmp_path: Path, path: str
) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text("{ 'command': 'query-name' }")
    arguments = ("--schema", str(schema), "--control", f"unix:{path}")
    said = await in_process.refused("-nodefaults", *arguments)
    assert "The schema has no commands that control scripts: let it include '/" in said


async def test_a_file_is_refused_with_its_line(in_process: Any, tmp_path: Path) -> None:
    responses = tmp_path / "responses"
    responses.write_text("[]")
    said = await in_process.refused("-nodefaults", "--respond", str(responses))
    assert said.startswith(f"prog:{responses}:1: A response is an object")
    said = await in_process.refused("-nodefaults", "--respond", "/nope")
    assert said == "prog: --respond /nope: Could not open '/nope': No such file or directory\n"
