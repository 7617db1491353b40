"""systemd-vmspawn, another program that starts QEMU and talks to it.

Its command line, its configuration file, the socket that it hands over and its exchange are those
of systemd 262, as it was recorded with QEMU 11.1.3.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qmp_iothreadd.testing.client import Client

PORTS = 12
GUID = "12345678-9abc-def0-1234-56789abcdef0"


def config(qmp_fd: int) -> str:
    """The file that vmspawn writes."""
    groups: list[tuple[str, dict[str, str]]] = [
        ("machine", {"type": "q35", "cxl": "on", "hpet": "off"}),
        ("smp-opts", {"cpus": "1"}),
        ("memory", {"size": "2048M"}),
        ('object "rng0"', {"qom-type": "rng-random", "filename": "/dev/urandom"}),
        ('device "rng-device0"', {"driver": "virtio-rng-pci", "rng": "rng0"}),
        ('device "balloon0"', {"driver": "virtio-balloon", "free-page-reporting": "on"}),
        ('device "vmgenid0"', {"driver": "vmgenid", "guid": GUID}),
        ("accel", {"accel": "tcg"}),
        ('chardev "qmp"', {"backend": "socket", "fd": str(qmp_fd)}),
        ('mon "qmp"', {"chardev": "qmp", "mode": "control"}),
    ]
    for number in range(PORTS):
        slot, function = divmod(number, 8)
        port = {
            "driver": "pcie-root-port",
            "chassis": str(number + 1),
            "slot": str(number + 1),
            "addr": f"0x{0x10 + slot:x}.{function:x}",
        }
        if function == 0:
            port["multifunction"] = "on"
        groups.append((f'device "vmspawn-pcieport-{number}"', port))
    lines = ["# a guest"]
    for name, values in groups:
        lines += [f"[{name}]", *(f'  {key} = "{value}"' for key, value in values.items()), ""]
    return "\n".join(lines)


@contextmanager
def started(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Client]]:
    """The daemon as vmspawn starts it, and vmspawn's end of the socket pair."""
    ours, theirs = socket.socketpair()
    file, credential = folder / "vmspawn.conf", folder / "credential"
    credential.write_text("io.systemd.credential:a=b")
    with theirs:
        file.write_text(config(theirs.fileno()))
        arguments = "-S -no-user-config -nic none -cpu max,hv_relaxed,hv-vapic,hv-time"
        smbios = ("-smbios", f"type=11,path={credential}") * 2
        more = ("-nographic", "-nodefaults", *smbios, "-readconfig", str(file))
        process = subprocess.Popen(
            [sys.executable, "-m", "qmp_iothreadd", "--check-replies", *arguments.split(), *more],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
        )
    try:
        with Client(ours) as client:
            yield process, client
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def request(command: str, number: int, **arguments: Any) -> dict[str, Any]:
    given = {name.replace("_", "-"): value for name, value in arguments.items()}
    return {"execute": command, "arguments": given, "id": number}


def probe(client: Client) -> None:
    """What it asks before it has read the greeting."""
    client.send({"execute": "qmp_capabilities", "id": 1})
    node = {"node_name": "vmspawn-io-uring-probe", "driver": "file", "filename": "/dev/null"}
    client.send(request("blockdev-add", 2, **node, read_only=True, aio="io_uring"))
    client.send({"execute": "query-qmp-schema", "id": 3})
    assert "QMP" in client.receive()
    assert client.receive() == {"return": {}, "id": 1}
    text = "'file' driver requires '/dev/null' to be a regular file"
    assert client.receive() == {"id": 2, "error": {"class": "GenericError", "desc": text}}
    schema = client.receive()["return"]
    assert any(
        member.get("name") == "discard-no-unref"
        for each in schema
        for member in each.get("members", ())
    )


def give_image(client: Client, image: Path) -> None:
    """Hand over the image as a descriptor, and plug it in."""
    with image.open("r+b") as file:
        adding = b'{"execute":"add-fd","arguments":{"fdset-id":0},"id":4}'
        socket.send_fds(client.socket, [adding], [file.fileno()])
    cache = {"direct": False, "no-flush": False}
    file_node = {"node_name": "vmspawn-0-file-0", "driver": "file", "filename": "/dev/fdset/0"}
    client.send(request("blockdev-add", 5, **file_node, cache=cache))
    raw_node = {"node_name": "vmspawn-0-storage", "driver": "raw", "file": "vmspawn-0-file-0"}
    client.send(request("blockdev-add", 6, **raw_node, discard="unmap"))
    client.send(request("remove-fd", 7, fdset_id=0))
    disk = {"driver": "virtio-blk-pci", "drive": "vmspawn-0-storage", "id": "vmspawn-0-disk"}
    place = {"bootindex": 1, "serial": "d.raw", "bus": "vmspawn-pcieport-0"}
    client.send(request("device_add", 8, **disk, **place))
    client.send({"execute": "cont", "id": 9})
    added = client.receive()
    assert added["id"] == 4
    assert added["return"]["fdset-id"] == 0
    for number in range(5, 9):
        assert client.receive() == {"return": {}, "id": number}
    assert client.receive()["event"] == "RESUME"
    assert client.receive() == {"return": {}, "id": 9}


def test_vmspawn_starts_a_guest_and_ends_it(tmp_path: Path) -> None:
    image = tmp_path / "d.raw"
    image.write_bytes(bytes(1 << 20))
    with started(tmp_path) as (process, client):
        probe(client)
        give_image(client, image)
        [disk] = client.execute("query-block")
        assert disk["inserted"]["node-name"] == "vmspawn-0-storage"
        assert disk["qdev"] == "/machine/peripheral/vmspawn-0-disk/virtio-backend"
        # The set stays while a node uses it, though its descriptors were removed.
        assert client.execute("query-fdsets") == [{"fdset-id": 0, "fds": []}]
        listed = client.execute("qom-list", {"path": "/machine/peripheral"})
        children = {each["name"]: each["type"] for each in listed if each["name"] != "type"}
        ports = {f"vmspawn-pcieport-{number}": "child<pcie-root-port>" for number in range(PORTS)}
        assert children == {
            "rng-device0": "child<virtio-rng-pci>",
            "balloon0": "child<virtio-balloon-pci>",
            "vmgenid0": "child<vmgenid>",
            "vmspawn-0-disk": "child<virtio-blk-pci>",
            **ports,
        }
        assert client.execute("query-vm-generation-id") == {"guid": GUID}
        line = {"command-line": "info vm-generation-id"}
        assert client.execute("human-monitor-command", line) == f"{GUID}\r\n"
        assert client.execute("query-memory-size-summary")["base-memory"] == 2 << 30
        get = {"path": "/machine", "property": "type"}
        assert client.execute("qom-get", get) == "pc-q35-11.1-machine"
        process.send_signal(signal.SIGTERM)
        assert client.receive()["data"] == {"guest": False, "reason": "host-signal"}
        assert process.wait(timeout=15) == 0
        assert os.path.getsize(image) == 1 << 20
