"""System calls by number."""

from __future__ import annotations

import mmap
import os

import pytest

from qmp_iothreadd.machine.objects import linux


def test_a_call_that_fails_says_why() -> None:
    with pytest.raises(OSError, match=r"[Kk]ey|denied|implemented|permitted"):
        linux.call("keyctl", linux.KEYCTL_READ, -1, None, 0, 0)


def test_a_machine_without_the_call_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "_NUMBERS", {"keyctl": {}})
    with pytest.raises(OSError, match="Function not implemented"):
        linux.call("keyctl", linux.KEYCTL_READ, 1, None, 0, 0)


def test_a_call_says_what_the_kernel_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {"x86_64": 39, "aarch64": 172, "riscv64": 172, "ppc64le": 20, "s390x": 20}
    monkeypatch.setattr(linux, "_NUMBERS", {"getpid": numbers})
    assert linux.call("getpid") == os.getpid()


def test_a_mapping_takes_advice_that_the_kernel_knows() -> None:
    mapping = linux.Mapping(
        mmap.PAGESIZE, linux.PROT_READ | linux.PROT_WRITE, linux.MAP_PRIVATE | linux.MAP_ANONYMOUS
    )
    mapping.advise(linux.MADV_DONTDUMP)
    with pytest.raises(OSError, match="Invalid argument"):
        mapping.advise(-1)
    mapping.close()


def test_a_mapping_that_cannot_be_had() -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        linux.Mapping(0, linux.PROT_READ, linux.MAP_PRIVATE | linux.MAP_ANONYMOUS)
