"""The command iothread-lab."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from qmp_iothreadd import lab as package
from qmp_iothreadd.lab import cli
from qmp_iothreadd.lab.commands import simulate as commands_simulate
from tests.lab.test_traces import LOG

QUICK = ("simulate", "--requests", "5000")


def lab(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(arguments) == 0
    return capsys.readouterr().out


def test_it_is_installed() -> None:
    [entry] = entry_points(group="console_scripts", name="iothread-lab")
    assert entry.load() is cli.main


@pytest.mark.parametrize("name", package.__all__)
def test_each_name_is_there(name: str) -> None:
    assert getattr(package, name)


def test_a_command_loads_no_more_than_it_needs() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        package.nope  # noqa: B018
    code = "import sys; from qmp_iothreadd.lab import cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = {each for each in done.stdout.split() if each.startswith("qmp_iothreadd.")}
    assert found == {"qmp_iothreadd.lab", "qmp_iothreadd.lab.cli"}


def test_simulate_prints_a_line_for_each_set(capsys: pytest.CaptureFixture[str]) -> None:
    head, *lines = lab(
        capsys, *QUICK, "--weight", "1,2", "--max-ns", "0,9000", "--policy", "weighted,clairvoyant"
    ).splitlines()
    assert "found by polling" in head
    # The clairvoyant has no weight.
    assert [line.split()[:5] for line in lines] == [
        ["weighted", "0", "2", "2", "1"],
        ["weighted", "0", "2", "2", "2"],
        ["weighted", "9000", "2", "2", "1"],
        ["weighted", "9000", "2", "2", "2"],
        ["clairvoyant", "0", "2", "2", "1"],
        ["clairvoyant", "9000", "2", "2", "1"],
    ]


def test_each_result_says_how_far_from_the_limit_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    words = (*QUICK, "--preset", "exponential", "--policy", "weighted,clairvoyant", "--json", "-")
    weighted, limit = json.loads(lab(capsys, *words))["results"]
    assert weighted["cpu_over_clairvoyant"] > 0.5
    assert weighted["latency_over_clairvoyant"] > 0.1
    assert limit["cpu_over_clairvoyant"] == pytest.approx(0)
    assert limit["latency_over_clairvoyant"] == pytest.approx(0)


def test_the_same_seed_gives_the_same_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (*QUICK, "--preset", "exponential", "--json", "-")
    first = lab(capsys, *arguments, "--seed", "4")
    assert first == lab(capsys, *arguments, "--seed", "4")
    assert first != lab(capsys, *arguments, "--seed", "5")
    read = json.loads(first)
    assert (read["command"], read["seed"], read["requests"]) == ("simulate", 4, 5000)
    [result] = read["results"]
    assert result["params"]["policy"] == "weighted"
    assert sum(count for _, count in result["latency_histogram"]) == 5000
    assert result["p50_ns"] <= result["p99_ns"]


def test_results_go_to_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = tmp_path / "found.json", tmp_path / "found.csv"
    out = lab(capsys, *QUICK, "--weight", "1,2", "--json", str(paths[0]), "--csv", str(paths[1]))
    assert out.startswith("policy")
    assert len(json.loads(paths[0].read_text())["results"]) == 2
    head, *lines = paths[1].read_text().splitlines()
    assert head.startswith("max_ns,grow,shrink,weight,policy,requests,")
    assert [line.split(",")[3] for line in lines] == ["1", "2"]


def test_phases_are_given_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    phases = "constant,interval-ns=9000,lasts-ns=100000", "exponential,lasts-ns=500000"
    out = lab(
        capsys, *QUICK, *(word for each in phases for word in ("--phase", each)), "--json", "-"
    )
    assert json.loads(out)["load"] == (
        "phases (constant (every 9000 ns) for 100000 ns; exponential (mean 30000 ns) for 500000 ns)"
    )


def test_a_load_is_served_by_a_device(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "latencies"
    table.write_text("7000\n9000\n")
    for device, said in (
        ("nvme", "on nvme (median 8000 ns, sigma 0.15)"),
        ("constant,latency-ns=7000", "on device (7000 ns)"),
        (f"table,file={table}", "on device (its table)"),
    ):
        words = ("--device", device, "--depth", "4", "--think-ns", "9000", "--queues", "2")
        read = json.loads(lab(capsys, *QUICK, *words, "--iothreads", "2", "--json", "-"))
        assert read["load"] == (
            f"closed loop (4 at a time, 9000 ns between), {said}, 2 queues, 2 iothreads"
        )
        names = [each["name"] for each in read["results"][0]["handlers"]]
        assert names == ["queue0", "queue1", "device"]


def test_a_log_is_imported_and_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, kept = tmp_path / "trace.log", tmp_path / "run.lab"
    log.write_text(LOG)
    assert lab(capsys, "import", str(log), str(kept)) == (
        f"{kept}: 2 steps of 2 handlers, from adjust-log\n"
    )
    replayed = json.loads(lab(capsys, "replay", "--trace", str(kept), "--json", "-"))
    assert replayed["results"][0]["handler_ns"] == [5717, 900]
    table = lab(capsys, "replay", "--trace", str(log))
    assert table.splitlines()[1].split()[5:] == ["3612", "2408", "1", "1", "0", "2"]
    simulated = lab(capsys, *QUICK, "--trace", str(kept), "--json", "-")
    assert json.loads(simulated)["load"] == str(kept)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trace", "/nonexistent"], "No such file or directory: '/nonexistent'"),
        (["--preset", "constant", "--arrival", "constant"], "--preset and --arrival exclude each"),
        (["--preset", "constant", "--on-ns", "5"], "--on-ns is for --arrival, not for --preset"),
        (["--at-end", "stop"], "--at-end is for --trace"),
        (["--trace", ""], "no such file, and none of the traces that come with the lab"),
        (["--phase", "constant,lasts-ns=5", "--sigma", "1"], "--sigma is for --arrival"),
        (["--weight", "64"], "weight must be from 0 to 63, not 64"),
        (["--arrival", "constant", "--interval-ns", "0"], "interval_ns must be from 1 to"),
        (["--json", "/nonexistent/f"], "No such file or directory: '/nonexistent/f'"),
    ],
)
def test_what_does_not_fit_is_said(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert cli.main([*QUICK, *arguments]) == 1
    said = capsys.readouterr().err
    assert said.startswith("iothread-lab: ")
    assert message in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "arguments are required: COMMAND"),
        ([*QUICK, "--weight", "1,x"], "expected integers with commas between, not '1,x'"),
        ([*QUICK, "--policy", "best"], "'best' is no policy: choose of weighted, legacy"),
        ([*QUICK, "--phase", "constant"], "'constant' lacks lasts-ns=N"),
        ([*QUICK, "--phase", "constant,lasts-ns=x"], "lasts-ns=x: invalid literal for int()"),
        ([*QUICK, "--phase", "constant,nope=1,lasts-ns=5"], "'nope=1' is none of interval-ns=N,"),
        ([*QUICK, "--device", "tape"], "'tape' is no device: choose of nvme, ssd, network, disk,"),
        ([*QUICK, "--device", "constant,sigma=20"], "sigma must be from 0 to 10, not 20.0"),
        ([*QUICK, "--device", "table,file=/nonexistent"], "No such file or directory"),
        ([*QUICK, "--phase", "poisson,lasts-ns=5"], "arrival must be one of constant,"),
        (["replay"], "arguments are required: --trace"),
    ],
)
def test_words_that_are_none_are_said(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_closed_streams_are_as_if_nobody_listened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "found.json"
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    try:
        assert cli.main([*QUICK, "--json", str(path)]) == 0
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.close()
    assert json.loads(path.read_text())["command"] == "simulate"


def test_interrupted_it_ends_as_a_shell_expects(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands_simulate, "simulate", interrupt)
    assert cli.main([*QUICK]) == 130


def test_a_table_for_a_page_of_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "found.json"
    shown = lab(capsys, *QUICK, "--weight", "1,2", "--markdown", "--json", str(path))
    head, rule, *lines = shown.splitlines()
    assert head.startswith("| policy | max-ns | grow | shrink | weight | found by polling |")
    assert rule.startswith("| --- | ---: |")
    assert [line.split(" | ")[4] for line in lines[:2]] == ["1", "2"]
    assert "--markdown" not in json.loads(path.read_text())["command_line"]
    assert head in lab(capsys, "report", str(path), "--markdown").splitlines()
