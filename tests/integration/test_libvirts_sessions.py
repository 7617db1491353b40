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
from collections.abc import Callable, Iterator
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
        *("-msg", "timestamp=on", "--guest", "absent"),
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


def make_image(path: Path, size: int = 8 << 20) -> None:
    """A file of zeros that takes no room."""
    with open(path, "wb") as file:
        file.truncate(size)


def disk(folder: Path, image: str, node: str, device: str) -> list[str]:
    """An image of 8 MiB, its node, and the device on it; ``device``: what else it is given."""
    make_image(folder / image)
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
    make_image(folder / "d2.img")
    for overlay in ("d.s1", "d2.s1"):
        make_image(folder / overlay, 0)
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
    assert re.fullmatch(r"(\S+ )?\S+: terminating on signal 15 from pid .*\n", said), said
    assert process.returncode == 0


def play(client: Client, folder: Path, session: list[Exchange]) -> Iterator[str]:
    """Send what was sent. Yields how the answers differ, one line each."""
    for number, exchange in enumerate(session, 1):
        if isinstance(exchange.request.get("arguments"), CutDict):
            continue
        label = json.dumps(exchange.request.get("arguments", {}), separators=(",", ":"))
        label = f"{exchange.command} {label[:80]} #{number}"
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

_FEATURES = "features are no properties: libvirt 9.0 would ask for each, one by one, at each start"
_EVERY_DOMAIN = {
    r"query-(cpus-fast|iothreads) .*\.return\.\[.*\]\.thread-id: value": "the kernel's numbers",
    r"qom-list-get .*\.properties\.\[.*\]: missing": _FEATURES,
}
_FIRMWARE = "QEMU's firmware reads a sector, with a driver that has no write cache"
_SNAPSHOT = "there is no qcow2: a snapshot is refused before anything is changed"
_STATE = "there is no guest whose state could be kept: libvirt is told so by blocked-reasons"

MASKS: dict[str, dict[str, str]] = {
    "probe": {
        r"query-version .*\.return\.package: value": "the distribution's name",
        r"qom-list-types .*\.return\.\[.*\]: missing": "what there is not is not listed",
        r"qom-list-types .*\.return: order": "the order of a table that has more",
        r"device-list-properties .*: refused, Device": "a model that is not there is not found",
        r'qom-list-properties {"typename":"max-x86_64-cpu"} .*: missing': _FEATURES,
        r"query-cpu-model-expansion .*props: order": "members that share a bucket of QEMU's table "
        "come as QEMU adds them, which the lines that are cut do not tell",
    },
    "first domain": _EVERY_DOMAIN
    | {
        r"query-blockstats .*\.(rd_total_time_ns|rd_bytes|rd_operations): value": _FIRMWARE,
        r"query-blockstats .*\.idle_time_ns: missing": _FIRMWARE,
        r"query-block .*\.cache\.writeback: value False": _FIRMWARE,
        r"blockdev-del .*libvirt-4-format.* event \.\[RESET\]: missing": "the firmware resets",
        r"(system_reset|query-block) .* event .*: (extra|missing)": "QEMU lets go of the device "
        "some time after the reset; here that is part of it",
        r"blockdev-create .*: refused, Driver does not support blockdev-create": _SNAPSHOT,
        r"blockdev-create .* event": _SNAPSHOT,
        r"query-jobs .*: missing": _SNAPSHOT,
        r"job-dismiss ": _SNAPSHOT,
        r"blockdev-add .*: refused, Image is not in qcow2 format": _SNAPSHOT,
        r"transaction .*: refused": _SNAPSHOT,
        r"blockdev-del .*libvirt-4-format.*: refused": _SNAPSHOT,
        r"query-block .* #61 .*\.(children|node-name|drv|file|backing_file)\b": _SNAPSHOT,
        r"query-block .* #61 .*\.image\.": _SNAPSHOT,
        r"query-migrate .*: (missing|extra)": _STATE,
        r"migrate .*: refused, the emulated machine has no guest": _STATE,
        r"migrate .* event": _STATE,
        r"migrate-set-parameters .* event \.\[SHUTDOWN\]: missing": "SIGTERM comes later",
    },
    "second domain": _EVERY_DOMAIN
    | {
        r"qom-list .*balloon0.*\.return\.\[.*\[0\]\]: missing": "there are no regions of memory",
        r"qom-list .*balloon0.*\.return: order": "the order of a table that has more",
        r"dump-guest-memory .*: refused": _STATE,
        r"query-dump .*: (value|missing)": _STATE,
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


def differing(folder: Path, name: str, line: list[str], file: str, monitor: str) -> list[str]:
    """What the first session of a recording has to say that no mask explains."""
    with started(folder, *line, monitor=monitor) as client:
        return unexplained(name, list(play(client, folder, sessions(file)[0])))


def test_the_probe(folder: Path) -> None:
    line = PROBE.split()
    assert differing(folder, "probe", line, "disk-q35-12.8.txt", "qmp.monitor") == []


@pytest.mark.parametrize(
    ("name", "line", "file", "number"),
    [
        ("first domain", first_domain, "domain-12.8.txt", 1),
        ("second domain", second_domain, "disk-2-12.8.txt", 2),
    ],
)
def test_a_domain_with_disks(
    folder: Path, name: str, line: Callable[[Path], list[str]], file: str, number: int
) -> None:
    monitor = f"qroot/lib/qemu/domain-1-q{number}/monitor.sock"
    assert differing(folder, name, line(folder), file, monitor) == []
