"""A domain, five commands of virsh's, a disk under load: what `scripts/libvirt-demo` shows."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from libvirtlib.host import PATH, Libvirt, RefusedError, can_run

# In the order in which the README has them.
BEFORE = (
    "create demo.xml",
    "iothreadinfo demo",
    "iothreadadd demo 3",
    "iothreadpin demo 3 0",
    "domblkstat demo vda --human",
)
TUNE = "iothreadset demo 1 --poll-max-ns {ns}"
AFTER = ("domblkstat demo vda --human", "destroy demo")
WINDOWS_NS = (0, 200_000)
_DESCRIPTION = Path(__file__).with_name("demo.xml")
_IMAGE_BYTES = 64 << 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Show it; returns the exit status (1: something does not work, 2: something is not there)."""
    parser = argparse.ArgumentParser(
        "scripts/libvirt-demo", description="A libvirt domain whose disk is under load."
    )
    parser.add_argument("--seconds", type=float, default=2.0, help="measure this long, twice (2)")
    seconds = parser.parse_args(arguments).seconds
    program = Path(sys.executable).with_name("qmp-iothreadd")
    missing = what_is_missing(program)
    if missing:
        print(f"error: {missing}", file=sys.stderr)
        return 2
    libvirt = Libvirt(program)
    try:
        show(libvirt, seconds)
    except RefusedError as refused:
        print(refused, file=sys.stderr)
        return 1
    finally:
        libvirt.clear()
        libvirt.close()
    return 0


def what_is_missing(program: Path) -> str:
    """Why it cannot be shown here, and what helps; nothing if it can."""
    for name in ("virsh", "libvirtd"):
        if shutil.which(name, path=PATH) is None:
            return (
                f"{name} is not installed; on Debian: apt-get install --no-install-recommends "
                "libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients"
            )
    if not can_run(program):
        who = "nobody, as whom root would run domains," if os.getuid() == 0 else "libvirt"
        return f"{who} cannot run {program}: clone where all can read, for /usr/bin/python3"
    return ""


def show(libvirt: Libvirt, seconds: float) -> None:
    """Run the commands, as if they were typed, and measure with each longest polling time."""
    image = libvirt.file("disk.img", _IMAGE_BYTES)
    description = _DESCRIPTION.read_text()
    for word, path in {"EMULATOR": libvirt.emulator, "IMAGE": image}.items():
        description = description.replace(word, str(path))
    libvirt.file("demo.xml", description)
    for command in BEFORE:
        _type(libvirt, command)
    for window in WINDOWS_NS:
        _type(libvirt, TUNE.format(ns=window))
        print(_measured(libvirt, seconds), end="\n\n")
    for command in AFTER:
        _type(libvirt, command)


def _type(libvirt: Libvirt, command: str) -> None:
    print(f"$ virsh {command}")
    said = libvirt.run("virsh", "-c", libvirt.uri, *command.split())
    print(f"{said}\n" if said else "", flush=True)


def _measured(libvirt: Libvirt, seconds: float) -> str:
    """What the disk and its iothread do for a while, in words."""
    before, started = _counts(libvirt), time.monotonic()
    time.sleep(seconds)
    after, passed = _counts(libvirt), time.monotonic() - started
    requests, events, polled, cpu_ns = (new - old for new, old in zip(after, before, strict=True))
    return (
        f"    {requests / passed:,.0f} requests per second; {polled / max(events, 1):.0%} of "
        f"events found by polling; {cpu_ns / passed / 1e9:.0%} of a CPU"
    )


def _counts(libvirt: Libvirt) -> tuple[int, int, int, int]:
    """Requests of the disk; events, events found by polling and CPU time of its iothread."""
    disk = libvirt.statistics("demo", "--block")
    (thread,) = libvirt.qmp("demo", "x-query-iothread-stats", id="iothread1")
    requests = int(disk["block.0.rd.reqs"]) + int(disk["block.0.wr.reqs"])
    return requests, thread["events"], thread["polled-events"], thread["cpu-ns"]


if __name__ == "__main__":
    sys.exit(main())
