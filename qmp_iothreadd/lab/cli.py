"""The command line of ``iothread-lab``."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

# What each does. Its module in `commands` has the name, with _ where that is a word of Python's.
COMMANDS = {
    "calibrate": "what an iteration is made of, on this machine",
    "simulate": "a load under parameter sets, in virtual time",
    "sweep": "many parameter sets under several loads, and the front of each",
    "measure": "a load under parameter sets, on real iothreads",
    "tune": "the parameters for a load: what they gain and cost, and how sure that is",
    "replay": "recorded iterations under other parameters",
    "top": "what the iothreads of a running process do, live",
    "report": "results that were kept as JSON, as a page with tables and plots",
    "import": "what other tools recorded as a trace file",
    "record": "a trace of what runs now: over QMP, or on QEMU's host",
}

_EXAMPLES = """\
examples:
  iothread-lab simulate --preset lognormal --weight 1,2,3,4 --policy weighted,clairvoyant
  iothread-lab measure --preset lognormal --weight 1,2,3,4 --seconds 0.5 --runs 10
  iothread-lab import trace.log run.lab        a log of x_aio_adjust, kept small
  iothread-lab replay --trace run.lab --weight 1,2,3
  iothread-lab simulate --preset on-off --max-ns 8000,32768 --html found.html
  iothread-lab top /tmp/qmp.sock
  iothread-lab COMMAND --help                  the words of one, and more examples
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 1 with a message where something does not fit."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _open_closed_streams()
    try:
        options = _parser(given[0] if given else "").parse_args(given)
        options.arguments = given
        from qmp_iothreadd.lab import result_files  # help needs none of it

        result_files.check_files(options)
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # what reads the output, as `head`, has enough
        with open(os.devnull, "w") as nowhere:  # or Python says at its end what it could not write
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except (ValueError, OSError) as error:
        print(f"iothread-lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _open_closed_streams() -> None:
    """A shell's ``>&-`` leaves None, which nobody who prints thinks of."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))


def _parser(asked: str) -> argparse.ArgumentParser:
    """Only the command that is asked for has its words: the others' modules are not loaded."""
    parser = argparse.ArgumentParser(
        prog="iothread-lab",
        description="Which parameters of adaptive polling for which load.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, help_ in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=help_,
            description=help_,
            allow_abbrev=False,  # `output.command_line` knows options by their names
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == asked:
            module = _module(name)
            command.epilog = module.EXAMPLES
            command.set_defaults(run=module.run, command=name)
            module.add(command)
    return parser


def _module(name: str) -> Any:
    found = f"{name}_" if name == "import" else name
    return importlib.import_module(f"qmp_iothreadd.lab.commands.{found}")
