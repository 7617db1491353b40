"""libvirt 12.8's sessions with QEMU 11.1.3, played against the daemon.

The daemon gets the command line that libvirt starts such a domain with, and then all that libvirt
sent. What it answers has the recorded members, types, values and order; MASKS has what may differ,
each with its reason. One that nothing needs any more fails.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.testing import Client
from tests.libvirt_recordings import CutDict, Exchange, differences, sessions

TIMEOUT_S = 30.0

PROBE = "-S -no-user-config -nodefaults -nographic -machine none,accel=kvm:mshv:tcg"

# -- Playing --------------------------------------------------------------------------------------


@contextmanager
def started(folder: Path, *line: str, monitor: str) -> Iterator[Client]:
    """A daemon with a monitor on a socket at the path ``monitor``, which it is handed over."""
    path = folder / monitor
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)
        number = listener.fileno()
        chardev = f"socket,id=charmonitor,fd={number},server=on,wait=off"
        command = [sys.executable, "-m", "qmp_iothreadd", *line, "-chardev", chardev]
        command += ["-object", '{"qom-type":"monitor-qmp","id":"monitor","chardev":"charmonitor"}']
        process = subprocess.Popen(command, pass_fds=[number], stderr=subprocess.PIPE, text=True)
    try:
        with Client.connect(str(path), timeout=TIMEOUT_S) as client:
            client.take_greeting()
            yield client
    finally:
        process.terminate()
        _, said = process.communicate(timeout=TIMEOUT_S)
    assert re.fullmatch(r"\S+: terminating on signal 15 from pid .*\n", said), said
    assert process.returncode == 0


def play(client: Client, folder: Path, session: list[Exchange]) -> Iterator[str]:
    """Send what was sent. Yields how the answers differ, one line each."""
    for exchange in session:
        if isinstance(exchange.request.get("arguments"), CutDict):
            continue
        label = json.dumps(exchange.request.get("arguments", {}), separators=(",", ":"))
        label = f"{exchange.command} {label[:80]}"
        reply, events = ask(client, folder, exchange)
        if "error" in reply and "error" not in exchange.reply:
            yield f"{label}: refused, {reply['error']['desc']}"
        else:
            yield from (f"{label} {each}" for each in differences(exchange.reply, reply))
        yield from (f"{label} event {each}" for each in differences(exchange.events, events))


def ask(client: Client, folder: Path, exchange: Exchange) -> tuple[Any, Any]:
    """Send a request. Returns the reply and the events; the folder is DIR in them."""
    text = json.dumps(exchange.request).replace("DIR/", f"{folder}/")
    client.events.clear()
    if exchange.command == "getfd":
        with open(folder / "handed over", "w+b") as file:
            socket.send_fds(client.socket, [text.encode()], [file.fileno()])
    else:
        client.send(text)
    reply = client.receive_reply()
    events = [each for each in client.events if each.pop("timestamp")]
    shown = json.dumps([reply, events]).replace(f"{folder}/", "DIR/")
    return tuple(json.loads(shown))


# -- What may differ ------------------------------------------------------------------------------

MASKS: dict[str, dict[str, str]] = {
    "probe": {
        r"query-version \{\} \.return\.package: value": "the distribution's name",
        r"qom-list-types \{\} \.return\.\[.*\]: missing": "what there is not is not listed",
        r"qom-list-types \{\} \.return: order": "the order of a table that has more",
        r"device-list-properties .*: refused, ": "a model that is not there is not found",
        r'qom-list-properties {"typename":"max-x86_64-cpu"}: refused': "there is no such type",
        r"query-cpu-model-expansion .*: refused, Property 'max": "nor is that",
        r"query-cpu-model-expansion .*\.props\..*: missing": "what a model stands for is not known",
    },
}


def unexplained(name: str, found: list[str]) -> list[str]:
    """Those differences that no mask has, and those masks that nothing needs."""
    masks = MASKS[name]
    left = [each for each in found if not any(re.match(mask, each) for mask in masks)]
    unused = [mask for mask in masks if not any(re.match(mask, each) for each in found)]
    return left + [f"nothing needs the mask {mask}" for mask in unused]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a name that is short enough for a socket below it."""
    with tempfile.TemporaryDirectory(prefix="lv") as made:
        yield Path(made)


def test_the_probe(folder: Path) -> None:
    session = sessions("disk-q35-12.8.txt")[0]
    with started(folder, *PROBE.split(), monitor="qmp.monitor") as client:
        found = list(play(client, folder, session))
    assert unexplained("probe", found) == []
