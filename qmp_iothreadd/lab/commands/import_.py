"""``iothread-lab import``: a log or a list of intervals as a trace file."""

from __future__ import annotations

import argparse

from qmp_iothreadd.lab.traces import Trace

EXAMPLES = """\
examples:
  iothread-lab import trace.log run.lab        a log of x_aio_adjust, kept small
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Its words."""
    parser.add_argument("source", help="a log with x_aio_adjust, or a number of ns per line")
    parser.add_argument("target", help="the trace file to write")


def run(options: argparse.Namespace) -> None:
    """Read the one, write the other.

    Raises:
        ValueError, OSError: the source is no trace, or a file cannot be used.
    """
    trace = Trace.load(options.source)
    trace.save(options.target)
    print(f"{options.target}: {len(trace)} steps of {trace.handlers} handlers")
