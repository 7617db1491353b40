"""``iothread-lab report``, and the page that every command writes."""

from __future__ import annotations

import json
import os
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.lab import cli, output, result_files
from qmp_iothreadd.lab.pages import MOST_ROWS, page

QUICK = ("simulate", "--requests", "2000", "--weight", "1,2")


@pytest.fixture
def kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The JSON of a simulation."""
    path = tmp_path / "found.json"
    assert cli.main([*QUICK, "--json", str(path)]) == 0
    capsys.readouterr()
    return path


class Page(HTMLParser):
    """What is in a page, and that its tags are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.outside: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.outside += [
            value or "" for name, value in attrs if name in ("src", "href") and value != "data:,"
        ]
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"params": {"weight": i}, "p99_ns": 5000 + i, **more} for i in range(count)]


def shown(results: list[dict[str, Any]], **about: Any) -> Page:
    return Page(page([({"command": "made", **about, "results": results}, output.SIMULATED)]))


def test_every_command_writes_a_page_with_the_data_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "found.html"
    assert cli.main([*QUICK, "--seed", "7", "--html", str(path)]) == 0
    assert capsys.readouterr().out.startswith("policy")
    read = Page(path.read_text())
    assert "iothread-lab simulate --requests 2000 --weight 1,2 --seed 7" in read.words
    assert "seed7" in read.words
    assert read.seen.count("svg") == 3  # the front, latencies, poll_ns over time
    assert read.outside == ["found.json", "found.csv"]
    results = json.loads((tmp_path / "found.json").read_text())["results"]
    assert [len(each["poll_ns_over_time"]) for each in results] == [200, 200]
    assert len((tmp_path / "found.csv").read_text().splitlines()) == 3


def test_a_file_of_another_name_is_linked(tmp_path: Path) -> None:
    html, data = tmp_path / "found.html", tmp_path / "data"
    data.mkdir()
    assert cli.main([*QUICK, "--html", str(html), "--json", str(data / "x.json")]) == 0
    assert Page(html.read_text()).outside == ["data/x.json", "found.csv"]


def test_a_page_on_standard_output_stands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*QUICK, "--html=-"]) == 0
    read = Page(capsys.readouterr().out)
    assert read.outside == []
    assert read.seen.count("svg") == 3


def test_the_json_does_not_depend_on_where_it_goes(tmp_path: Path) -> None:
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    assert cli.main([*QUICK, "--json", str(paths[0])]) == 0
    assert cli.main([*QUICK, f"--json={paths[1]}", "--html", str(tmp_path / "c.html")]) == 0
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    line = json.loads(first)["command_line"]
    assert line == "iothread-lab simulate --requests 2000 --weight 1,2"


def test_kept_results_are_shown_again(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = kept.read_bytes()
    assert cli.main(["report", str(kept), "--html", str(kept.with_suffix(".html"))]) == 0
    line, head, *lines = capsys.readouterr().out.splitlines()
    assert line.startswith("iothread-lab simulate ")
    assert "found by polling" in head
    assert len(lines) == 2
    assert kept.read_bytes() == before
    assert Page(kept.with_suffix(".html").read_text()).words.count("iothread-lab simulate") == 3


def test_several_runs_are_one_page_and_can_be_shown_again(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = tmp_path / "both.html"
    trace = tmp_path / "ns.txt"
    trace.write_text("5000\n7000\n")
    assert cli.main(["replay", "--trace", str(trace), "--json", str(tmp_path / "r.json")]) == 0
    assert cli.main(["report", str(kept), str(tmp_path / "r.json"), "--html", str(both)]) == 0
    assert "iothread-lab simulate and iothread-lab replay" in Page(both.read_text()).words
    head, *lines = (tmp_path / "both.csv").read_text().splitlines()
    assert head.startswith("command,max_ns,")
    assert [line.split(",")[0] for line in lines] == ["simulate", "simulate", "replay"]
    capsys.readouterr()
    assert cli.main(["report", str(tmp_path / "both.json"), "--csv", "-"]) == 0
    assert capsys.readouterr().out == (tmp_path / "both.csv").read_text()


def test_a_file_of_several_is_not_written_over(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = kept.read_bytes()
    words = ["report", str(kept), str(kept), "--html", str(kept.with_suffix(".html"))]
    assert cli.main(words) == 1
    assert f"{kept} would be written over: choose another name" in capsys.readouterr().err
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no JSON (Expecting property name"),
        ("[" * 100_000, "no JSON (maximum recursion depth"),
        ("[]", "no results of iothread-lab: make them with --json FILE"),
        ('{"command": "x", "results": [1]}', "no results of iothread-lab"),
        ('{"command": "x", "results": [{"params": 1}]}', "no results of iothread-lab"),
        ('{"command": 1, "results": []}', "no results of iothread-lab"),
        ('{"command": "report", "runs": []}', "no results of iothread-lab"),
        ('{"command": "report", "runs": 1}', "no results of iothread-lab"),
        ('{"command": "report"}', "no results of iothread-lab"),
    ],
)
def test_what_is_no_result_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, message: str
) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(content)
    assert cli.main(["report", str(path)]) == 1
    assert f"iothread-lab: {path}: {message}" in capsys.readouterr().err


def test_a_file_too_large_for_results_is_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    assert cli.main(["report", str(path)]) == 1
    assert "more than 268435456 bytes" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_said_before_the_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("qmp_iothreadd.lab.commands.simulate.simulate", None)
    assert cli.main([*QUICK, "--html", "/nonexistent/f.html"]) == 1
    assert "No such file or directory: '/nonexistent/f.html'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--json", "-", "--csv", "-"], "--json and --csv would both go to -: name two files"),
        (["--html", "{0}/page.json"], "--json and --html would both go to {0}/page.json"),
        (["--json", "{0}/a", "--csv", "{0}/./a"], "--json and --csv would both go to {0}/a"),
        (["--json", "{0}"], "Is a directory: '{0}'"),
        (["--csv", ""], "No such file or directory: ''"),
    ],
)
def test_files_that_cannot_be_written_are_said_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert cli.main([*QUICK, *(word.format(tmp_path) for word in words)]) == 1
    said = capsys.readouterr()
    assert message.format(tmp_path) in said.err
    assert (said.out, list(tmp_path.iterdir())) == ("", [])


