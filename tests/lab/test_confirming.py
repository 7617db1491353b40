"""What was simulated, measured: fronts and recommendations on real iothreads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qmp_iothreadd.lab import PRESETS, Params, cli, confirm, confirming, sweep, tune
from qmp_iothreadd.lab.confirming import Runs, confirm_tuned, confirmable
from qmp_iothreadd.lab.measuring import NotEvidenceError
from tests.lab.test_cli import lab

# Too short to be evidence; that is for the tests of `measure`.
SHORT = Runs(seconds=0.02, runs=3, oversubscribed=True)
WORDS = ("--confirm", "--confirm-seconds", "0.02", "--runs", "3", "--oversubscribed")
SETS = [
    Params(max_ns=0),
    Params(),
    Params(max_ns=100_000, policy="fixed"),
    Params(max_ns=9000, grow=0),
]


def test_the_front_is_measured_as_far_as_an_iothread_takes_it() -> None:
    found = sweep(PRESETS["exponential"], SETS, requests=20_000)
    [name] = found.loads
    assert Params(max_ns=100_000, policy="fixed") in [each.params for each in found.front()]
    sets = confirmable(found, name)
    assert Params(max_ns=0) in sets
    assert {each.policy for each in sets} == {"weighted"}
    told: list[int] = []
    measured = confirm(found, SHORT, progress=told.append)
    assert sum(told) == len(told) == 3 * len(sets)
    for before, after in zip(found, measured, strict=True):
        assert before.measured is None
        assert "measured" not in before.to_json()
        assert (after.measured is not None) == (after.params in sets)
        if after.measured is not None:
            assert after.measured.params == after.params
            assert after.to_json()["measured"]["rounds"] == 3


def test_a_front_without_any_is_left_alone() -> None:
    found = sweep(PRESETS["constant"], Params(policy="fixed"), requests=1000)
    assert confirm(found) == found


def test_a_recommendation_is_measured_with_what_there_is_now() -> None:
    load = PRESETS["exponential"]
    found = tune(load, [Params(max_ns=0)], requests=20_000)
    assert found.params == Params(max_ns=0)
    measured = confirm_tuned(found, load, SHORT)
    now, then = (measured.result(each).measured for each in (Params(), Params(max_ns=0)))
    assert now is not None
    assert then is not None
    assert then.polled_share == 0
    assert measured.to_json() == found.to_json()


def test_the_commands_show_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "found.json"
    words = ("--preset", "exponential", "--requests", "4000", "--max-ns", "0", *WORDS)
    table = lab(capsys, "sweep", *words, "--json", str(kept))
    assert "measured found by polling" in table
    assert "oversubscribed" in table
    [row] = json.loads(kept.read_text())["results"]
    assert row["measured"]["polled_share"] == 0
    few = ("--grow", "2", "--shrink", "2", "--weight", "3")
    said = lab(capsys, "tune", *words, *few)
    assert "  measured, oversubscribed, in µs, with the interval" in said
    same = lab(capsys, "tune", *words, *few, "--goal", "p99")
    assert "keep max-ns=32768" in same
    assert "measured, " not in same


def test_what_cannot_be_measured_has_been_simulated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotEvidenceError("refused as evidence")

    monkeypatch.setattr(confirming, "measure", refuse)
    words = ("--preset", "constant", "--requests", "1000", "--max-ns", "0,9000", "--confirm")
    assert cli.main(["sweep", *words]) == 1
    said = capsys.readouterr()
    assert said.err == "iothread-lab: refused as evidence\n"
    assert "found by polling" in said.out
    assert "of 2: those on the front; --all shows all" in said.out
    few = ("--grow", "2", "--shrink", "2", "--weight", "3")
    assert cli.main(["tune", *words, *few]) == 1
    said = capsys.readouterr()
    assert said.err == "iothread-lab: refused as evidence\n"
    assert "no other set is 1 % better in" in said.out
