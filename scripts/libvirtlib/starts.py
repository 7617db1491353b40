"""How long libvirt takes to start a domain: what `scripts/bench-libvirt` measures."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from libvirtlib.demo import what_is_missing
from libvirtlib.domains import Domain
from libvirtlib.host import Libvirt

TARGETS_S = {"with the probe": 0.5, "without": 0.25}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status (1: a target is missed, 2: no libvirt)."""
    parser = argparse.ArgumentParser(
        "scripts/bench-libvirt",
        description="How long `virsh create` takes: with libvirt's probe of the emulator, which it "
        "makes once, and without.",
    )
    parser.add_argument("--runs", type=int, default=5, help="how often (5)")
    parser.add_argument("--machine", default="q35", help="the domain's machine (q35)")
    parser.add_argument("--emulator", type=Path, help="another emulator, a real QEMU")
    options = parser.parse_args(arguments)
    program = options.emulator or Path(sys.executable).with_name("qmp-iothreadd")
    missing = what_is_missing(program)
    if missing:
        print(f"error: {missing}", file=sys.stderr)
        return 2
    found = measure(program, options.machine, options.runs)
    met = True
    for name, times in found.items():
        median, target = statistics.median(times), TARGETS_S[name]
        met &= median <= target
        print(
            f"{name:15} {median:6.3f} s  (from {min(times):.3f} to {max(times):.3f}; "
            f"{'≤' if median <= target else 'MISSED:'} {target:g})"
        )
    return 0 if met else 1


def measure(program: Path, machine: str, runs: int) -> dict[str, list[float]]:
    """Seconds of each start, by the names of `TARGETS_S`."""
    found: dict[str, list[float]] = {name: [] for name in TARGETS_S}
    for _ in range(runs):
        libvirt = Libvirt(program)  # which has not yet seen the emulator
        try:
            for times in found.values():
                times.append(_start(libvirt, machine))
        finally:
            libvirt.clear()
            libvirt.close()
    return found


def _start(libvirt: Libvirt, machine: str) -> float:
    xml = libvirt.file("domain.xml", str(Domain(libvirt.emulator, machine=machine)))
    started = time.perf_counter()
    libvirt.virsh("create", xml)
    took = time.perf_counter() - started
    libvirt.virsh("destroy", "t1")
    return took


if __name__ == "__main__":
    sys.exit(main())
