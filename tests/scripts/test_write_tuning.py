"""docs/tuning.md: each command runs, in a short form; write-tuning writes what it prints."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from benchlib.errors import BenchError
from tuninglib import document
from tuninglib.document import DOCUMENT, Step, run, steps, written

from qmp_iothreadd.lab import cli

STEPS = list(steps(DOCUMENT.read_text()))
SHORT = {
    "simulate": ("--requests", "3000"),
    "sweep": ("--requests", "3000"),
    "tune": ("--requests", "3000", "--max-ns", "32768"),
    "measure": ("--seconds", "0.02", "--runs", "3", "--oversubscribed"),
}


def test_the_document_has_commands_and_plots() -> None:
    text = DOCUMENT.read_text()
    assert len(STEPS) == text.count("$ iothread-lab") >= 7
    assert [step.image for step in STEPS if step.image] == [
        line.rpartition("(")[2][:-1] for line in text.splitlines() if line.startswith("![")
    ]
    for step in STEPS:
        if step.image:
            assert ElementTree.parse(DOCUMENT.parent / step.image).getroot().tag.endswith("svg")


@pytest.mark.parametrize("step", STEPS, ids=lambda step: " ".join(step.arguments[:3]))
def test_a_command_of_the_document_runs(step: Step, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*step.arguments, *SHORT.get(step.arguments[0], ())]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 1


def test_what_a_command_prints_takes_the_place_of_what_stands_there(tmp_path: Path) -> None:
    words = "simulate --requests 2000 --policy weighted,fixed"
    text = f"# A\n\n```console\n$ iothread-lab {words}\nold\n```\n\n![a](t/b.pareto.svg)\n\nEnd\n"
    [step] = steps(text)
    assert step == Step(tuple(words.split()), "t/b.pareto.svg")
    assert not step.is_measured
    printed = run(step, tmp_path)
    assert printed.startswith("policy")
    new = written(text, {step: printed})
    assert new == text.replace("old\n", printed)
    assert written(new, {step: printed}) == new
    assert written(text, {}) == text
    image = ElementTree.parse(tmp_path / "t" / "b.pareto.svg").getroot()
    assert {"weighted", "fixed", "front"} <= {each.text for each in image.iter()}


def test_what_fails_is_said(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="--weight 64 failed: iothread-lab: weight must be"):
        run(Step(("simulate", "--weight", "64"), None), tmp_path)
    with pytest.raises(BenchError, match=r"a\.windows\.svg: this run has no plot windows"):
        document.picture({"results": []}, "a.windows.svg")
