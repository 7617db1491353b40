"""The command line of `scripts/experiment-weights`."""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Sequence

from benchlib.errors import BenchError
from benchlib.servers import own_command, parse_command

from experimentlib.report import markdown_table, summary, text_table, to_json
from experimentlib.weights import Load, run

_QUIET_CPUS = 0.3

_EPILOG = """\
Everything goes through QMP: iothreads and workloads are objects, the figures are those of
x-query-iothread-stats. Leave the machine alone meanwhile: threads that poll want a CPU each.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status (1: something could not be measured)."""
    options = _parser().parse_args(arguments)
    load = Load(
        interval_ns=round(options.interval_us * 1000),
        sigma=options.sigma,
        depth=options.depth,
        service_ns=options.service_ns,
        iothreads=options.iothreads,
    )
    try:
        command = own_command() if options.command is None else parse_command(options.command)
        outcome = run(command, load, options.seconds, options.runs)
        if options.json is not None:
            _write(options.json, to_json(outcome))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    table = markdown_table if options.markdown else text_table
    print(f"{table(outcome)}\n\n{summary(outcome)}")
    if outcome.other_cpus > _QUIET_CPUS:
        print("warning: the machine was not left alone; latencies suffer.", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/experiment-weights",
        description="Legacy polling and poll-weight 1 to 6 on the same load, side by side.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    load = Load()
    parser.add_argument(
        "--seconds", metavar="S", type=_above_zero, default=2.0, help="of each run (default: 2)"
    )
    parser.add_argument(
        "--runs", metavar="N", type=_count, default=3, help="alternating runs (default: 3)"
    )
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
        type=_count,
        default=load.depth,
        help="requests in flight (default: %(default)s)",
    )
    parser.add_argument(
        "--service-ns",
        metavar="NS",
        type=_count,
        default=load.service_ns,
        help="CPU time a request (default: none)",
    )
    parser.add_argument(
        "--iothreads",
        metavar="N",
        type=_count,
        default=load.iothreads,
        help="each with a workload (default: %(default)s)",
    )
    parser.add_argument("--command", metavar="COMMAND", help="the daemon, quoted as for a shell")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument(
        "--json", metavar="FILE", type=pathlib.Path, help="write all figures as JSON"
    )
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


def _above_zero(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _write(path: pathlib.Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}") from None
