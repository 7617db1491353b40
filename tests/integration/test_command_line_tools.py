"""What people type: qmp-shell, nc, socat, taskset."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qmp_iothreadd.testing import DaemonProcess

QMP_SHELL = shutil.which("qmp-shell", path=str(Path(sys.executable).parent))


def pipe(command: list[str], text: str) -> str:
    """What a program says on standard output when ``text`` is its input."""
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def qmp_shell(path: str, *lines: str) -> str:
    if QMP_SHELL is None:
        pytest.skip("qmp-shell is not installed")
    return pipe([QMP_SHELL, "-p", path], "".join(f"{line}\n" for line in lines))


def needs(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


# -- qmp-shell ------------------------------------------------------------------------------------


def test_qmp_shell_adds_tunes_and_lists_iothreads() -> None:
    with DaemonProcess() as daemon:
        said = qmp_shell(
            daemon.path,
            "object-add qom-type=iothread id=io0 poll-max-ns=5000",
            "qom-set path=/objects/io0 property=poll-weight value=4",
            "query-iothreads",
            "qom-get path=/objects/io0 property=poll-weight",
            "object-del id=io0",
            "query-iothreads",
        )
    assert "Connected to QEMU 11.1.3" in said
    assert '"id": "io0"' in said
    assert '"poll-max-ns": 5000' in said
    assert '"poll-weight": 4' in said
    assert '"return": 4' in said
    assert said.rstrip().rstrip("(QEMU)").rstrip().endswith('"return": []\n}')


def test_qmp_shell_shows_errors() -> None:
    with DaemonProcess() as daemon:
        said = qmp_shell(daemon.path, "object-add qom-type=iothread id=io0 poll-weight=64")
    assert "poll-weight value must be in range [0, 63]" in said


# -- nc and socat ---------------------------------------------------------------------------------

REQUESTS = (
    '{"execute":"qmp_capabilities"}{"execute":"object-add","arguments":'
    '{"qom-type":"iothread","id":"io0"}}\n{"execute":"query-iothreads","id":1}'
    + "".join(f'{{"execute":"query-name","id":{number}}}\n' for number in range(2, 5000))
)


@pytest.mark.parametrize("tool", ["nc", "socat"])
def test_half_close_is_answered_in_full(tool: str) -> None:
    program = needs(tool)
    with DaemonProcess() as daemon:
        command = {
            "nc": [program, "-N", "-U", daemon.path],
            "socat": [program, "-t", "30", "-", f"UNIX-CONNECT:{daemon.path}"],
        }[tool]
        said = pipe(command, REQUESTS)
        replies = [json.loads(line) for line in said.splitlines()]
        assert "QMP" in replies[0]
        assert replies[1:3] == [{"return": {}}] * 2
        assert [reply["id"] for reply in replies[3:]] == list(range(1, 5000))
        assert replies[3]["return"][0]["id"] == "io0"
        assert replies[-1] == {"return": {}, "id": 4999}


# -- taskset --------------------------------------------------------------------------------------


def test_taskset_pins_a_thread_that_query_iothreads_names() -> None:
    program = needs("taskset")
    with DaemonProcess("-object", "iothread,id=io0") as daemon, daemon.client() as client:
        (info,) = client.execute("query-iothreads")
        thread = str(info["thread-id"])
        pipe([program, "-p", "1", thread], "")
        shown = pipe([program, "-p", thread], "")
        assert re.search(r"affinity mask: 1$", shown.strip())
