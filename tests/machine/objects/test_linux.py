"""System calls by number."""

from __future__ import annotations

import pytest

from qmp_iothreadd.machine.objects import linux


def test_a_call_that_fails_says_why() -> None:
    with pytest.raises(OSError, match=r"[Kk]ey|denied|implemented|permitted"):
        linux.call("keyctl", linux.KEYCTL_READ, -1, None, 0, 0)


def test_a_machine_without_the_call_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "_NUMBERS", {"keyctl": {}})
    with pytest.raises(OSError, match="Function not implemented"):
        linux.call("keyctl", linux.KEYCTL_READ, 1, None, 0, 0)
