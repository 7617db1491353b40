"""``iothread-lab replay``: recorded iterations under other parameters."""

from __future__ import annotations

import argparse

from qmp_iothreadd.lab import corpus, output, words
from qmp_iothreadd.lab.replaying import replay
from qmp_iothreadd.lab.traces import Trace

EXAMPLES = """\
examples:
  iothread-lab replay --trace run.lab --weight 1,2,3
  iothread-lab replay --trace trace.log --policy weighted,legacy --shrink 0,2 --csv -
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Its words."""
    parser.add_argument(
        "--trace",
        metavar="FILE",
        required=True,
        help="a trace file, a log of x_aio_adjust, or a name: " + ", ".join(corpus.names()),
    )
    words.add_sets(parser)
    words.add_outputs(parser)


def run(options: argparse.Namespace) -> None:
    """Replay, and write the results.

    Raises:
        ValueError, OSError: what is asked for does not fit, or a file cannot be used.
    """
    trace = Trace.load(options.trace)
    found = replay(trace.intervals, trace.events, words.sets(options), handlers=trace.handlers)
    about = {"command": "replay", "trace": options.trace, "handlers": trace.handlers}
    output.write(output.REPLAYED, [each.to_json() for each in found], about, options)
