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

_ROOT_PORT = '{{"driver":"pcie-root-port","port":{port},"chassis":{n},"id":"pci.{n}",{place}}}'


def domain_line(folder: Path, name: str, iothreads: list[str], devices: list[str]) -> list[str]:
    """The line of a q35 domain with 64 MiB; ``iothreads`` and ``devices`` are JSON."""
    key = folder / "master-key.aes"
    key.write_bytes(bytes(32))
    ram = '{"qom-type":"memory-backend-ram","id":"pc.ram","size":67108864}'
    secret = {"qom-type": "secret", "id": "masterKey0", "format": "raw", "file": str(key)}
    return [
        *("-name", f"guest={name},debug-threads=on", "-S", "-object", json.dumps(secret)),
        *("-machine", "pc-q35-11.1,usb=off,dump-guest-core=off,memory-backend=pc.ram,hpet=off"),
        *("-accel", "tcg", "-cpu", "qemu64", "-m", "size=65536k", "-object", ram),
        *("-overcommit", "mem-lock=off", "-smp", "1,sockets=1,cores=1,threads=1"),
        *(word for each in iothreads for word in ("-object", each)),
        *("-uuid", "11111111-2222-3333-4444-555555555555"),
        *("-display", "none", "-no-user-config", "-nodefaults"),
        *("-rtc", "base=utc", "-no-shutdown", "-boot", "strict=on"),
        *(word for each in devices for word in each.split(" ", 1)),
        *("-audiodev", '{"id":"audio1","driver":"none"}'),
        *("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"),
        *("-msg", "timestamp=on"),
    ]


def root_ports(count: int) -> list[str]:
    """So many root ports, as functions of one slot."""
    places = [f'"addr":"0x1.{index:#x}"' for index in range(count)]
    places[0] = '"multifunction":true,"addr":"0x1"'
    return [
        "-device "
        + _ROOT_PORT.format(n=index + 1, port=8 + index, place=f'"bus":"pcie.0",{places[index]}')
        for index in range(count)
    ]


def disk(folder: Path, image: str, node: str, device: str) -> list[str]:
    """An image of 8 MiB, its node, and the device on it; ``device``: what else it is given."""
    with open(folder / image, "wb") as file:
        file.truncate(8 << 20)
    path = json.dumps(str(folder / image))
    cache = '"cache":{"direct":true,"no-flush":false}'
    return [
        f'-blockdev {{"driver":"file","filename":{path},"node-name":"{node}",'
        f'"read-only":false,{cache}}}',
        f'-device {{"driver":"virtio-blk-pci",{device},"drive":"{node}","write-cache":"on"}}',
    ]


def first_domain(folder: Path) -> list[str]:
    """Two iothreads, two root ports, a disk in the first of them."""
    iothreads = [f'{{"qom-type":"iothread","id":"iothread{n}"}}' for n in (1, 2)]
    place = '"iothread":"iothread1","bus":"pci.1","addr":"0x0","id":"virtio-disk0","bootindex":1'
    devices = [*root_ports(2), *disk(folder, "d.img", "libvirt-1-storage", place)]
    (folder / "d2.img").write_bytes(bytes(8 << 20))
    return domain_line(folder, "q1", iothreads, devices)


def second_domain(folder: Path) -> list[str]:
    """Three iothreads, one with its own polling, two of which share a disk; SCSI; a balloon."""
    own = '"poll-max-ns":5000,"poll-grow":3,"poll-shrink":4,"poll-weight":5'
    own += ',"thread-pool-min":2,"thread-pool-max":8'
    iothreads = [
        f'{{"qom-type":"iothread","id":"iothread1",{own}}}',
        *(f'{{"qom-type":"iothread","id":"iothread{n}"}}' for n in (2, 5)),
    ]
    mapping = '[{"iothread":"iothread1","vqs":[0,2]},{"iothread":"iothread5","vqs":[1,3]}]'
    shared = f'"num-queues":4,"iothread-vq-mapping":{mapping},"bus":"pci.3","addr":"0x0"'
    scsi = '"driver":"virtio-scsi-pci","iothread":"iothread2","id":"scsi0"'
    balloon = '"driver":"virtio-balloon-pci","id":"balloon0"'
    single = '"iothread":"iothread2","bus":"pci.4","addr":"0x0","id":"virtio-disk1"'
    devices = [
        *root_ports(5),
        f'-device {{{scsi},"bus":"pci.2","addr":"0x0"}}',
        *disk(folder, "d.img", "libvirt-2-storage", f'{shared},"id":"virtio-disk0","bootindex":1'),
        *disk(folder, "d2.img", "libvirt-1-storage", single),
        f'-device {{{balloon},"bus":"pci.5","addr":"0x0"}}',
    ]
    return domain_line(folder, "q2", iothreads, devices)


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
        sys.stderr.write(said)  # shown where the test fails
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
        r'qom-list-properties {"typename":"max-x86_64-cpu"} .*: missing': "features are no "
        "properties: libvirt 9.0 would ask for each of a CPU's, one by one, at each start",
        r"query-cpu-model-expansion .*props: order": "members that share a bucket of QEMU's table "
        "come as QEMU adds them, which the lines that are cut do not tell",
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
