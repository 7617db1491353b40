"""``iothread-lab report``: results that were kept as JSON, as a page with tables and plots."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from qmp_iothreadd.lab import output, result_files, tables, words

EXAMPLES = """\
examples:
  iothread-lab report found.json --html found.html
  iothread-lab report simulated.json measured.json --html both.html
"""

_MOST_BYTES = 1 << 28


def add(parser: argparse.ArgumentParser) -> None:
    """Its words."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="JSON that a command wrote")
    words.add_outputs(parser)


def run(options: argparse.Namespace) -> None:
    """Read the results, write them again as asked for.

    Raises:
        ValueError, OSError: a file is no result, would be written over, or cannot be used.
    """
    runs = [one for path in options.files for one in _runs(path)]
    _check_kept(options)
    try:
        _write(runs, options)
    except (OverflowError, RecursionError) as error:
        raise ValueError(f"numbers, or lists in lists, as no result has them: {error}") from None


def _write(runs: list[dict[str, Any]], options: argparse.Namespace) -> None:
    whole = runs[0] if len(runs) == 1 else {"command": "report", "runs": runs}
    output.write_files(whole, [(one, output.columns_of(one)) for one in runs], options)
    if not result_files.is_standard_output(options):
        print("\n\n".join(_text(one, options.markdown) for one in runs))


def _check_kept(options: argparse.Namespace) -> None:
    """Raises ValueError: one of several files would be written over, with all of them in it."""
    written = {os.path.realpath(path) for path in result_files.paths(options).values()}
    if len(options.files) > 1:
        for path in options.files:
            if os.path.realpath(path) in written:
                raise ValueError(f"{path} would be written over: choose another name for the page")


def _text(one: dict[str, Any], markdown: bool) -> str:
    shown = tables.table(output.columns_of(one), one["results"], markdown=markdown)
    return f"{one.get('command_line', one['command'])}\n{shown}"


def _runs(path: str) -> list[dict[str, Any]]:
    """The runs of a file: one, or those of an earlier report."""
    if os.path.getsize(path) > _MOST_BYTES:
        raise ValueError(f"{path}: more than {_MOST_BYTES} bytes")
    with open(path, encoding="utf-8") as file:
        try:
            read = json.load(file)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}: no JSON ({error})") from None
    several = isinstance(read, dict) and read.get("command") == "report"
    found = read.get("runs") if several else [read]
    if not isinstance(found, list) or not found or not all(map(_is_run, found)):
        raise ValueError(f"{path}: no results of iothread-lab: make them with --json FILE")
    return list(found)


def _is_run(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("command"), str)
        and isinstance(results := value.get("results"), list)
        and all(isinstance(row, dict) and isinstance(row.get("params"), dict) for row in results)
    )
