"""The command line of `scripts/bench-engine`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchlib import machine
from benchlib.options import QUIET_CPUS, add_formats, exit_status, new_parser, positive, write
from benchlib.servers import Command, own_command, parse_command

from enginebench import daemon
from enginebench.native import Programs, programs
from enginebench.report import Samples, results, text, to_json
from enginebench.steps import QUICK, STEPS, Pace, Row, Step

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
    wanted = options.only or [*(step.name for step in STEPS), DAEMON_STEP]
    steps = [step for step in STEPS if step.name in wanted]
    samples, other_work = Samples(), machine.OtherWork()
    with programs() as built:
        _measure(built, steps, pace, runs, samples)
    if DAEMON_STEP in wanted:
        _measure_daemon(options, pace, runs, samples)
    rows: list[Row] = [row for step in steps for row in step.rows]
    found = results([*rows, *daemon.ROWS], samples)
    other_cpus = other_work.cpus()
    if options.json is not None:
        write(options.json, to_json(found, samples, runs, other_cpus))
    print(text(found, samples, markdown=options.markdown))
    print(f"\n{_summary(runs, other_cpus)}")


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


def _measure(
    built: Programs, steps: Sequence[Step], pace: Pace, runs: int, samples: Samples
) -> None:
    """Runs outside, steps inside, so that a busy minute of the machine is spread over all."""
    for number in range(runs):
        for step in steps:
            if step.runs is None or number < step.runs:
                _progress(f"run {number + 1} of {runs}: {step.name}")
                samples.add(step.take(built, pace))


def _measure_daemon(options: argparse.Namespace, pace: Pace, runs: int, samples: Samples) -> None:
    own = parse_command(options.command, own=True) if options.command else own_command()
    against: Command | None = parse_command(options.against) if options.against else None
    for number in range(runs):
        _progress(f"run {number + 1} of {runs}: {DAEMON_STEP}")
        samples.add(daemon.take(own, against, pace))


def _progress(what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)


def _summary(runs: int, other_cpus: float) -> str:
    host = machine.description()
    line = (
        f"Median of {runs} alternating runs on {host['cpus']} CPUs ({host['processor']}), Linux"
        f" {host['kernel']}; other processes took {other_cpus:.1f} CPUs meanwhile."
    )
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    if other_cpus > QUIET_CPUS:
        line += "\nWarning: the machine was not left alone; latencies and rates suffer."
    return line
