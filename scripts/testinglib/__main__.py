"""The command line of `scripts/bench-testing`."""

from __future__ import annotations

import argparse
import contextlib
import sys

from benchlib import machine
from benchlib.figures import Figure, check_limits
from benchlib.options import add_formats, conclude, exit_status, new_parser, positive
from benchlib.terminal import Progress, table

from testinglib.measures import MEASURES, row, to_json

_EXAMPLES = """\
examples:
  scripts/bench-testing                  all figures, in half a minute
  scripts/bench-testing --markdown       the README's table
  scripts/bench-testing --times 20       quicker, and less sure

Times are medians, with the slowest beside them. The exit status is 1 where a limit is missed.
"""


def main() -> int:
    """Measure and print; returns the exit status."""
    parser = new_parser("bench-testing", "Measure what a test pays for its double.", _EXAMPLES)
    parser.add_argument("--times", type=positive, default=200, help="how often each (200)")
    add_formats(parser)
    options = parser.parse_args()
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    other_work = machine.OtherWork()
    figures: list[Figure] = []
    # Not in a checkout: its package would be imported, rather than the one that is installed.
    with Progress(len(MEASURES)) as bar, contextlib.chdir("/"):
        for name, measure in MEASURES.items():
            bar.step(name)
            figures += measure(options.times)
    other_cpus = other_work.cpus()
    head, rows = ("what", "median", "slowest", "limit"), [row(figure) for figure in figures]
    document: dict[str, object] = {"figures": [to_json(figure) for figure in figures]}
    conclude(options, table(head, rows, markdown=options.markdown), document, other_cpus)
    check_limits(figures)


sys.exit(main())
