"""The command line of `scripts/bench-engine`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from benchlib import machine
from benchlib.options import (
    add_formats,
    exit_status,
    new_parser,
    positive,
    warn_if_busy,
    write_json,
)
from benchlib.results import Samples
from benchlib.servers import own_command, parse_command
from benchlib.terminal import Progress

from enginebench import daemon
from enginebench.native import programs
from enginebench.report import results, text, to_json
from enginebench.steps import QUICK, STEPS, Pace, Step

DAEMON_STEP = "daemon"
RUNS = 9
_EXAMPLES = """\
examples:
  scripts/bench-engine                                    all of it, about six minutes
  scripts/bench-engine --only polled --only waited        latencies alone
  scripts/bench-engine --against qemu-system-x86_64       … and QEMU's rate of object-add and -del

Each figure is the median of alternating runs of the engine and of a bare C program of two threads,
a CPU each: a flag in memory that is looked at all the time, an eventfd that epoll waits for.
Leave the machine alone meanwhile.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status (1: something could not be measured)."""
    options = _parser().parse_args(arguments)
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    runs, pace = (options.runs or 1, QUICK) if options.quick else (options.runs or RUNS, Pace())
    steps = _steps(options)
    samples, other_work = Samples(), machine.OtherWork()
    # Runs outside, steps inside, so that a busy minute of the machine is spread over all.
    turns = [(number, step) for number in range(runs) for step in steps if step.in_run(number)]
    with programs() as built, Progress(len(turns)) as progress:
        for number, step in turns:
            progress.step(f"run {number + 1} of {runs}: {step.name}")
            samples.add(step.take(built, pace))
    found = results([row for step in steps for row in step.rows], samples)
    other_cpus = other_work.cpus()
    write_json(options.json, to_json(found, samples, runs), other_cpus)
    print(text(found, samples, markdown=options.markdown))
    print(f"\nEach figure: {machine.summary(machine.alternating(runs), other_cpus)}")
    warn_if_busy(other_cpus)


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(
        "bench-engine", "Measure the native engine against what the machine allows.", _EXAMPLES
    )
    parser.add_argument(
        "--runs", metavar="N", type=positive, help=f"alternating runs (default: {RUNS})"
    )
    parser.add_argument("--quick", action="store_true", help="one short run: rough figures")
    parser.add_argument(
        "--only",
        metavar="STEP",
        action="append",
        choices=[*(step.name for step in STEPS), DAEMON_STEP],
        help="take just this step; may be repeated: %(choices)s",
    )
    parser.add_argument("--command", metavar="COMMAND", help="the daemon's (default: found)")
    parser.add_argument(
        "--against", metavar="COMMAND", help="a QEMU, for the rates of object-add and object-del"
    )
    add_formats(parser)
    return parser


def _steps(options: argparse.Namespace) -> list[Step]:
    """Those asked for; only the one that needs servers looks for them."""
    steps = [step for step in STEPS if not options.only or step.name in options.only]
    if options.only and DAEMON_STEP not in options.only:
        return steps
    own = parse_command(options.command, own=True) if options.command else own_command()
    against = parse_command(options.against) if options.against else None
    return [*steps, Step(DAEMON_STEP, daemon.ROWS, lambda _, pace: daemon.take(own, against, pace))]
