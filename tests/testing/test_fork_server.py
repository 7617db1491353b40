"""What daemons are forked from has imported what a start needs, and nothing that forks must not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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
