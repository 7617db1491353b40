"""The signals that end the daemon, and who sent them."""

from __future__ import annotations

import subprocess
import sys

from qmp_iothreadd.daemon.shutdown_signals import describe, process_name


def test_a_process_is_named_by_its_command() -> None:
    command = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()  # it has a name of its own once it runs
        assert process_name(child.pid) == sys.executable
        child.communicate(b"\n")
    assert process_name(child.pid) == "<unknown process>"


def test_a_signal_that_no_process_sent_has_no_sender() -> None:
    assert describe(2, 0) == "terminating on signal 2"
    assert describe(15, 1).startswith("terminating on signal 15 from pid 1 (")


def test_signals_are_read_with_their_senders() -> None:
    # In a process of its own: it blocks them for good.
    script = """
import os, select, signal
from qmp_iothreadd.daemon.shutdown_signals import ShutdownSignals
heard = []
signals = ShutdownSignals(lambda number, pid: heard.append((number, pid == os.getpid())))
signals.read()
assert heard == []
os.kill(os.getpid(), signal.SIGTERM)
os.kill(os.getpid(), signal.SIGHUP)
select.select([signals], [], [], 5)
signals.read()
assert sorted(heard) == [(signal.SIGHUP, True), (signal.SIGTERM, True)], heard
for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGIO):
    os.kill(os.getpid(), number)  # would end it
signals.close()
assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=20)