def test_a_file_without_permission_is_said_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # for root there is none such
    with pytest.raises(PermissionError, match="Permission denied"):
        result_files.check_writable(str(tmp_path / "found.json"))


def test_one_device_takes_results_of_all_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*QUICK, "--json", "/dev/null", "--csv", "/dev/null"]) == 0


def test_what_was_said_of_a_run_is_in_its_page_and_harmless() -> None:
    about = {"load": "<script>alert(1)</script>", "costs": {"wake_ns": 5}, "cpus": [0, 1]}
    change = {"value": 0.5, "low": -0.1, "high": 1}
    more = {"share": 1 / 3, "cpu": change, "nothing": [], "warnings": ["few <b>requests</b>"]}
    read = shown(rows(1), **about, **more, long="x" * 5000)
    assert "script" not in read.seen
    assert "<script>alert(1)</script>" in read.words
    assert "wake_ns=5" in read.words
    assert "0; 1" in read.words
    assert "share0.3333cpu+50.0% (-10.0% to +100.0%)long" in read.words
    assert "few <b>requests</b>" in read.words
    assert "x" * 2000 + "…" in read.words


@pytest.mark.parametrize("wrong", [1, "x", [1], {"a": 1}, {"a": [1]}])
def test_a_file_of_another_make_breaks_nothing(tmp_path: Path, wrong: Any) -> None:
    path = tmp_path / "wrong.json"
    row = {"params": {"a": wrong}, "intervals": wrong, "flagged": wrong, "load": wrong}
    row |= {"simulated": wrong, "disagreements": wrong, "role": wrong}
    about = {"warnings": wrong, "change": {"value": wrong, "low": wrong, "high": 0}}
    path.write_text(json.dumps({"command": "x", **about, "results": [row, row]}))
    assert cli.main(["report", str(path), "--html", str(tmp_path / "page.html")]) == 0
    Page((tmp_path / "page.html").read_text())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('"p99_ns": 1' + "0" * 400, "iothread-lab: numbers, or lists in lists, as no"),
        # How deep is too deep, and for what first, is the interpreter's: this is, for each of them.
        (f'"load": {"[" * 100_000}{"]" * 100_000}', "wrong.json: no JSON (maximum recursion depth"),
    ],
)
def test_what_no_result_has_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str, message: str
) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(f'{{"command": "x", {more}, "results": [{{"params": {{}}, {more}}}]}}')
    assert cli.main(["report", str(path), "--html", str(tmp_path / "page.html")]) == 1
    assert message in capsys.readouterr().err


def test_of_no_results_there_is_no_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none.json"
    path.write_text('{"command": "x", "results": []}')
    for more in ([], ["--markdown"]):
        assert cli.main(["report", str(path), *more]) == 0
        assert capsys.readouterr().out == "x\n\n"


def test_ends_of_intervals_are_in_the_csv(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    row = {"params": {}, "p99_ns": 7, "intervals": {"p99_ns": [5, 9]}}
    path.write_text(json.dumps({"command": "measure", "runs": 5, "results": [row]}))
    assert cli.main(["report", str(path), "--csv", str(tmp_path / "found.csv")]) == 0
    read = (tmp_path / "found.csv").read_text()
    assert read == "p99_ns,p99_ns_low,p99_ns_high\n7,5,9\n"


def test_flagged_results_are_said_to_be() -> None:
    read = shown([*rows(2, flagged="3 % late"), *rows(1, flagged=None)])
    assert "2 of 3 results are flagged: 3 % late." in read.words


def test_where_simulation_and_measurement_differ_is_said() -> None:
    read = shown([{"params": {"weight": 1}, "disagreements": ["p99: +5 % (limit 3)"]}, *rows(1)])
    assert "weight=1: p99: +5 % (limit 3)" in read.words


def test_of_very_many_results_the_table_has_some() -> None:
    read = shown(rows(MOST_ROWS + 40))
    assert read.seen.count("tr") == MOST_ROWS + 1
    assert "40 further results are in the CSV file alone." in read.words


def test_no_results_are_said_to_be_none() -> None:
    assert "No results." in shown([]).words


def test_what_a_row_does_not_have_is_a_dash() -> None:
    read = shown([*rows(1), {"params": {"weight": 9}, "p99_ns": "?"}])
    assert "weightp99\n0" in read.words
    assert "9–" in read.words


def test_who_reads_no_further_ends_it_quietly(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert cli.main(["report", str(kept)]) == 141
    assert capsys.readouterr().err == ""
