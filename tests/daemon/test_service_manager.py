"""Readiness, told to the service manager."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from qmp_iothreadd.daemon.service_manager import notify_ready


@pytest.mark.parametrize("abstract", [False, True])
def test_readiness_is_told_where_it_is_asked_for(tmp_path: Path, abstract: bool) -> None:
    address = f"@qmp-iothreadd-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address.replace("@", "\0", 1))
        notify_ready(address)
        assert manager.recv(100) == b"READY=1"


def test_a_service_manager_that_is_not_there_is_no_reason_to_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notify_ready(str(tmp_path / "nobody"))
    assert capsys.readouterr().err == (
        "cannot notify the service manager: [Errno 2] No such file or directory\n"
    )
