"""What daemons are forked from has imported what a start needs, and nothing that forks must not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from qmp_iothreadd.testing import fork_server
from qmp_iothreadd.testing.fork_request import Order, ask

ORDER = Order(argv=[], environment=[], umask=0, group=0, limits={}, descriptors=[])

PROGRAM = """
import json, os, sys
from qmp_iothreadd.testing import fork_server

for _ in fork_server._load():
    pass
print(json.dumps([len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))]))
loaded = set(sys.modules)
if os.fork():
    from qmp_iothreadd.cli import main
    options = ("-object", "iothread,id=io0", "-qmp", f"unix:{sys.argv[1]},server=on,wait=off")
    status = main(["", "--check-replies", "-nodefaults", *options])
    print(json.dumps([status, sorted(set(sys.modules) - loaded)]))
else:
    from qmp_iothreadd.testing import Client
    from tests.waiting import wait_until
    wait_until(lambda: os.path.exists(sys.argv[1]))
    with Client.connect(sys.argv[1]) as client:
        client.negotiate()
        client.execute("query-iothreads")
        client.execute("quit")
"""


def test_a_start_imports_nothing_that_is_not_there(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "s")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    before, after = (json.loads(line) for line in done.stdout.splitlines())
    assert before == [1, 4]  # a thread, three streams, and the folder that is read
    assert after == [0, []]


def test_where_no_process_can_be_had_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> tuple[int, int]:
        raise BlockingIOError

    monkeypatch.setattr("qmp_iothreadd.testing._sibling.fork", refuse)
    monkeypatch.setattr("gc.freeze", lambda: None)
    ours, theirs = socket.socketpair()
    owner = os.pidfd_open(os.getpid())
    thread = threading.Thread(target=fork_server.ForkServer(theirs, owner, iter(())).serve)
    thread.start()
    try:
        with ours, open(os.devnull) as file:
            for _ in range(2):
                assert ask(ours, ORDER, [file.fileno()]) is None
    finally:
        thread.join()
        theirs.close()
        os.close(owner)
