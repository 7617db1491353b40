"""``iothread-lab import``: what other tools recorded as a trace file."""

from __future__ import annotations

import argparse
import sys

from qmp_iothreadd.lab import importing, result_files
from qmp_iothreadd.lab.importers.fio_log import TAKES
from qmp_iothreadd.lab.importers.reading import Choice

EXAMPLES = """\
examples:
  iothread-lab import trace.log run.lab        a log of x_aio_adjust, kept small
  perf script --ns | iothread-lab import - requests.lab --event io_uring:io_uring_submit_req
  iothread-lab import qemu.log io.lab --event virtio_blk_handle_read,virtio_blk_handle_write
  iothread-lab import fio_clat.1.log device.lab           the latencies
  iothread-lab import fio_clat.1.log requests.lab --take issue
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Its words."""
    parser.add_argument("source", help="what was recorded; -: standard input")
    parser.add_argument("target", help="the trace file to write")
    parser.add_argument(
        "--format",
        choices=importing.FORMATS,
        help="; ".join(f"{name}: {what}" for name, what in importing.FORMATS.items())
        + " (default: what it looks like)",
    )
    add_choice(parser)
    parser.add_argument(
        "--take", choices=TAKES, default=TAKES[0], help="of fio's logs (default: latency)"
    )


def add_choice(parser: argparse.ArgumentParser) -> None:
    """What is wanted of a text with more."""
    parser.add_argument(
        "--event",
        action="append",
        default=[],
        metavar="NAME,…",
        help="events of one handler; given again, those of the next (default: all, one handler)",
    )
    parser.add_argument("--thread", type=int, metavar="ID", help="events of this thread")


def run(options: argparse.Namespace) -> None:
    """Read the one, write the other.

    Raises:
        ValueError, OSError: the source is no trace, or a file cannot be used.
    """
    result_files.check_trace(options.target)
    source = "/dev/stdin" if options.source == "-" else options.source
    events = tuple(tuple(names.split(",")) for names in options.event)
    choice = Choice(events, options.thread, options.take)
    tell(importing.import_trace(source, options.target, options.format, choice), options.target)


def tell(found: importing.Imported, target: str) -> None:
    """Say what became of it, and what to know about that."""
    if found.warning:
        print(f"iothread-lab: warning: {found.warning}", file=sys.stderr)
    print(f"{target}: {found.steps} steps of {found.handlers} handlers, from {found.format}")
