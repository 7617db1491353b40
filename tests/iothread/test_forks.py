"""A fork of a process whose contexts run: it has none of the threads, and leaves them alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# The parent's thread answers, after the child has done its worst.
PROGRAM = """
import gc, os, sys, threading, warnings
from qmp_iothreadd.iothread._engine import AioContext, EventNotifier, NativeWorkload, live_counters

warnings.simplefilter("ignore")  # that a process with threads forks
context, notifier = AioContext("IO parent"), EventNotifier()
context.start()
handler = context.add_handler(notifier, notifier.test_and_clear, poll=True)
workload = NativeWorkload(context, interval_ns=100000)
idle = AioContext("IO idle")

def refused(fn):
    try:
        fn()
    except RuntimeError as error:
        assert f"of process {os.getppid()}, and this is a fork of it" in str(error), error
    else:
        raise AssertionError("it is not refused")

child = os.fork()
if child == 0:
%s
    sys.exit(0)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 0, status
answered = threading.Event()
context.schedule(answered.set)
assert answered.wait(10)
issued = workload.stats()["issued"]
while workload.stats()["issued"] == issued:
    pass
workload.stop()
context.remove_handler(handler)
context.close()
idle.close()
notifier.close()
assert set(live_counters().values()) == {0}, live_counters()
"""


@pytest.mark.parametrize(
    "child",
    [
        "refused(context.close)",
        "refused(context.stop)",
        "refused(context.start)",
        "refused(context.stats)",
        "refused(lambda: context.schedule(print))",
        "refused(lambda: context.remove_handler(handler))",
        "refused(workload.stop)",
        "refused(workload.stats)",
        "refused(idle.close)",
        "notifier.close()",
        "del context, workload, idle, handler; gc.collect()",
        "AioContext('IO child').start()",
        "own = AioContext('IO child'); own.start(); own.close()",
        "pass",
    ],
)
def test_a_fork_neither_hangs_nor_touches_the_parents_threads(child: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM % f"    {child}"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
