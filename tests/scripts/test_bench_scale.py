"""The steps of scripts/bench that only this daemon is asked, with few clients and iothreads."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from benchlib import scale
from benchlib.errors import BenchError
from benchlib.measures import QUICK, Subject
from benchlib.results import TARGETS
from benchlib.servers import Command, own_command, running


def test_each_figure_is_measured_and_has_a_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale, "CLIENTS", 20)
    monkeypatch.setattr(scale, "SCALE_IOTHREADS", 20)
    command = own_command()
    figures: dict[str, float] = {}
    with running(command, tmp_path) as live:
        for step in scale.SCALE_STEPS:
            figures |= step.take(Subject(command, live, tmp_path), QUICK)
    assert figures.keys() == {measure.key for measure in scale.SCALE_MEASURES}
    assert figures.keys() <= TARGETS.keys()
    assert all(figure > 0 for figure in figures.values())
    # The first of 20 are answered within what a client waits for an answer at most.
    assert figures["clients"] > 20 / 60


def test_other_servers_are_not_asked(tmp_path: Path) -> None:
    command = Command("other", ("other",))
    with running(own_command(), tmp_path) as live:
        subject = Subject(command, live, tmp_path)
        assert all(step.take(subject, QUICK) == {} for step in scale.SCALE_STEPS)


def test_room_for_descriptors_is_given_back() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = (hard // 2, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
    with scale.room_for(before[0]):
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > before[0]
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_more_descriptors_than_are_allowed_are_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (10, 1000))
    refusal = pytest.raises(BenchError, match="1100 descriptors are needed, and 1000 allowed: rai")
    with refusal, scale.room_for(1000):
        pass
