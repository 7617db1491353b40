"""The command line of `scripts/experiment-weights`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchlib.options import QUIET_CPUS, add_formats, exit_status, new_parser, positive, write
from benchlib.servers import own_command, parse_command

from experimentlib.report import markdown_table, summary, text_table, to_json
from experimentlib.weights import Load, run

_EPILOG = """\
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
    if options.json is not None:
        write(options.json, to_json(outcome))
    table = markdown_table if options.markdown else text_table
    print(f"{table(outcome)}\n\n{summary(outcome)}")
    if outcome.other_cpus > QUIET_CPUS:
        print("warning: the machine was not left alone; latencies suffer.", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(
        "experiment-weights",
        "Legacy polling and poll-weight 1 to 6 on the same load, side by side.",
        _EPILOG,
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
