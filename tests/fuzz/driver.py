"""What the fuzzers have in common: their command line, and where their inputs come from.

With atheris installed a fuzzer is a libFuzzer target, guided by coverage; without it, or with
--random, it tries random inputs for the same time.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def instrumented(module: str) -> contextlib.AbstractContextManager[Any]:
    """While this is open, what is imported of the package is made to count its coverage.

    That is so in a fuzzer that is run, and guided: ``module`` is its ``__name__``.
    """
    if module != "__main__" or not _guided():
        return contextlib.nullcontext()
    # A build that is edited in place has a loader of its own, which keeps its code from atheris.
    # Behind the others it still finds what was compiled.
    sys.meta_path.sort(key=lambda finder: type(finder).__module__.startswith("_editable"))
    hook: contextlib.AbstractContextManager[Any]
    hook = import_module("atheris").instrument_imports(include=["qmp_iothreadd"])
    return hook


def run(
    what: str,
    try_input: Callable[[bytes], object],
    make_input: Callable[[random.Random], bytes],
    *,
    max_len: int,
    corpus: Sequence[str] = (),
) -> None:
    """Try inputs for as long as the command line says.

    ``try_input`` raises at a fault. ``make_input`` gives a random input; libFuzzer makes its own,
    of at most ``max_len`` bytes, beginning with those in the folders ``corpus``; what it finds goes
    into the first.
    """
    parser = argparse.ArgumentParser(description=f"Fuzz {what}.", allow_abbrev=False)
    parser.add_argument("--seconds", type=int, default=60, help="how long (default: 60)")
    parser.add_argument("--random", action="store_true", help="without atheris, though it is there")
    args, options = parser.parse_known_args()
    if not _guided():
        _run_randomly(try_input, make_input, args.seconds)
        return
    atheris = import_module("atheris")
    loader = type(import_module("qmp_iothreadd").__loader__).__module__
    if not loader.startswith("atheris."):
        sys.exit(f"nothing would guide this: {loader} loads the package; try --random")
    limits = [f"-max_total_time={args.seconds}", f"-max_len={max_len}"]
    atheris.Setup([sys.argv[0], *limits, *options, *corpus], try_input)
    atheris.Fuzz()


def change_bytes(source: random.Random, data: bytes, counts: Sequence[int]) -> bytes:
    """``data`` with some bytes changed, as many as one of ``counts`` says."""
    changed = bytearray(data)
    for _ in range(source.choice(counts) if data else 0):
        changed[source.randrange(len(changed))] = source.randrange(256)
    return bytes(changed)


def _guided() -> bool:
    return "--random" not in sys.argv and find_spec("atheris") is not None


def _run_randomly(
    try_input: Callable[[bytes], object],
    make_input: Callable[[random.Random], bytes],
    seconds: float,
) -> None:
    end = time.monotonic() + seconds
    rounds = 0
    while time.monotonic() < end:
        seed = random.getrandbits(64)
        data = make_input(random.Random(seed))
        try:
            try_input(data)
        except BaseException:
            print(f"seed {seed}: {data!r}", file=sys.stderr)
            raise
        rounds += 1
    print(f"{rounds} inputs, no fault")
