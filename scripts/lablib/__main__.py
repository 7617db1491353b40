"""The command line of `scripts/bench-lab`."""

from __future__ import annotations

import argparse
import sys

from benchlib import machine
from benchlib.figures import Figure, check_limits
from benchlib.options import add_formats, conclude, exit_status, new_parser, positive
from benchlib.terminal import Progress, table

from lablib.measures import MEASURES, row, to_json

_EXAMPLES = """\
examples:
  scripts/bench-lab                  all figures, in a minute
  scripts/bench-lab --markdown       the table of docs/tuning.md
  scripts/bench-lab --times 1        quicker, and less sure

Times are CPU times of the one thread that works; figures are medians, with the worst beside them.
The exit status is 1 where a limit is missed.
"""


def main() -> int:
    """Measure and print; returns the exit status."""
    parser = new_parser("bench-lab", "Measure how fast the lab is.", _EXAMPLES)
    parser.add_argument("--times", type=positive, default=5, help="how often each (5)")
    parser.add_argument(
        "--steps", type=positive, default=1_000_000, help="requests or decisions (1000000)"
    )
    parser.add_argument("--sets", type=positive, default=1000, help="parameter sets (1000)")
    add_formats(parser)
    options = parser.parse_args()
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    other_work = machine.OtherWork()
    figures: list[Figure] = []
    with Progress(len(MEASURES)) as bar:
        for name, measure in MEASURES.items():
            bar.step(name)
            figures += measure(options.times, options.steps, options.sets)
    other_cpus = other_work.cpus()
    head, rows = ("what", "median", "worst", "limit"), [row(figure) for figure in figures]
    document: dict[str, object] = {"figures": [to_json(figure) for figure in figures]}
    conclude(options, table(head, rows, markdown=options.markdown), document, other_cpus)
    check_limits(figures)


sys.exit(main())
