"""The command line of `scripts/bench-testing`."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterable
from functools import partial

from benchlib.figures import Figure, measure_all
from benchlib.options import add_formats, exit_status, new_parser, positive

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
    def outside(measure: Callable[[int], Iterable[Figure]]) -> Iterable[Figure]:
        # Not in a checkout: its package would be imported, rather than the one that is installed.
        with contextlib.chdir("/"):
            yield from measure(options.times)

    measures = {name: partial(outside, measure) for name, measure in MEASURES.items()}
    measure_all(options, measures, worst="slowest", row=row, to_json=to_json)


sys.exit(main())
