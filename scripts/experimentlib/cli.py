"""The command line of `scripts/experiment-weights`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

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
    _add_load(parser)
    parser.add_argument(
        "--seconds", metavar="S", type=_above_zero, default=2.0, help="of each run (default: 2)"
    )
    parser.add_argument(
        "--runs", metavar="N", type=positive, default=3, help="alternating runs (default: 3)"
    )
    parser.add_argument("--command", metavar="COMMAND", help="the daemon, quoted as for a shell")
    add_formats(parser)
    return parser


def _add_load(parser: argparse.ArgumentParser) -> None:
    load = Load()
    parser.add_argument(
        "--interval-us",
        metavar="US",
        type=_above_zero,
        default=load.interval_ns / 1000,
        help="the median interval between requests (default: %(default)g)",
    )
    parser.add_argument(
        "--sigma",
        metavar="S",
        type=_above_zero,
        default=load.sigma,
        help="of the interval's logarithm (default: %(default)g)",
    )
    parser.add_argument(
        "--depth",
        metavar="N",
        type=positive,
        default=load.depth,
        help="requests in flight (default: %(default)s)",
    )
    parser.add_argument(
        "--service-ns",
        metavar="NS",
        type=positive,
        default=load.service_ns,
        help="CPU time a request (default: none)",
    )
    parser.add_argument(
        "--iothreads",
        metavar="N",
        type=positive,
        default=load.iothreads,
        help="each with a workload (default: %(default)s)",
    )


def _above_zero(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value
