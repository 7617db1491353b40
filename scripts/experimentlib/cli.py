"""The command line of `scripts/experiment-weights`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from benchlib.options import (
    add_formats,
    exit_status,
    new_parser,
    positive,
    warn_if_busy,
    write_json,
)
from benchlib.servers import own_command, parse_command
from benchlib.terminal import table

from experimentlib.report import HEAD, cells, summary, to_json
from experimentlib.weights import Load, run

_EXAMPLES = """\
examples:
  scripts/experiment-weights                             the README's table, about a minute
  scripts/experiment-weights --interval-us 100 --depth 1 --seconds 1
  scripts/experiment-weights --service-ns 5000 --markdown --json weights.json

Everything goes through QMP: iothreads and workloads are objects, the figures are those of
x-query-iothread-stats. Leave the machine alone meanwhile: threads that poll want a CPU each.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status (1: something could not be measured)."""
    options = _parser().parse_args(arguments)
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    load = Load(
        interval_ns=round(options.interval_us * 1000),
        sigma=options.sigma,
        depth=options.depth,
        service_ns=options.service_ns,
        iothreads=options.iothreads,
    )
    command = own_command() if options.command is None else parse_command(options.command)
    outcome = run(command, load, options.seconds, options.runs)
    write_json(options.json, to_json(outcome), outcome.other_cpus)
    print(f"{table(HEAD, cells(outcome), markdown=options.markdown)}\n\n{summary(outcome)}")
    warn_if_busy(outcome.other_cpus)


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(
        "experiment-weights",
        "Legacy polling and poll-weight 1 to 6 on the same load, side by side.",
        _EXAMPLES,
    )
    for name, metavar, type_, default, help_ in _LOAD_OPTIONS:
        parser.add_argument(name, metavar=metavar, type=type_, default=default, help=help_)
    parser.add_argument(
        "--seconds", metavar="S", type=_above_zero, default=2.0, help="of each run (default: 2)"
    )
    parser.add_argument(
        "--runs", metavar="N", type=positive, default=3, help="alternating runs (default: 3)"
    )
    parser.add_argument("--command", metavar="COMMAND", help="the daemon, quoted as for a shell")
    add_formats(parser)
    return parser


def _above_zero(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


_LOAD = Load()
# Option, metavar, type, default, help.
_LOAD_OPTIONS: tuple[tuple[str, str, Callable[[str], float], float, str], ...] = (
    (
        *("--interval-us", "US", _above_zero, _LOAD.interval_ns / 1000),
        "the median interval between requests (default: %(default)g)",
    ),
    (
        *("--sigma", "S", _above_zero, _LOAD.sigma),
        "of the interval's logarithm (default: %(default)g)",
    ),
    ("--depth", "N", positive, _LOAD.depth, "requests in flight (default: %(default)s)"),
    ("--service-ns", "NS", positive, _LOAD.service_ns, "CPU time per request (default: none)"),
    ("--iothreads", "N", positive, _LOAD.iothreads, "each with a workload (default: %(default)s)"),
)
