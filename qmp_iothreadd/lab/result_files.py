"""Where results go, and whether they can: files that options name."""

from __future__ import annotations

import errno
import os
from typing import Any

FILES = ("json", "csv", "html")
"""The options that name files for results."""


def is_standard_output(options: Any) -> bool:
    """Whether a file that is asked for is standard output, which has no table then."""
    return any(getattr(options, kind) == "-" for kind in FILES)


def paths(options: Any) -> dict[str, str]:
    """The files that are to be written, by kind: beside a page are the others."""
    asked = {kind: path for kind in FILES if isinstance(path := getattr(options, kind, None), str)}
    page = asked.get("html", "-")
    return asked if page == "-" else {**{kind: _beside(page, kind) for kind in FILES}, **asked}


def _beside(path: str, kind: str) -> str:
    return f"{os.path.splitext(path)[0]}.{kind}"


def check_files(options: Any) -> None:
    """See that results can be written, before they are made.

    Raises:
        ValueError: two kinds would go to one file. OSError: as `check_writable`.
    """
    kinds: dict[str, str] = {}
    for kind, path in reversed(paths(options).items()):  # a page that is asked for is the last
        if path != "-":
            check_writable(path)
        if path == "-" or os.path.isfile(path) or not os.path.exists(path):
            other = kinds.setdefault(path if path == "-" else os.path.realpath(path), kind)
            if other != kind:
                raise ValueError(f"--{kind} and --{other} would both go to {path}: name two files")


def check_writable(path: str) -> None:
    """Raises OSError: it is no file, its folder is not there, or somebody else's."""
    folder = os.path.dirname(path) or "."
    wrong = 0
    if not path or not os.path.isdir(folder):
        wrong = errno.ENOENT
    elif os.path.isdir(path):
        wrong = errno.EISDIR
    elif not os.access(path if os.path.exists(path) else folder, os.W_OK):
        wrong = errno.EACCES
    if wrong:
        raise OSError(wrong, os.strerror(wrong), path)


def check_trace(path: str) -> None:
    """See that a trace can be written. Raises ValueError, OSError: as `check_writable`."""
    if path == "-":
        raise ValueError("a trace is no text for standard output: name a file")
    check_writable(path)
