"""Every test gives back what it took: threads, descriptors, child processes, native objects."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.children import children, kept_by_the_session

pytest_plugins = ["pytester"]

# How long an example takes to make or to run says how busy the machine is, not what the code does.
settings.register_profile("any pace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any pace")

_GRACE_S = 2.0
_RETRY_S = 0.02

# Opened once by what tests import, and kept: Python's random source, an event loop's library.
_KEPT = ("/dev/urandom", "/dev/null")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--emulator", help="test libvirt (tests/integration/libvirt) with this QEMU")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "keeps_resources(reason): threads or descriptors may outlive this test"
    )


def pytest_sessionstart() -> None:
    # The first loop of its kind opens a pipe for signals, which the library keeps for ever.
    import uvloop

    uvloop.new_event_loop().close()


@pytest.fixture
def extended_schema(tmp_path: Path) -> Callable[..., str]:
    """Copy the daemon's schema: ``extended_schema("{ 'command': ...", members="'*x': 'int'")``.

    ``text`` is added at the end, ``members`` to those of an iothread; ``replace`` says what stands
    where in any of the files, and then all comments are gone. Returns the top file.
    """
    from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path

    def copy(text: str = "", members: str = "", replace: Mapping[str, str] | None = None) -> str:
        folder = tmp_path / "schema"
        shutil.copytree(Path(packaged_schema_path()).parent, folder)
        if members:
            file = folder / "qom.json"
            before = "'data': { '*poll-max-ns': 'int',"
            source = file.read_text()
            assert source.count(before) == 1
            file.write_text(source.replace(before, f"{before} {members},"))
        top = folder / "qapi-schema.json"
        pragma = "{ 'pragma': { 'doc-required': true } }"
        source = top.read_text()
        assert source.count(pragma) == 1
        top.write_text(f"{source.replace(pragma, '')}\n{text}\n")
        if replace:
            _replace_in(folder, replace)
        return str(top)

    return copy


def _replace_in(folder: Path, replace: Mapping[str, str]) -> None:
    """Replace what stands once in the files of a schema, with their comments gone."""
    sources = {
        file: re.sub(r"(?m)^ *#.*\n", "", file.read_text()) for file in folder.glob("*.json")
    }
    for old, new in replace.items():
        (file,) = (file for file, source in sources.items() if old in source)
        assert sources[file].count(old) == 1, f"{file} has several of {old!r}"
        sources[file] = sources[file].replace(old, new)
    for file, source in sources.items():
        file.write_text(source)


def _threads() -> set[str]:
    return {f"thread {task}" for task in os.listdir("/proc/self/task")}


def _descriptors() -> set[str]:
    found = set()
    kept = {str(fd) for _, fd in kept_by_the_session()}
    for number in set(os.listdir("/proc/self/fd")) - kept:
        with contextlib.suppress(OSError):  # the one that lists the folder
            target = os.readlink(f"/proc/self/fd/{number}")
            if target not in _KEPT:
                found.add(f"descriptor {number} ({target})")
    return found


def _native_objects() -> set[str]:
    engine = sys.modules.get("qmp_iothreadd.iothread._engine")
    if engine is None:
        return set()
    counters: dict[str, int] = engine.live_counters()
    return {f"{count} {name}" for name, count in counters.items() if count}


def held_resources() -> set[str]:
    """What this process holds, in words."""
    processes = {f"child process {pid}" for pid in children()}
    return _threads() | _descriptors() | processes | _native_objects()


@pytest.fixture(autouse=True)
def _nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test that leaves something behind."""
    before = held_resources()
    yield
    if request.node.get_closest_marker("keeps_resources"):
        return
    left = held_resources() - before
    deadline = time.monotonic() + _GRACE_S
    while left and time.monotonic() < deadline:
        gc.collect()
        time.sleep(_RETRY_S)
        left = held_resources() - before
    assert not left, f"left behind: {', '.join(sorted(left))}"
