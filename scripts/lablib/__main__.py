"""The command line of `scripts/bench-lab`."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from benchlib.figures import measure_all
from benchlib.options import add_formats, exit_status, new_parser, positive

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
    how = options.times, options.steps, options.sets
    measures = {name: partial(measure, *how) for name, measure in MEASURES.items()}
    measure_all(options, measures, worst="worst", row=row, to_json=to_json)


sys.exit(main())
