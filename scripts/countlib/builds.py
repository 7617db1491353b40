"""Revisions of the package, installed side by side: paths of the same length, the same packages."""

from __future__ import annotations

import pathlib
import subprocess
import sys

from benchlib.errors import BenchError
from benchlib.servers import ROOT


def merge_base() -> str | None:
    """What this checkout is compared with: where it left main, or its last commit's parent.

    None where there is no history.
    """
    for branch in ("origin/main", "main"):
        base = _git("merge-base", "HEAD", branch)
        if base and base != _git("rev-parse", "HEAD"):
            return base
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return _git("rev-parse", "HEAD" if changed else "HEAD^")


def install(source: pathlib.Path, folder: pathlib.Path) -> None:
    """Build and install a source tree into a folder, without what it needs.

    Raises:
        BenchError: it cannot be built.
    """
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command = [*pip, "--no-deps", "--target", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{source} cannot be installed:\n{done.stderr.strip()}")


def check_out(revision: str, folder: pathlib.Path) -> None:
    """Write the files of a revision.

    Raises:
        BenchError: there is no such revision.
    """
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", revision], capture_output=True, check=False
    )
    if archive.returncode:
        raise BenchError(f"no revision {revision}: {archive.stderr.decode().strip()}")
    folder.mkdir()
    subprocess.run(["tar", "x", "-C", str(folder)], input=archive.stdout, check=True)


def _git(*words: str) -> str | None:
    done = subprocess.run(
        ["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None if done.returncode == 0 else None
