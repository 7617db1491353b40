"""Run a program, and take in the orphans that it leaves meanwhile; its status is the program's.

libvirt waits until processes that it has let go are gone. Where PID 1 takes its time to reap them,
each start of a domain takes seconds; as the nearest "subreaper", this does it at once. SIGHUP ends
the program and starts it again, SIGTERM ends it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_CHILD_SUBREAPER = 36

again = False


def run() -> int:
    return os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])


def end(number: int, _: object) -> None:
    global again
    again = number == signal.SIGHUP
    os.kill(program, signal.SIGTERM)


ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
program = run()
for each in (signal.SIGHUP, signal.SIGTERM):
    signal.signal(each, end)
while True:
    ended, status = os.wait()
    if ended == program and not again:
        sys.exit(os.waitstatus_to_exitcode(status))
    if ended == program:
        again, program = False, run()
