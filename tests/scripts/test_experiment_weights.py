"""scripts/experiment-weights measures each setting; what it finds is the machine's affair."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
DAEMON = f"{sys.executable} -m qmp_iothreadd"
SETTINGS = ["legacy", *(f"weight {weight}" for weight in range(1, 7))]


def experiment(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The script in the tests' own environment, instead of one that it would prepare."""
    command = [sys.executable, "-m", "experimentlib", *arguments]
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


def test_it_runs_legacy_and_six_weights_on_one_load(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    options = ("--seconds", "0.2", "--runs", "1", "--interval-us", "20", "--markdown")
    done = experiment("--command", DAEMON, *options, "--json", str(file))
    assert done.returncode == 0, done.stderr
    head, _, *rows = done.stdout.partition("\n\n")[0].splitlines()
    assert head.startswith("|  | found by polling | CPU per event | p50 | p99 | mean poll_ns |")
    assert [row.split("|")[1].strip() for row in rows] == SETTINGS
    assert "2 iothreads, each with a workload of lognormal intervals (median 20 µs" in done.stdout
    document = json.loads(file.read_text())
    assert document["load"]["interval_ns"] == 20_000
    assert [setting["name"] for setting in document["settings"]] == SETTINGS
    for setting in document["settings"]:
        (figures,) = setting["values"]
        assert figures == setting["median"]
        assert 0 <= figures["polled"] <= 1
    assert sum(setting["median"]["events_per_second"] for setting in document["settings"]) > 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--seconds", "0"), "'0' is not a number above 0"),
        (("--depth", "-1"), "'-1' is not a number of 1 or more"),
        (("--command", "/nosuch"), "/nosuch: no such program"),
        (("--command", "false"), "ended at start with status 1"),
        (("--json", "/nosuch/x", "--seconds", "0.01", "--runs", "1"), "cannot write /nosuch/x"),
    ],
)
def test_it_says_what_is_wrong(arguments: tuple[str, ...], text: str) -> None:
    done = experiment("--command", DAEMON, *arguments)
    assert done.returncode != 0
    assert text in done.stderr
