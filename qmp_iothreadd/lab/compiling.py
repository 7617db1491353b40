"""Policies in C: compiled on the spot, and tried before they decide here."""

from __future__ import annotations

import functools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from array import array
from pathlib import Path
from typing import NamedTuple

from qmp_iothreadd.lab._lab import HANDLERS_MAX, OwnPolicy, replay

_HEADER = Path(__file__).parent / "native"
_FLAGS = ("-std=gnu11", "-O2", "-Wall", "-fPIC", "-shared", "-fwrapv", "-fstack-protector-strong")
_TRIAL_S = 20


def compiled(path: str) -> OwnPolicy:
    """The policy of a C file; compiled again once the file has changed.

    Raises:
        ValueError: it does not compile, or it fails when it is tried. OSError: there is no such
            file, or no compiler.
    """
    found = os.stat(path)
    return _compiled(os.path.realpath(path), path, (found.st_mtime_ns, found.st_size))


@functools.lru_cache(maxsize=32)
def _compiled(path: str, name: str, _changed: tuple[int, int]) -> OwnPolicy:
    with tempfile.TemporaryDirectory(prefix="iothread-lab-") as folder:
        library = os.path.join(folder, "policy.so")
        _compile(path, library, name)
        _try_elsewhere(library, name)
        return OwnPolicy.of_library(library, name)


def _compile(path: str, library: str, name: str) -> None:
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        raise OSError(f"{name}: no C compiler found: install gcc, or name one in CC")
    command = [*compiler.split(), *_FLAGS, f"-I{_HEADER}", path, "-o", library, "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise ValueError(f"{name} does not compile:\n{done.stderr.strip()}")


def _try_elsewhere(library: str, name: str) -> None:
    """In a process of its own first: a crash, or a loop without end, is not to be this one's."""
    words = "import sys; from qmp_iothreadd.lab.compiling import try_out; try_out(*sys.argv[1:])"
    command = [sys.executable, "-P", "-c", words, library, name]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TRIAL_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(
            f"{name}: its policy does not return (it was tried for {_TRIAL_S} s)"
        ) from None
    if done.returncode < 0:
        raise ValueError(f"{name}: its policy crashed ({signal.Signals(-done.returncode).name})")
    if done.returncode:
        said = done.stderr.strip().rpartition("\n")[2].partition(": ")[2]
        raise ValueError(said or f"{name}: its policy ended the process (with {done.returncode})")


class _Set(NamedTuple):
    """Parameters: `Params` are made of policies."""

    max_ns: int
    grow: int
    shrink: int
    weight: int
    policy: str


def try_out(library: str, name: str) -> None:
    """Ask a compiled policy about all kinds of steps.

    Raises:
        ValueError, OSError: it fails.
    """
    own, draw = OwnPolicy.of_library(library, name), random.Random(1)
    most = 2**62
    sets = [_Set(0, 2, 2, 3, name), _Set(1, 0, 0, 0, name), _Set(32768, 2, 2, 3, name)]
    sets.append(_Set(most, most, most, 63, name))
    for handlers in (1, 3, HANDLERS_MAX):
        block_ns = array("q", (draw.randrange(1 << draw.randrange(1, 40)) for _ in range(2000)))
        events = array("Q", (draw.getrandbits(handlers) for _ in block_ns))
        replay(block_ns, events, sets, handlers, [own] * len(sets))
