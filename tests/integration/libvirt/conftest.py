"""One session daemon of libvirt's for all tests of a process, and domains that each ends.

``--emulator PATH`` puts another emulator (a real QEMU) in the daemon's place.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from libvirtlib.domains import Domain
from libvirtlib.host import PATH, Libvirt, can_run

from tests.waiting import wait_until

_PROGRAMS = ("virsh", "libvirtd")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "ours(why): a real QEMU (--emulator) does otherwise")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--emulator") is None:
        return
    for item in items:
        for mark in item.iter_markers("ours"):
            item.add_marker(pytest.mark.skip(reason=f"not so in QEMU: {mark.args[0]}"))


@pytest.fixture(scope="session")
def emulator(request: pytest.FixtureRequest) -> Path:
    """The program that domains name, if libvirt is here and an ordinary user can run it."""
    for name in _PROGRAMS:
        if shutil.which(name, path=PATH) is None:
            pytest.skip(f"{name} is not installed")
    named = request.config.getoption("--emulator")
    program = Path(named or Path(sys.executable).with_name("qmp-iothreadd"))
    if not can_run(program):
        why = "an ordinary user cannot run" if os.getuid() == 0 else "does not run"
        pytest.skip(f"{why} {program} with an empty environment")
    return program


@pytest.fixture
def is_ours(request: pytest.FixtureRequest) -> bool:
    """Whether the emulator is the daemon, and no real QEMU."""
    return request.config.getoption("--emulator") is None


@pytest.fixture(scope="session")
def session_libvirt(emulator: Path) -> Iterator[Libvirt]:
    libvirt = Libvirt(emulator)
    try:
        yield libvirt
    finally:
        libvirt.clear()
        libvirt.close()


@pytest.fixture
def libvirt(session_libvirt: Libvirt) -> Iterator[Libvirt]:
    """libvirt without a domain; what the test leaves running is ended."""
    yield session_libvirt
    session_libvirt.clear()
    wait_until(lambda: not session_libvirt.emulators())


@pytest.fixture
def domain(libvirt: Libvirt) -> Callable[..., Domain]:
    """Start a domain: ``domain(machine="pc", devices=...)``."""

    def create(**parts: object) -> Domain:
        made = Domain(libvirt.emulator, **parts)  # type: ignore[arg-type]
        libvirt.create(str(made))
        return made

    return create


@pytest.fixture
def t1(domain: Callable[..., Domain]) -> str:
    """The name of a running domain that has two iothreads and nothing else."""
    return domain().name
