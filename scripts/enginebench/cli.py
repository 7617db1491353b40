"""The command line of `scripts/bench-engine`."""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Sequence

from benchlib import machine
from benchlib.errors import BenchError
from benchlib.servers import Command, own_command, parse_command

from enginebench import daemon
from enginebench.native import Programs, programs
from enginebench.report import Samples, results, text, to_json
from enginebench.steps import QUICK, STEPS, Pace, Row, Step

DAEMON_STEP = "daemon"
RUNS = 9
# More of other processes' work than this shows in the figures.
_QUIET_CPUS = 0.3

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
    runs, pace = (options.runs or 1, QUICK) if options.quick else (options.runs or RUNS, Pace())
    wanted = options.only or [*(step.name for step in STEPS), DAEMON_STEP]
    steps = [step for step in STEPS if step.name in wanted]
    samples, other_work = Samples(), machine.OtherWork()
    try:
        with programs() as built:
            _measure(built, steps, pace, runs, samples)
        if DAEMON_STEP in wanted:
            _measure_daemon(options, pace, runs, samples)
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    rows: list[Row] = [row for step in steps for row in step.rows]
    found = results([*rows, *daemon.ROWS], samples)
    other_cpus = other_work.cpus()
    if options.json is not None:
        options.json.write_text(to_json(found, samples, runs, other_cpus), encoding="utf-8")
    print(text(found, samples, markdown=options.markdown))
    print(f"\n{_summary(runs, other_cpus)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench-engine",
        description="Measure the native engine against what the machine allows.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--runs", metavar="N", type=int, help=f"alternating runs (default: {RUNS})")
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
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument(
        "--json", metavar="FILE", type=pathlib.Path, help="write all figures as JSON"
    )
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
    if other_cpus > _QUIET_CPUS:
        line += "\nWarning: the machine was not left alone; latencies and rates suffer."
    return line
