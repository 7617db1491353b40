"""The traces that come with the lab are what their recipes make."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from qmp_iothreadd.lab import Params, Trace, cli, corpus, replay
from qmp_iothreadd.lab.corpus import recipes

DOCUMENT = Path(__file__).parents[2] / "docs" / "traces.md"


def test_each_trace_has_a_recipe_that_is_documented() -> None:
    shows = {name: recipe.shows for name, recipe in recipes.RECIPES.items()} | recipes.RECORDED
    assert corpus.names() == sorted(shows)
    text = DOCUMENT.read_text()
    assert [name for name, what in shows.items() if f"| `{name}` | {what} |" not in text] == []


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_a_recipe_makes_its_trace(name: str) -> None:
    kept, made = Trace.load(name), recipes.make(name)
    assert (len(kept), kept.handlers) == (len(made), made.handlers)
    assert bytes(memoryview(kept.events)) == bytes(memoryview(made.events))
    pairs = zip(memoryview(kept.intervals), memoryview(made.intervals), strict=True)
    assert all(abs(one - other) <= 2 for one, other in pairs)  # libraries round otherwise


def test_what_was_recorded_is_of_polling() -> None:
    trace = Trace.load("recorded-lognormal")
    [found] = replay(trace.intervals, trace.events, Params(), handlers=trace.handlers)
    assert found.grown > 100
    assert found.shrunk > 100


def test_they_are_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["recipes", str(tmp_path)])
    monkeypatch.delitem(sys.modules, recipes.__name__)
    runpy.run_module(recipes.__name__, run_name="__main__")
    assert {path.stem for path in tmp_path.iterdir()} == recipes.RECIPES.keys()


def test_a_name_that_is_none_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["replay", "--trace", "stady"]) == 1
    said = capsys.readouterr().err
    assert "no such file, and none of the traces that come with the lab (bimodal, bursts," in said
    assert cli.main(["replay", "--trace", "steady"]) == 0
