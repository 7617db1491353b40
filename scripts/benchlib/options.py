"""What the command lines of all measuring scripts share."""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
from collections.abc import Callable

from benchlib import machine
from benchlib.errors import BenchError

# More of other processes' work than this shows in the figures.
QUIET_CPUS = 0.3


def new_parser(name: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """A parser for `scripts/NAME`; the epilog is printed as it is."""
    return argparse.ArgumentParser(
        prog=f"scripts/{name}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_formats(parser: argparse.ArgumentParser) -> None:
    """How the figures are to come out."""
    parser.add_argument("--markdown", action="store_true", help="print tables as Markdown")
    parser.add_argument(
        "--json", metavar="FILE", type=pathlib.Path, help="write all figures as JSON"
    )


def positive(text: str) -> int:
    """The type of an argument that counts something."""
    if not (text.isascii() and text.isdecimal()) or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


def write_json(path: pathlib.Path | None, document: dict[str, object], other_cpus: float) -> None:
    """Write all figures, if asked to; raises `BenchError` where that cannot be."""
    if path is None:
        return
    document = {"machine": {**machine.description(), "other_cpus": round(other_cpus, 2)}} | document
    write_text(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def write_text(path: pathlib.Path, text: str) -> None:
    """Raises `BenchError` where that cannot be."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}") from None


def conclude(
    options: argparse.Namespace, text: str, document: dict[str, object], other_cpus: float
) -> None:
    """Print what was found, and where; write all figures, if asked to (`write_json`)."""
    print(f"{text}\n\n{machine.where(other_cpus)}")
    write_json(options.json, document, other_cpus)
    warn_if_busy(other_cpus)


def warn_if_busy(other_cpus: float) -> None:
    """Others' work shows in the figures: say so."""
    if other_cpus > QUIET_CPUS:
        print("warning: the machine was not left alone; rates and p99 suffer.", file=sys.stderr)


def exit_status(work: Callable[[], None]) -> int:
    """Do the work; 0, or 1 where it could not be done, or 130 where it was interrupted."""
    try:
        work()
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0
