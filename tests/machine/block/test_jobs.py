"""Background jobs: how many there are, what is asked of them when."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.background_work import BackgroundWork
from qmp_iothreadd.machine.block import jobs as module
from qmp_iothreadd.machine.block.jobs import Jobs
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing import make_machine


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = make_machine()
    yield made
    made.close()


async def succeed() -> None:
    """What a job does that has nothing to do."""


def test_so_many_jobs_wait_to_be_dismissed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "JOBS_MAX", 2)
    jobs = machine.part(Jobs)
    for id in "ab":
        jobs.start(id, "create", succeed)
    with pytest.raises(QmpError, match="2"):
        jobs.start("c", "create", succeed)
    machine.part(BackgroundWork).run()
    jobs.dismiss("a")
    jobs.start("c", "create", succeed)
    assert [(job.id, job.status) for job in jobs.jobs] == [("c", "running"), ("b", "concluded")]


@pytest.mark.parametrize(
    ("verb", "message"),
    [
        ("resume", "Can't resume a job that was not paused"),
        ("dismiss", "Job 'a' in state 'running' cannot accept command verb 'dismiss'"),
        ("complete", "Job 'a' in state 'running' cannot accept command verb 'complete'"),
    ],
)
def test_what_is_asked_at_the_wrong_time(machine: Machine, verb: str, message: str) -> None:
    jobs = machine.part(Jobs)
    jobs.start("a", "create", succeed)
    with pytest.raises(QmpError, match=message):
        jobs.find("a", verb)
    assert jobs.find("a", "pause").id == "a"
    with pytest.raises(QmpError, match="Job not found"):
        jobs.find("b", verb)
