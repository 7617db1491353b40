"""Who is still connected to other processes' sockets is read from the kernel's own table."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.testing.left_open import clients_of


def test_a_client_counts_before_the_server_accepts_it_too(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as clients:
        listener.bind(path)
        listener.listen()
        assert clients_of([path]) == []
        for _ in range(2):
            clients.enter_context(socket.socket(socket.AF_UNIX)).connect(path)
        assert clients_of([path]) == [f"2 clients still connected to {path}"]
        accepted, _ = listener.accept()
        with accepted:
            assert clients_of([path]) == [f"2 clients still connected to {path}"]


def test_a_system_without_that_table_tells_of_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, **_: Any) -> str:
        raise FileNotFoundError(self)

    monkeypatch.setattr(Path, "read_text", refuse)
    assert clients_of(["/somewhere"]) == []
