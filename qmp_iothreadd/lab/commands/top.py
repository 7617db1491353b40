"""``iothread-lab top``: what the iothreads of a running process do, again and again."""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.lab import watching
from qmp_iothreadd.lab.monitors import connected
from qmp_iothreadd.lab.tables import table

if TYPE_CHECKING:
    from qmp_iothreadd.lab.monitor import Monitor

EXAMPLES = """\
examples:
  iothread-lab top /tmp/qmp.sock
  iothread-lab top localhost:4444 --interval 0.2 --iothread io0
  iothread-lab top /tmp/qmp.sock --once --json      for a script

A monitor serves one client at a time: give it one of its own. Of QEMU, which does not count what
its iothreads do, it shows what this host's kernel knows of their threads.
"""

_INTERVAL_MAX = 3600.0


def add(parser: argparse.ArgumentParser) -> None:
    """Its words."""
    parser.add_argument("address", help="the monitor's: a Unix socket, or HOST:PORT")
    parser.add_argument("--iothread", metavar="ID", help="which (default: all)")
    parser.add_argument(
        "--interval", type=float, default=1.0, metavar="S", help="between looks (default: 1)"
    )
    parser.add_argument("--count", type=int, metavar="N", help="so many times (default: no end)")
    parser.add_argument("--once", action="store_const", const=1, dest="count", help="one time")
    parser.add_argument("--json", action="store_true", help="a line of JSON each time")


def run(options: argparse.Namespace) -> None:
    """Look and tell, until interrupted or as often as asked for.

    Raises:
        ValueError: what is asked for does not fit, or the server goes. OSError: no monitor.
    """
    if not 0 < options.interval <= _INTERVAL_MAX:
        raise ValueError(f"--interval must be from 0 to {_INTERVAL_MAX:g}, not {options.interval}")
    if options.count is not None and options.count < 1:
        raise ValueError(f"--count must be 1 at least, not {options.count}")
    with connected(options.address) as monitor:
        tell = _tell_json if options.json else _Screen()
        with contextlib.suppress(KeyboardInterrupt):  # how it is meant to end
            for rows in _looks(monitor, options):
                tell(rows)


def _looks(monitor: Monitor, options: argparse.Namespace) -> Iterator[list[dict[str, Any]]]:
    before = watching.look(monitor, options.iothread)
    left = options.count
    while left != 0:
        time.sleep(options.interval)
        after = watching.look(monitor, options.iothread)
        yield watching.rows(before, after)
        before, left = after, left and left - 1


def _tell_json(rows: list[dict[str, Any]]) -> None:
    print(json.dumps({"iothreads": rows}), flush=True)


class _Screen:
    """A table that the next one is written over, where it is a terminal."""

    def __init__(self) -> None:
        self._lines = 0

    def __call__(self, rows: list[dict[str, Any]]) -> None:
        """Show the next one."""
        shown = table(watching.COLUMNS, [{"params": {}, **row} for row in rows])
        lines = (shown or "no iothreads").splitlines()
        back = ""
        if sys.stdout.isatty():
            wide, high = shutil.get_terminal_size()
            lines = [line[:wide] for line in lines[: high - 1]]
            back = f"\x1b[{self._lines}A\x1b[J" if self._lines else ""
        self._lines = len(lines)
        print(back + "\n".join(lines), flush=True)
