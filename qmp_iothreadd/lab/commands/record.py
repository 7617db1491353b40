"""``iothread-lab record``: a trace of what runs now."""

from __future__ import annotations

import argparse
import contextlib
import time

from qmp_iothreadd.lab import recording, result_files
from qmp_iothreadd.lab.commands.import_ import tell

EXAMPLES = """\
examples:
  iothread-lab record --qmp /tmp/qmp.sock --iothread io0 run.lab     from qmp-iothreadd
  iothread-lab record --pid 4242 requests.lab                       says what to run on QEMU's host
  sudo iothread-lab record --pid 4242 --run requests.lab            runs it
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Its words."""
    parser.add_argument("target", help="the trace file to write")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--qmp", metavar="ADDRESS", help="of a daemon: a socket, or HOST:PORT")
    source.add_argument("--pid", type=int, help="of a QEMU process of this host")
    parser.add_argument("--iothread", metavar="ID", help="which (default: the only one, of --pid)")
    parser.add_argument("--seconds", type=float, default=5.0, metavar="N", help="(default: 5)")
    host = parser.add_argument_group("with --pid")
    host.add_argument("--thread", type=int, metavar="ID", help="instead of --iothread")
    host.add_argument("--tool", choices=recording.TOOLS, default="bpftrace", help="bpftrace, perf")
    host.add_argument(
        "--run", action="store_true", dest="at_once", help="run it, instead of saying what to run"
    )


def run(options: argparse.Namespace) -> None:
    """Record, or say how.

    Raises:
        ValueError, OSError: nothing can be recorded, or the file cannot be written.
    """
    if options.qmp is not None:
        _from_daemon(options)
        return
    thread = options.thread or recording.thread_of(options.pid, options.iothread)
    if options.at_once:
        result_files.check_trace(options.target)
        found = recording.record_host(options.tool, thread, options.seconds, options.target)
        tell(found, options.target)
        return
    command = recording.command(options.tool, thread, options.seconds)
    format = recording.FORMATS[options.tool]
    print(f"{command} | iothread-lab import --format {format} - {options.target}")


def _from_daemon(options: argparse.Namespace) -> None:
    if options.thread or options.at_once:
        raise ValueError("--thread and --run are for --pid")
    if options.iothread is None:
        raise ValueError("--iothread is needed with --qmp: query-iothreads tells which there are")
    result_files.check_trace(options.target)
    found, lost = recording.record_to(
        options.qmp, options.iothread, options.seconds, options.target, _wait
    )
    tell(found, options.target)
    if lost:
        print(f"{lost} decisions were lost: the iothread was faster than the file")


def _wait(seconds: float) -> None:
    """Interrupted, it keeps what was recorded until then."""
    with contextlib.suppress(KeyboardInterrupt):
        time.sleep(seconds)
