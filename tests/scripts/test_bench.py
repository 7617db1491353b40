"""scripts/bench on two stand-ins for a QMP server, one prompt, one with 5 ms per request.

What it says of real servers depends on the machine; that one is slower than the other does not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"

NOT_ALONE = "warning: the machine was not left alone; rates and p99 suffer.\n"

STAND_IN = """
import json, socket, sys, time

delay = float(sys.argv[1])
options = sys.argv[sys.argv.index("-qmp") + 1]
listener = socket.socket(socket.AF_UNIX)
listener.bind(options.removeprefix("unix:").split(",")[0])
listener.listen()
client, _ = listener.accept()
version = {"qemu": {"micro": 3, "minor": 2, "major": 1}, "package": ""}

def send(message):
    client.sendall(json.dumps(message).encode() + b"\\r\\n")

send({"QMP": {"version": version, "capabilities": []}})
iothreads = []
for line in client.makefile():
    request = json.loads(line)
    arguments = request.get("arguments", {})
    time.sleep(delay)
    reply = {"return": {}}
    match request["execute"]:
        case "query-iothreads":
            reply = {"return": [{"id": name, "thread-id": 1} for name in iothreads]}
        case "object-add":
            iothreads.append(arguments["id"])
        case "object-del":
            iothreads.remove(arguments["id"])
        case "qom-set" | "qom-get" if "bench" not in iothreads:
            reply = {"error": {"class": "DeviceNotFound", "desc": "no bench"}}
    if "id" in request:
        reply["id"] = request["id"]
    send(reply)
    if request["execute"] == "quit":
        break
"""


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The script in the tests' own environment, instead of one that it would prepare."""
    command = [sys.executable, "-m", "benchlib", *arguments]
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The command of a stand-in, without its last argument: the delay in seconds."""
    source = tmp_path_factory.mktemp("stand-in") / "server.py"
    source.write_text(STAND_IN)
    return f"{sys.executable} {source}"


@pytest.fixture(scope="module")
def measured(stand_in: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The JSON of one quick run: the prompt server in this daemon's place, against the slow one."""
    file = tmp_path_factory.mktemp("bench") / "bench.json"
    steps = ["start", "memory", "round trips", "pipelined", "objects", "long id"]
    finished = bench(
        *("--command", f"{stand_in} 0", "--against", f"{stand_in} 0.005"),
        *("--quick", "--runs", "1", "--targets", "--json", str(file)),
        *(word for step in steps for word in ("--only", step)),
    )
    assert finished.returncode == 0, finished.stderr
    assert not finished.stderr.replace(NOT_ALONE, "")
    document: dict[str, Any] = json.loads(file.read_text())
    document["printed"] = finished.stdout
    return document


def rows(measured: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in measured["measures"]}


def figures(row: dict[str, Any]) -> tuple[float, float]:
    prompt, slow = row["median"].values()
    return prompt, slow


def test_names_both_servers_and_their_versions(measured: dict[str, Any]) -> None:
    assert len({server["name"] for server in measured["servers"]}) == 2
    assert {server["version"] for server in measured["servers"]} == {"1.2.3"}


@pytest.mark.parametrize("command", ["query-version", "query-iothreads", "qom-set", "qom-get"])
def test_a_round_trip_includes_the_time_the_server_takes(
    measured: dict[str, Any], command: str
) -> None:
    prompt, slow = figures(rows(measured)[f"{command}-p50"])
    assert slow >= 5_000_000
    assert prompt < slow
    # The slowest of the prompt server's is as long as the machine is busy with something else.
    _, slowest = figures(rows(measured)[f"{command}-p99"])
    assert slowest >= slow


@pytest.mark.parametrize("window", [1, 8, 64])
def test_requests_per_second_are_bounded_by_the_time_a_request_takes(
    measured: dict[str, Any], window: int
) -> None:
    prompt, slow = figures(rows(measured)[f"query-iothreads-window-{window}"])
    assert 0 < slow <= 200
    assert prompt > slow


def test_objects_a_second_are_bounded_by_the_time_a_request_takes(measured: dict[str, Any]) -> None:
    for key in ("object-add", "object-del"):
        prompt, slow = figures(rows(measured)[key])
        assert 0 < slow <= 200
        assert prompt > slow


def test_resident_memory_is_that_of_the_server_process(measured: dict[str, Any]) -> None:
    for resident, share in zip(
        figures(rows(measured)["rss"]), figures(rows(measured)["pss"]), strict=True
    ):
        assert 4 << 20 < resident < 100 << 20  # a bare Python
        assert share <= resident


def test_a_ratio_is_ours_to_theirs(measured: dict[str, Any]) -> None:
    for row in measured["measures"]:
        prompt, slow = figures(row)
        assert list(row["ratio"].values()) == [pytest.approx(prompt / slow)]


def test_a_target_is_judged_in_its_direction(measured: dict[str, Any]) -> None:
    lower, higher = rows(measured)["qom-set-p50"], rows(measured)["object-add"]
    assert lower["target"]["met"] == (next(iter(lower["ratio"].values())) <= 0.25)
    assert higher["target"]["met"] == (next(iter(higher["ratio"].values())) >= 4)
    missed = [row for row in measured["measures"] if row.get("target", {}).get("met") is False]
    assert measured["printed"].count("✗ missed") == len(missed)


def test_prints_markdown(stand_in: str) -> None:
    arguments = ["--command", f"{stand_in} 0", "--quick", "--runs", "1", "--only", "start"]
    head, rule, row = bench(*arguments, "--markdown").stdout.splitlines()[:3]
    assert head.endswith(" 1.2.3 |")
    assert rule == "| --- | ---: |"
    assert row.startswith("| time to greeting | ")


def test_says_what_a_server_printed_that_ends_at_start() -> None:
    finished = bench("--command", f"{sys.executable} -c 'exit(\"no such option\")'", "--quick")
    assert finished.returncode == 1
    assert "ended at start with status 1\nIt printed:\nno such option" in finished.stderr


def test_says_what_to_do_about_a_missing_program() -> None:
    finished = bench("--command", sys.executable, "--against", "no-such-qemu")
    assert finished.returncode == 1
    assert finished.stderr.startswith("error: no-such-qemu: no such program. Give its path")


def test_blames_the_server_that_refuses_a_command(stand_in: str, tmp_path: Path) -> None:
    refusing = tmp_path / "refusing.py"
    refusing.write_text(STAND_IN.replace('case "object-add"', 'case "nothing"'))
    finished = bench(
        *("--command", f"{stand_in} 0", "--against", f"{sys.executable} {refusing} 0"),
        *("--quick", "--only", "round trips"),
    )
    assert finished.returncode == 1
    assert finished.stderr.startswith(f"error: {sys.executable} {refusing} 0 -M none")
    assert '{"error": {"class": "DeviceNotFound", "desc": "no bench"}}' in finished.stderr
