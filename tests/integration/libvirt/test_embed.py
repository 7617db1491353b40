"""virsh with libvirt's driver inside of it: no daemon of libvirt's, a folder of one's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from libvirtlib.domains import Domain
from libvirtlib.host import Host

from tests.waiting import wait_until


@pytest.fixture
def host(emulator: Path) -> Iterator[Host]:
    host = Host(emulator)
    yield host
    try:
        wait_until(lambda: not host.processes())
    finally:
        host.remove()


def virsh(host: Host, *commands: str) -> str:
    uri = f"qemu:///embed?root={host.folder}/embedded"
    return host.run("virsh", "-c", uri, "; ".join(commands), reaped=True)


def test_a_domain_lives_in_one_virsh(host: Host) -> None:
    host.file("t1.xml", str(Domain(host.emulator)))
    said = virsh(
        host,
        "create t1.xml",
        "iothreadadd t1 5",
        "iothreadset t1 5 --poll-max-ns 4000",
        "domstats t1 --iothread",
        "iothreaddel t1 5",
        "iothreadinfo t1",
        "destroy t1",
        "list --all",
    )
    assert "Domain 't1' created from t1.xml" in said
    assert "iothread.5.poll-max-ns=4000" in said
    assert "Domain 't1' destroyed" in said
    assert " t1 " not in said.partition("destroyed")[2]


def test_a_domain_outlives_the_virsh_that_made_it(host: Host) -> None:
    host.file("t1.xml", str(Domain(host.emulator)))
    virsh(host, "create t1.xml")
    # A virsh that has just begun may ask before it has found the domain.
    wait_until(lambda: "running" in virsh(host, "list"))
    request = json.dumps({"execute": "query-status"})
    said = virsh(host, "list", f"qemu-monitor-command t1 '{request}'", "destroy t1")
    assert '"running":true' in said.replace(" ", "")
    assert "Domain 't1' destroyed" in said
