"""Memory that is backed by a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.machine.objects import memory_files
from qmp_iothreadd.testing import MemoryClient

PAGE = 4096
FILE = "memory-backend-file"


def test_a_file_is_made_and_stays(
    client: MemoryClient, add: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "ram"
    add(FILE, size=2 * PAGE, mem_path=str(path), offset=PAGE)
    client.execute("object-del", {"id": "o"})
    assert path.stat().st_size == 3 * PAGE


def test_a_folder_has_a_file_without_a_name(add: Callable[..., None], tmp_path: Path) -> None:
    add(FILE, size=PAGE, mem_path=str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_what_failed_leaves_no_file(refused: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "ram"
    assert refused(FILE, size=PAGE, mem_path=str(path), offset=1).startswith("unable to map")
    assert not path.exists()


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"size": 3 * PAGE}, "backing store size 0x2000 does not match 'size' option 0x3000"),
        (
            {"size": 2**64 - 1},
            "unable to map backing store for guest RAM: Cannot allocate memory",
        ),
        (
            {"offset": 2**63},
            "unable to map backing store for guest RAM: Cannot allocate memory",
        ),
        ({"align": 3}, "alignment 0x3 must be multiples of page size 0x1000"),
        ({"align": 3 * PAGE}, "alignment 0x3000 must be a power of two"),
        ({"rom": "on"}, "property 'rom' = 'on' is not supported with 'readonly' = 'off'"),
        (
            {"rom": "off", "readonly": True, "share": True},
            "property 'rom' = 'off' is incompatible with 'readonly' = 'on' and 'share' = 'on'",
        ),
        (
            {"mem_path": "/dev/null"},
            "unable to map backing store for guest RAM: No such device",
        ),
        (
            {"mem_path": "/nope/x"},
            "can't open backing store /nope/x for guest RAM: No such file or directory",
        ),
        (
            {"mem_path": "/", "readonly": True},
            "can't open backing store / for guest RAM: Is a directory",
        ),
    ],
)
def test_files_that_cannot_be_memory_are_refused(
    refused: Callable[..., str], tmp_path: Path, properties: dict[str, Any], said: str
) -> None:
    path = tmp_path / "ram"
    path.write_bytes(bytes(2 * PAGE))
    assert refused(FILE, **{"size": PAGE, "mem_path": str(path), **properties}) == said


def test_what_is_there_does_not_change(
    add: Callable[..., None],
    get: Callable[..., Any],
    put: Callable[..., str | None],
    tmp_path: Path,
) -> None:
    add(FILE, size=PAGE, mem_path=str(tmp_path / "ram"))
    assert get("rom") == "off"
    assert put("mem-path", "x") == "cannot change property 'mem-path' of memory-backend-file"
    assert put("readonly", True) == "cannot change property 'readonly' of memory-backend-file."
    assert put("size", 5) == "cannot change property size of memory-backend-file "
    assert put("discard-data", True) is None


def test_an_anonymous_file_has_the_size_that_was_given(refused: Callable[..., str]) -> None:
    said = "backing store size 0x1388 does not match 'size' option 0x2000"
    assert refused("memory-backend-memfd", size=5000) == said
    said = "Property 'memory-backend-memfd.hugetlbsize' doesn't take value '0'"
    assert refused("memory-backend-memfd", size=PAGE, hugetlbsize=0) == said


def test_what_the_kernel_says_of_an_anonymous_file_is_said(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = refused("memory-backend-memfd", size=1 << 21, hugetlb=True, hugetlbsize=4096)
    assert said.startswith("failed to create memfd with flags 0x30000007: ")
    assert refused("memory-backend-memfd", size=2**63).startswith("failed to resize memfd to ")
    assert refused("memory-backend-shm", size=2**63).startswith("failed to resize POSIX shared")
    monkeypatch.setattr(memory_files, "_SHM", "/nope")
    said = "failed to create POSIX shared memory: No such file or directory"
    assert refused("memory-backend-shm", size=PAGE) == said


def test_the_size_of_huge_pages_is_fixed(
    add: Callable[..., None], put: Callable[..., str | None]
) -> None:
    add("memory-backend-memfd", size=PAGE)
    assert put("hugetlbsize", 4096) == "cannot change property value"
    assert put("size", 5) == "cannot change property size of memory-backend-memfd "


def test_a_file_that_is_only_read_is_not_made(refused: Callable[..., str]) -> None:
    said = "can't open backing store /nope for guest RAM: No such file or directory"
    assert refused(FILE, size=PAGE, mem_path="/nope", readonly=True) == said


def test_content_that_may_be_lost_is_let_go(
    client: MemoryClient, add: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "ram"
    path.write_bytes(b"x" * PAGE)
    add(FILE, size=PAGE, mem_path=str(path), share=True, discard_data=True)
    client.execute("object-del", {"id": "o"})
    assert path.stat().st_size == PAGE


def test_shared_memory_is_shared(refused: Callable[..., str]) -> None:
    said = "can't create shm backend with `share=off`"
    assert refused("memory-backend-shm", size=PAGE, share=False) == said
