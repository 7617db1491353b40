"""Every step on every server in turn, several times: A B A B …, so that noise meets them all."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import pathlib
import tempfile
from collections.abc import Sequence

from benchlib.machine import OtherWork
from benchlib.measures import Pace, Step, Subject
from benchlib.results import Outcome, ServerSamples
from benchlib.servers import Command, running
from benchlib.terminal import Progress


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to measure, on which servers, and how often."""

    commands: Sequence[Command]
    steps: Sequence[Step]
    pace: Pace
    runs: int


def run(plan: Plan) -> Outcome:
    """Measure. Nothing is dropped, but an unmeasured first start goes before."""
    other_work = OtherWork()
    samples = [ServerSamples(command=command) for command in plan.commands]
    progress = Progress(len(samples) * (plan.runs * len(plan.steps) + 1))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, progress:
        cache = pathlib.Path(folder)
        for server_samples in samples:
            progress.step(f"first start of {server_samples.command.name}")
            with running(server_samples.command, cache) as server:
                server_samples.version = server.version
        for number in range(plan.runs):
            _alternate(plan, cache, samples, progress, f"run {number + 1} of {plan.runs}")
    return Outcome(samples, plan.runs, other_work.cpus())


def _alternate(
    plan: Plan,
    cache: pathlib.Path,
    samples: Sequence[ServerSamples],
    progress: Progress,
    label: str,
) -> None:
    """All servers run throughout, so that they take turns step by step; the idle ones sleep."""
    with contextlib.ExitStack() as stack:
        subjects = [
            Subject(command, stack.enter_context(running(command, cache)), cache)
            for command in plan.commands
        ]
        gc.disable()
        stack.callback(gc.enable)
        for step in plan.steps:
            for subject, server_samples in zip(subjects, samples, strict=True):
                progress.step(f"{label}: {step.title}, {subject.command.name}")
                server_samples.add(step.take(subject, plan.pace))
