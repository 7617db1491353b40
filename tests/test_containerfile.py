"""The container's entry point starts a fleet, as a container engine would."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import qmp_iothreadd
from qmp_iothreadd.testing import Client
from tests.waiting import wait_until

DOC = Path(qmp_iothreadd.__file__).parent / "share" / "doc" / "qmp-iothreadd"
TEXT = (DOC / "Containerfile").read_text()
TIMEOUT_S = 15


def test_the_entry_point_starts_a_fleet_that_gets_the_signals(tmp_path: Path) -> None:
    entry = re.search(r"^ENTRYPOINT (.*)$", TEXT, re.M)
    machines = re.search(r"^ENV (MACHINES)=(\d+)$", TEXT, re.M)
    [volume] = re.findall(r"^VOLUME (.*)$", TEXT, re.M)
    assert entry is not None
    assert machines is not None
    folder = tmp_path / "fleet"
    argv = [word.replace(volume, str(folder)) for word in json.loads(entry[1])]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with subprocess.Popen(
        [*argv, "-object", "iothread,id=io0"], env={machines[1]: "2", "PATH": path}
    ) as daemon:
        try:
            wait_until(lambda: (folder / "1.sock").exists())
            with Client.connect(str(folder / "1.sock")) as client:
                client.negotiate()
                assert [each["id"] for each in client.execute("query-iothreads")] == ["io0"]
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(TIMEOUT_S) == 0
        finally:
            daemon.kill()
    assert not folder.exists()


def test_what_is_copied_and_named_is_there() -> None:
    root = DOC.parents[3]
    named = re.search(r"-f (\S+)", TEXT)
    assert named is not None
    assert (root / named[1]).samefile(DOC / "Containerfile")
    extras = (root / "pyproject.toml").read_text()
    for extra in re.findall(r"\[(\w+)\]\"", TEXT):
        assert re.search(rf"^{extra} = \[", extras, re.M)
